/** The primary dies, and is started again after a while: what a supervisor does. */
import type { Fault } from '../../contracts/fault.js';
import { notBack, notDetected } from './verify.js';

/** As a supervisor waits; drawn, so that it beats no time. */
const MIN_PAUSE_MS = 50;
const PAUSE_SPAN_MS = 100;
/** A process starts in about 100 ms, on a busy machine in more. */
const USUAL_START_MS = 800;

export const restart: Fault = {
  id: 'restart',
  title: 'Kill and restart',
  question: 'what do clients notice when the primary dies (SIGKILL) and comes back as a new process?',
  victims: ({ primary }) => [primary],
  durationMs: (detectionMs) => detectionMs + MIN_PAUSE_MS + PAUSE_SPAN_MS + USUAL_START_MS,
  outcome: () => ({ connections: 'kept', service: 'continues', reason: null }),
  async inject(target) {
    target.signal(target.primary, 'SIGKILL');
    await target.untilEnded(target.primary);
    await target.untilDetected(target.primary);
    await target.sleep(MIN_PAUSE_MS + PAUSE_SPAN_MS * target.uniform());
    await target.restart(target.primary);
  },
  verify(evidence) {
    const { exits, primary } = evidence;
    const exit = exits.find(({ replica }) => replica === primary);
    return [
      ...(exit?.signal === 'SIGKILL' ? [] : ['the primary was not killed']),
      ...notDetected(evidence, primary, 'primary'),
      ...notBack(evidence, primary, 'the primary'),
    ];
  },
};
