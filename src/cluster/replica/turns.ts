/**
 * Work in turns: so much of it is begun in each turn of the event loop. Thousands of pieces that arrive at one moment, as
 * after a fault, would else keep a replica from everything else until the last one is done: from connections that it serves
 * already, from its heartbeats, and from sending what the first ones have made.
 */

export interface TurnsOptions {
  /** How much is begun in a turn. */
  readonly perTurn: number;
  /** Called when something begins to wait, before each turn of what waits, and a turn after the last of it was begun. */
  readonly backlog?: (waiting: boolean) => void;
}

export class Turns {
  readonly #perTurn: number;
  readonly #backlog: (waiting: boolean) => void;
  /** Oldest first. */
  #waiting: (() => void)[] = [];
  #begun = 0;
  #scheduled = false;
  #backlogged = false;

  constructor({ perTurn, backlog = () => {} }: TurnsOptions) {
    this.#perTurn = perTurn;
    this.#backlog = backlog;
  }

  /** Calls `begin` at once, or in a later turn, in the order of the calls. */
  readonly queue = (begin: () => void): void => {
    this.#schedule();
    // Where some wait, those of this turn have begun: nobody gets ahead of them.
    if (this.#begun >= this.#perTurn) {
      this.#waiting.push(begin);
      this.#tell(true);
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
    const next = this.#waiting.slice(0, this.#perTurn);
    this.#waiting = this.#waiting.slice(this.#perTurn);
    this.#begun = next.length;
    this.#scheduled = false;
    if (next.length === 0) {
      this.#tell(false);
      return;
    }
    this.#schedule();
    this.#backlog(true);
    for (const begin of next) begin();
  }

  #tell(waiting: boolean): void {
    if (waiting === this.#backlogged) return;
    this.#backlogged = waiting;
    this.#backlog(waiting);
  }
}
