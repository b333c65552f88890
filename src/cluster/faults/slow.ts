/** The primary gets a tenth of its time: it is slow, and not dead enough to be replaced. */
import type { Fault, FaultEvidence } from '../../contracts/fault.js';
import { notAlive } from './verify.js';

/** Short against the default detection of 2 s, long against the ms by which timers are late. */
const PERIOD_MS = 100;
const STOPPED_MS = 90;
const PERIODS = 10;
/** Of its time: less is not slow. Timers of a busy machine are late, in both parts of a period. */
const MIN_STOPPED_SHARE = 0.7;

export const slow: Fault = {
  id: 'slow',
  title: 'Slow primary',
  question:
    'what do clients wait for when the primary gets a tenth of its processor time (SIGSTOP and SIGCONT in turn) for a second?',
  noticed: 'nothing',
  victims: ({ primary }) => [primary],
  durationMs: () => PERIOD_MS * PERIODS,
  outcome: () => ({ connections: 'untouched', service: 'continues', reason: null }),
  async inject(target) {
    for (let period = 0; period < PERIODS; period++) {
      target.signal(target.primary, 'SIGSTOP');
      await target.sleep(STOPPED_MS);
      target.signal(target.primary, 'SIGCONT');
      if (period < PERIODS - 1) await target.sleep(PERIOD_MS - STOPPED_MS);
    }
  },
  verify: (evidence) => [
    ...notSlow(evidence),
    ...declaredFailed(evidence),
    ...notAlive(evidence, evidence.primary, 'the primary'),
  ],
};

function notSlow({ events }: FaultEvidence): string[] {
  const [first] = events;
  const last = events.at(-1);
  if (first === undefined || last === undefined || events.length !== 2 * PERIODS) {
    return ['the primary was not stopped and woken up in turn'];
  }
  let stoppedMs = 0;
  for (let at = 0; at < events.length; at += 2) {
    const [stop, wake] = [events[at], events[at + 1]];
    // A process that is not given the processor does not take the signal: it is as slow, but not by this.
    const stopped = wake?.stateBefore === 'stopped' || wake?.stateBefore === 'unknown';
    if (stop !== undefined && stopped) stoppedMs += wake.atMs - stop.atMs;
  }
  const share = stoppedMs / (last.atMs - first.atMs);
  if (share >= MIN_STOPPED_SHARE) return [];
  return [
    `the primary was stopped for ${Math.round(share * 100)} % of the time only: the machine is too busy`,
  ];
}

/** With shorter heartbeats a slow primary is a dead one: that is another question. */
function declaredFailed({ failures, primary }: FaultEvidence): string[] {
  const failure = failures.find(({ replica }) => replica === primary);
  if (failure === undefined) return [];
  return [
    `the director declared the slow primary failed (${failure.cause}): ask for more or longer heartbeats, or for the fault hang`,
  ];
}
