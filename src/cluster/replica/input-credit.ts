/** Credit for what a client sends: it goes back to the director when the application has taken what records held. */
import type { Outbox } from './outbox.js';

/** Credit goes back to the director in steps of half its window. */
const CREDIT_STEP_BYTES = 128 * 1024;

export class InputCredit {
  readonly #outbox: Pick<Outbox, 'credit'>;
  #owedBytes: number;
  /** The application has not taken what it was given last. */
  #blocked = false;

  /** @param owedBytes for which the director was not given credit yet */
  constructor(outbox: Pick<Outbox, 'credit'>, owedBytes: number) {
    this.#outbox = outbox;
    this.#owedBytes = owedBytes;
  }

  /** A record of so many bytes came. */
  received(bytes: number): void {
    this.#owedBytes += bytes;
  }

  set blocked(blocked: boolean) {
    this.#blocked = blocked;
  }

  /** Gives back what is owed, once that is worth a record. */
  giveBack(): void {
    if (this.#blocked || this.#owedBytes < CREDIT_STEP_BYTES) return;
    this.#outbox.credit(this.#owedBytes);
    this.#owedBytes = 0;
  }
}
