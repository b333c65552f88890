/** The primary dies without a word. */
import type { Fault } from '../../contracts/fault.js';
import { notDetected, notKilled } from './verify.js';

export const kill: Fault = {
  id: 'kill',
  title: 'Kill',
  question: 'what do clients notice when the primary dies without a word (SIGKILL)?',
  victims: ({ primary }) => [primary],
  // The end of its connections shows the failure: no heartbeat has to be missed.
  durationMs: () => 0,
  outcome: () => ({ connections: 'kept', service: 'continues', reason: null }),
  async inject(target) {
    target.signal(target.primary, 'SIGKILL');
  },
  verify: (evidence) => [
    ...notKilled(evidence, evidence.primary, 'primary'),
    ...notDetected(evidence, evidence.primary, 'primary'),
  ],
};
