/** Primary and backup die at once: more than replication to one backup can survive. */
import type { Fault } from '../../contracts/fault.js';
import { notDetected, notKilled } from './verify.js';

/** Fewer replicas than this are all dead then. */
const MIN_REPLICAS_TO_SERVE = 3;

export const double: Fault = {
  id: 'double',
  title: 'Primary and backup at once',
  question: 'are clients told at once, and truly, when the primary and its backup die together (SIGKILL)?',
  victims: ({ primary, backup }) => [primary, backup],
  durationMs: () => 0,
  outcome: (replicas) =>
    replicas < MIN_REPLICAS_TO_SERVE
      ? { connections: 'reset', service: 'ends', reason: 'primary and backup died, and no replica is left' }
      : {
          connections: 'reset',
          service: 'continues',
          reason: 'primary and backup died, and no other replica had the state of these connections',
        },
  async inject(target) {
    target.signal(target.primary, 'SIGKILL');
    target.signal(target.backup, 'SIGKILL');
  },
  verify: (evidence) =>
    (['primary', 'backup'] as const).flatMap((role) => [
      ...notKilled(evidence, evidence[role], role),
      ...notDetected(evidence, evidence[role], role),
    ]),
};
