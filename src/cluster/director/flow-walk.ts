/**
 * Looks at all flows, some per turn of the event loop, because each that something is done about makes its owner seal and
 * send state, while traffic goes on.
 */
import type { DirectorFlow } from './flow.js';

/** About 1 ms of work for their owner. */
const FLOWS_PER_TURN = 64;

export interface FlowWalkHost {
  /**
   * Between two turns, at least. 0: for traffic that is there already, and no more; above it what clients wait for has most
   * of the time, at each end.
   */
  readonly pauseMs: number;
  /** Does what is to be done about a flow, and returns whether there was something. */
  attend(flow: DirectorFlow): boolean;
  /** Called at the end of each turn. */
  turnEnded?(): void;
  /** Called when all flows have been looked at. */
  done(): void;
}

export class FlowWalk {
  readonly #host: FlowWalkHost;
  #waiting: Iterator<DirectorFlow> | undefined;
  /** Calls the next turn off. */
  #cancelTurn: (() => void) | undefined;

  constructor(host: FlowWalkHost) {
    this.#host = host;
  }

  /** Looks at all `flows` from now on, which may change meanwhile. What was left of an earlier call is part of it. */
  restart(flows: Iterator<DirectorFlow>): void {
    this.#waiting = flows;
    if (this.#cancelTurn === undefined) this.#schedule(0);
  }

  /** Whether flows are still to be looked at. */
  get pending(): boolean {
    return this.#waiting !== undefined;
  }

  stop(): void {
    this.#waiting = undefined;
    this.#cancelTurn?.();
  }

  #schedule(pauseMs: number): void {
    const takeTurn = (): void => this.#takeTurn();
    if (pauseMs === 0) {
      const immediate = setImmediate(takeTurn);
      this.#cancelTurn = () => clearImmediate(immediate);
    } else {
      const timeout = setTimeout(takeTurn, pauseMs);
      this.#cancelTurn = () => clearTimeout(timeout);
    }
  }

  #takeTurn(): void {
    this.#cancelTurn = undefined;
    this.#attendSome();
    this.#host.turnEnded?.();
    if (this.#waiting === undefined) this.#host.done();
    else this.#schedule(this.#host.pauseMs);
  }

  #attendSome(): void {
    for (let left = FLOWS_PER_TURN; left > 0; left--) {
      if (this.#attendNext()) continue;
      this.#waiting = undefined;
      return;
    }
  }

  /** Returns false when there is nothing left. */
  #attendNext(): boolean {
    for (let next = this.#waiting?.next(); next?.done === false; next = this.#waiting?.next()) {
      if (this.#host.attend(next.value)) return true;
    }
    return false;
  }
}
