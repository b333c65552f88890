/** A replica as the director counts it. */
import type { DirectorFlow, Upstream } from './flow.js';

export interface ReplicaStatus extends Pick<Upstream, 'index' | 'incarnation'> {
  readonly alive: boolean;
  /** Flows that it serves, parked ones not included. */
  readonly serves: number;
  /** Flows whose state it is to have: it is their backup, or they are parked there. */
  readonly keeps: number;
}

/** @param flows of all replicas */
export function statusOf(
  replica: Upstream,
  flows: Iterable<Pick<DirectorFlow, 'owner' | 'parked' | 'backup'>>,
): ReplicaStatus {
  const { index, incarnation, alive } = replica;
  let serves = 0;
  let keeps = 0;
  for (const { owner, parked, backup } of flows) {
    if (alive && owner === replica && !parked) serves += 1;
    if (backup === index || (owner === replica && parked)) keeps += 1;
  }
  return { index, incarnation, alive, serves, keeps };
}
