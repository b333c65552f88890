/**
 * Replicas that are to end while they live: no new flow goes to them, and their flows move when they offer them. One that
 * has none left is told so, and ends.
 */
import { ControlType } from '../../net/control-records.js';
import type { DirectorFlow, Upstream } from './flow.js';

/**
 * As long as nginx and HAProxy wait in common configurations is minutes; here a flow that stays is taken over as after a
 * crash, so that nothing is won by waiting longer than requests take.
 */
export const DEFAULT_DRAIN_LIMIT_MS = 10_000;
const NO_BODY = Buffer.alloc(0);

interface LeavingReplica extends Upstream {
  /** That it serves, parked ones included. */
  readonly flows: ReadonlySet<DirectorFlow>;
}

interface Drain {
  readonly replica: LeavingReplica;
  /** Ends the wait for flows that do not move. */
  readonly limit: NodeJS.Timeout;
  /** It has been told that no flow is left. */
  released: boolean;
}

export class Drains {
  readonly #limitMs: number;
  readonly #drains = new Map<number, Drain>();

  /** @param limitMs after which flows that are left are taken over as after a crash */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Whether the replica of this index is to end. */
  leaving(index: number): boolean {
    return this.#drains.has(index);
  }

  begin(replica: LeavingReplica): void {
    const limit = setTimeout(() => replica.trunk.fence('drain-timeout'), this.#limitMs);
    this.#drains.set(replica.index, { replica, limit, released: false });
  }

  /** Releases the replicas that have no flow left. */
  releaseEmpty(): void {
    for (const drain of this.#drains.values()) {
      if (drain.released || drain.replica.flows.size > 0) continue;
      drain.released = true;
      drain.replica.trunk.sendControl(0, ControlType.handoff, NO_BODY);
    }
  }

  /** The process is gone. Returns whether it had been released: then nothing has failed. */
  ended(index: number): boolean {
    const drain = this.#drains.get(index);
    clearTimeout(drain?.limit);
    this.#drains.delete(index);
    return drain?.released === true;
  }

  stop(): void {
    for (const { limit } of this.#drains.values()) clearTimeout(limit);
  }
}
