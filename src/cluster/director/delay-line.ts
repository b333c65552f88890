/** Delays things by a fixed time and keeps their order: half a round trip of a link. */

export class DelayLine<T> {
  readonly #delayMs: number;
  readonly #deliver: (item: T) => void;
  readonly #queue: { readonly dueMs: number; readonly item: T }[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param delayMs > 0 */
  constructor(delayMs: number, deliver: (item: T) => void) {
    this.#delayMs = delayMs;
    this.#deliver = deliver;
  }

  push(item: T): void {
    this.#queue.push({ dueMs: performance.now() + this.#delayMs, item });
    this.#arm();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#queue.length = 0;
  }

  #arm(): void {
    const next = this.#queue[0];
    if (this.#timer !== undefined || next === undefined) return;
    this.#timer = setTimeout(() => this.#release(), Math.max(0, next.dueMs - performance.now()));
  }

  #release(): void {
    this.#timer = undefined;
    // A timer may fire up to 1 ms early.
    const nowMs = performance.now() + 1;
    while (this.#queue[0] !== undefined && this.#queue[0].dueMs <= nowMs) {
      const entry = this.#queue.shift();
      if (entry !== undefined) this.#deliver(entry.item);
    }
    this.#arm();
  }
}
