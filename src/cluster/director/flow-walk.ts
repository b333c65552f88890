/**
 * Looks at all flows, some per turn of the event loop, because each that something is done about makes its owner seal and
 * send state, while traffic goes on.
 */
import type { DirectorFlow } from './flow.js';

/** About 1 ms of work for their owner. */
const FLOWS_PER_TURN = 64;

export class FlowWalk {
  readonly #attend: (flow: DirectorFlow) => boolean;
  readonly #done: () => void;
  #waiting: Iterator<DirectorFlow> | undefined;
  #scheduled: NodeJS.Immediate | undefined;

  /**
   * @param attend does what is to be done about a flow, and returns whether there was something
   * @param done called when all flows have been looked at
   */
  constructor(attend: (flow: DirectorFlow) => boolean, done: () => void = () => {}) {
    this.#attend = attend;
    this.#done = done;
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
      this.#attendSome();
      if (this.#waiting !== undefined) this.#schedule();
    });
  }

  #attendSome(): void {
    for (let left = FLOWS_PER_TURN; left > 0; left--) {
      if (this.#attendNext()) continue;
      this.#waiting = undefined;
      this.#done();
      return;
    }
  }

  /** Returns false when there is nothing left. */
  #attendNext(): boolean {
    for (let next = this.#waiting?.next(); next?.done === false; next = this.#waiting?.next()) {
      if (this.#attend(next.value)) return true;
    }
    return false;
  }
}
