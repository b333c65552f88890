/**
 * Handshakes in turns: a replica begins some of them in each turn of its event loop. Thousands of ClientHellos that arrive at
 * one moment, as after a fault, would else keep it from everything else until the last one is answered: from connections
 * that it serves already, and from its heartbeats.
 */

/** With a key of ECDSA P-256 some 10 ms of work, with RSA-4096 some 100: a heartbeat interval at most. */
const BEGUN_PER_TURN = 16;

export class HandshakeTurns {
  /** Oldest first. */
  #waiting: (() => void)[] = [];
  #begun = 0;
  #scheduled = false;

  /** Calls `begin` at once, or in a later turn, in the order of the calls. */
  readonly queue = (begin: () => void): void => {
    this.#schedule();
    // Where some wait, those of this turn have begun: nobody gets ahead of them.
    if (this.#begun >= BEGUN_PER_TURN) {
      this.#waiting.push(begin);
      return;
    }
    this.#begun += 1;
    begin();
  };

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#beginNext());
  }

  #beginNext(): void {
    const next = this.#waiting.slice(0, BEGUN_PER_TURN);
    this.#waiting = this.#waiting.slice(BEGUN_PER_TURN);
    this.#begun = next.length;
    this.#scheduled = false;
    if (next.length > 0) this.#schedule();
    for (const begin of next) begin();
  }
}
