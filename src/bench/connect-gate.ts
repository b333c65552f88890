/**
 * Handshakes of one load client, so many at a time. Clients of a fleet have processors of their own; those of a load client
 * share one, and thousands that began at one moment would all be done at the very end, if their servers wait that long.
 */

/** Gives a place back; more than once does no harm. */
export type Leave = () => void;

interface Waiting {
  readonly enter: () => void;
  left: boolean;
}

export class ConnectGate {
  readonly #places: number;
  readonly #waiting = new Set<Waiting>();
  #taken = 0;

  /** @param places >= 1 */
  constructor(places: number) {
    this.#places = places;
  }

  /**
   * Calls `enter` when there is a place, at once if there is one now, and else in the order of the calls.
   *
   * @returns what gives the place back, or ends the wait for one
   */
  pass(enter: () => void): Leave {
    const waiting: Waiting = { enter, left: false };
    this.#waiting.add(waiting);
    this.#admit();
    return () => this.#leave(waiting);
  }

  #leave(waiting: Waiting): void {
    if (waiting.left) return;
    waiting.left = true;
    if (!this.#waiting.delete(waiting)) this.#taken -= 1;
    this.#admit();
  }

  #admit(): void {
    for (const waiting of this.#waiting) {
      if (this.#taken >= this.#places) return;
      this.#waiting.delete(waiting);
      this.#taken += 1;
      waiting.enter();
    }
  }
}
