/** Traces that more than one fault must leave. Each function says what is missing; nothing when it is there. */
import type { FaultEvidence } from '../../contracts/fault.js';

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
