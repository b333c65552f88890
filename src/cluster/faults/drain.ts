/** The primary is told to end, as in a deploy: it gives its flows away first. */
import type { Fault } from '../../contracts/fault.js';
import { isStopSignal } from '../external/stop-signals.js';
import { notDrained } from './verify.js';

/** Flows move behind the reply under way, or at its next checkpoint. */
const USUAL_DRAIN_MS = 500;

export const drain: Fault = {
  id: 'drain',
  title: 'Planned end',
  question:
    'what do clients notice when the primary is told to end (SIGTERM), gives its connections away and ends?',
  noticed: 'handover',
  victims: ({ primary }) => [primary],
  durationMs: () => USUAL_DRAIN_MS,
  outcome: () => ({ connections: 'kept', service: 'continues', reason: null }),
  async inject(target) {
    target.signal(target.primary, 'SIGTERM');
    await target.untilEnded(target.primary);
  },
  verify(evidence) {
    const { fates, primary } = evidence;
    const ended = fates[primary]?.endedBy ?? null;
    return [
      ...(ended === null || isStopSignal(ended) ? [] : [`the primary did not end by itself: ${ended}`]),
      ...notDrained(evidence, primary, 'the primary'),
    ];
  },
};
