/**
 * The planned move of a connection to its backup. From the moment at which it is offered to the director nothing may
 * happen on it here, because the backup goes on from exactly there: whatever comes is held. It is forgotten when the
 * director has moved the flow, and done in its order when it has not.
 */

/** What the move asks of its connection. */
export interface HandoverHost {
  /** Nothing is under way, and nothing is known here that the backup would not know. */
  isMovable(): boolean;
  /** Commits. May throw, as everything that happens on a connection may. */
  commitBoundary(): void;
  /** Tells the director, behind everything else. Returns false where there is no backup. */
  offer(): boolean;
  withdraw(): void;
  failed(error: unknown): void;
}

export class Handover {
  readonly #host: HandoverHost;
  #wanted = false;
  #offered = false;
  #held: (() => void)[] = [];

  constructor(host: HandoverHost) {
    this.#host = host;
  }

  /** The connection is to move as soon as it can. */
  want(): void {
    this.#wanted = true;
    this.offerSoon();
  }

  /** Whether the director decides about it. */
  get offered(): boolean {
    return this.#offered;
  }

  /** At a boundary, behind what the protocol library does after a reply: it may end the connection. */
  offerSoon(): void {
    if (this.#due) setImmediate(() => this.#offerAtBoundary());
  }

  /** Now, behind a commit that the backup can go on from: nothing happens any more until the director has decided. */
  offer(): void {
    if (this.#due) this.#offered = this.#host.offer();
  }

  /** Keeps `action` for later while the connection is offered. Returns whether it does. */
  holds(action: () => void): boolean {
    if (this.#offered) this.#held.push(action);
    return this.#offered;
  }

  /** The connection stays for now; what was held is done. It moves later if it is still `wanted`. */
  stay(wanted: boolean): void {
    if (!this.#offered) return;
    this.#host.withdraw();
    this.#wanted = wanted;
    this.#offered = false;
    const held = this.#held;
    this.#held = [];
    for (const action of held) action();
  }

  /** The connection has ended here. */
  end(): void {
    this.#wanted = false;
    this.#offered = false;
    this.#held = [];
  }

  get #due(): boolean {
    return this.#wanted && !this.#offered;
  }

  #offerAtBoundary(): void {
    if (!this.#due || !this.#host.isMovable()) return;
    try {
      this.#host.commitBoundary();
      this.offer();
    } catch (error) {
      this.#host.failed(error);
    }
  }
}
