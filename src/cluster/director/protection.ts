/**
 * Gives flows that have lost their backup another one when a replica has come back: some per turn of the event loop,
 * because each of them makes its owner seal and send state, while traffic goes on.
 */
import type { DirectorFlow } from './flow.js';

/** About 1 ms of work for their owner. */
const FLOWS_PER_TURN = 64;

export class Protection {
  readonly #backupFor: (flow: DirectorFlow) => number | undefined;
  #waiting: Iterator<DirectorFlow> | undefined;
  #scheduled: NodeJS.Immediate | undefined;

  /** @param backupFor the replica that a flow's state is to go to; undefined when there is none for it */
  constructor(backupFor: (flow: DirectorFlow) => number | undefined) {
    this.#backupFor = backupFor;
  }

  /** Looks at all `flows` from now on, which may change meanwhile. What was left of an earlier call is part of it. */
  restart(flows: Iterator<DirectorFlow>): void {
    this.#waiting = flows;
    this.#schedule();
  }

  /** Whether flows are still to be looked at. */
  get pending(): boolean {
    return this.#waiting !== undefined;
  }

  stop(): void {
    this.#waiting = undefined;
    clearImmediate(this.#scheduled);
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.#protectSome();
      if (this.#waiting !== undefined) this.#schedule();
    });
  }

  #protectSome(): void {
    for (let left = FLOWS_PER_TURN; left > 0; left--) {
      const flow = this.#nextUnprotected();
      if (flow === undefined) {
        this.#waiting = undefined;
        return;
      }
      const backup = this.#backupFor(flow);
      if (backup !== undefined) flow.protect(backup);
    }
  }

  #nextUnprotected(): DirectorFlow | undefined {
    for (let next = this.#waiting?.next(); next?.done === false; next = this.#waiting?.next()) {
      if (next.value.backup === undefined) return next.value;
    }
    return undefined;
  }
}
