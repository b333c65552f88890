/** Traces that more than one fault must leave. Each function says what is missing; nothing when it is there. */

import type { FaultEvidence } from '../../contracts/fault.js';
import { isStopSignal } from '../external/stop-signals.js';

/** The process was ended by SIGKILL, and by nothing else. */
export function notKilled({ fates, events }: FaultEvidence, replica: number, role: string): string[] {
  const endedBy = fates[replica]?.endedBy ?? null;
  if (endedBy !== 'SIGKILL') return [`the ${role} was not killed: ${endedBy ?? 'it still runs'}`];
  const killed = events.find((event) => event.action === 'SIGKILL' && event.replica === replica);
  if (killed === undefined) return [`the ${role} was killed by somebody else`];
  if (killed.stateBefore === 'ended') return [`the ${role} had ended before it was killed`];
  return [];
}

/** The director declared the replica failed, after the first thing that was done to it. */
export function notDetected(
  { failures, events }: FaultEvidence,
  replica: number,
  role: string,
  cause?: string,
): string[] {
  const failure = failures.find((each) => each.replica === replica);
  if (failure === undefined) return [`the director did not see the ${role} fail`];
  const first = events.find((event) => event.replica === replica);
  if (first === undefined || failure.atMs < first.atMs) {
    return [`the director saw the ${role} fail before anything was done to it: ${failure.cause}`];
  }
  if (cause !== undefined && failure.cause !== cause) {
    return [`the director saw the ${role} fail by ${failure.cause}, not by ${cause}`];
  }
  return [];
}

/** The director released the replica after the signal, and its process ended by itself, as planned. */
export function notDrained(
  { drained, exits, events, failures }: FaultEvidence,
  replica: number,
  who: string,
): string[] {
  const told = events.find((event) => event.action === 'SIGTERM' && event.replica === replica);
  const failure = failures.find((each) => each.replica === replica);
  if (failure !== undefined) return [`${who} did not end as planned: ${failure.cause}`];
  const released = drained.find((each) => each.replica === replica);
  if (released === undefined) return [`the director did not see ${who} give its flows away`];
  if (told === undefined || released.atMs < told.atMs) return [`${who} was not told to end before it did`];
  const exit = exits.find((each) => each.replica === replica);
  // A program that does not handle the signal is ended by it, which is what it was told.
  if (exit?.code === 0 || isStopSignal(exit?.signal)) return [];
  return [`${who} did not end as planned: ${exit?.signal ?? `exit code ${exit?.code ?? 'none'}`}`];
}

/** A new process of the replica has joined, and still runs. */
export function notBack(evidence: FaultEvidence, replica: number, who: string): string[] {
  const { events, returns } = evidence;
  const started = events.find((event) => event.action === 'restart' && event.replica === replica);
  const back = returns.find((each) => each.replica === replica);
  if (started === undefined || back === undefined || back.atMs < started.atMs) {
    return [`${who} was not started again`];
  }
  return notAlive(evidence, replica, who);
}

/** The process lives, and answers. */
export function notAlive({ fates }: FaultEvidence, replica: number, who: string): string[] {
  const fate = fates[replica];
  if (fate === undefined) return [`nothing is known of ${who}`];
  if (fate.endedBy !== null) return [`${who} did not live on: ${fate.endedBy}`];
  return fate.answers && fate.state !== 'stopped' ? [] : [`${who} did not run on`];
}
