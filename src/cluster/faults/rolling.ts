/** All replicas are told to end and started again, one after the other: a deploy under load. */
import type { Fault, FaultRoles } from '../../contracts/fault.js';
import { notBack, notDrained } from './verify.js';

/** Flows move within some 100 ms; a process starts in about as long, on a busy machine in more. */
const USUAL_TURN_MS = 1200;

export const rolling: Fault = {
  id: 'rolling',
  title: 'Rolling restart',
  question:
    'what does a deploy cost: every replica in turn is told to end (SIGTERM) and started again under load?',
  noticed: 'handover',
  victims: inTurn,
  durationMs: (_, replicas) => USUAL_TURN_MS * replicas,
  outcome: () => ({ connections: 'kept', service: 'continues', reason: null }),
  async inject(target) {
    for (const replica of inTurn(target)) {
      target.signal(replica, 'SIGTERM');
      await target.untilEnded(replica);
      await target.restart(replica);
    }
  },
  verify: (evidence) =>
    inTurn(evidence).flatMap((replica) => [
      ...notDrained(evidence, replica, `replica ${replica}`),
      ...notBack(evidence, replica, `replica ${replica}`),
    ]),
};

/** From the primary on, so that its flows move first. */
function inTurn({ primary, replicas }: FaultRoles): number[] {
  return Array.from({ length: replicas }, (_, step) => (primary + step) % replicas);
}
