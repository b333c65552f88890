/** What became of the process of a replica after a fault. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster/cluster.js';
import type { ReplicaFate } from '../contracts/fault.js';
import { processState } from './process-state.js';

/** A process that was killed is gone within milliseconds. */
const EXIT_TIMEOUT_MS = 5000;

/** Asks the replica for a sign of life; one that is gone tells by its exit. */
export async function fateOf(cluster: Cluster, index: number): Promise<ReplicaFate> {
  const answers = await cluster.collectReplica(index).then(
    () => true,
    () => false,
  );
  const state = processState(cluster.replicaPids[index] ?? 0);
  if (answers) return { endedBy: null, state, answers };
  const exit = await Promise.race([
    cluster.replicaExited(index),
    sleep(EXIT_TIMEOUT_MS, undefined, { ref: false }),
  ]);
  return { endedBy: exit?.signal ?? null, state: exit === undefined ? state : 'ended', answers };
}
