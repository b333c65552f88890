/** The primary stops running, is replaced, and wakes up as if nothing had happened: the zombie. */
import type { Fault, FaultEvidence } from '../../contracts/fault.js';
import { notDetected } from './verify.js';

/** Detection by missed heartbeats, as the director calls it. */
const MISSED_HEARTBEATS = 'missed-heartbeats';
/** Between detection and waking up: long enough for busy flows to have moved, and drawn, so that it beats no time. */
const MIN_SLEEP_MS = 50;
const SLEEP_SPAN_MS = 100;
/** The director checks once per interval, and may itself be late. */
const LATE_DETECTION_FACTOR = 2;

export const hang: Fault = {
  id: 'hang',
  title: 'Hang and wake up',
  question: 'what does a primary do that hangs (SIGSTOP), is replaced, and wakes up again (SIGCONT)?',
  victims: ({ primary }) => [primary],
  durationMs: (detectionMs) => LATE_DETECTION_FACTOR * detectionMs + MIN_SLEEP_MS + SLEEP_SPAN_MS,
  outcome: () => ({ connections: 'kept', service: 'continues', reason: null }),
  async inject(target) {
    target.signal(target.primary, 'SIGSTOP');
    await target.untilDetected(target.primary);
    await target.sleep(MIN_SLEEP_MS + SLEEP_SPAN_MS * target.uniform());
    target.signal(target.primary, 'SIGCONT');
  },
  verify: (evidence) => [
    ...notStopped(evidence),
    ...notDetected(evidence, evidence.primary, 'primary', MISSED_HEARTBEATS),
    ...notAwake(evidence),
  ],
};

/** It must have been stopped when the director declared it failed, and until it was woken up. */
function notStopped({ events, failures, primary }: FaultEvidence): string[] {
  const stopped = events.find(({ action }) => action === 'SIGSTOP');
  const woken = events.find(({ action }) => action === 'SIGCONT');
  if (stopped === undefined || woken === undefined) return ['the primary was not stopped and woken up'];
  const found: string[] = [];
  if (woken.stateBefore !== 'stopped' && woken.stateBefore !== 'unknown') {
    found.push(`the primary did not hang: it was ${woken.stateBefore} before it was woken up`);
  }
  const failure = failures.find(({ replica }) => replica === primary);
  if (failure !== undefined && failure.atMs > woken.atMs) {
    found.push('the primary was woken up before the director had declared it failed');
  }
  return found;
}

function notAwake({ fates, primary }: FaultEvidence): string[] {
  const fate = fates[primary];
  if (fate === undefined) return ['nothing is known of the primary'];
  if (fate.endedBy !== null) return [`the primary did not live on: ${fate.endedBy}`];
  return fate.answers && fate.state !== 'stopped'
    ? []
    : ['the primary did not run again after it was woken up'];
}
