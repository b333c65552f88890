/** Hands things on at their times, in the order in which they came. */

/** `setTimeout` counts in ms: what is due within half of one is due. */
const TIMER_SLACK_MS = 0.5;

export class DelayLine<T> {
  readonly #deliver: (item: T) => void;
  readonly #queue: { readonly dueMs: number; readonly item: T }[] = [];
  /** Items before it are gone: removing each one would move all others. */
  #head = 0;
  #timer: NodeJS.Timeout | undefined;
  #paused = false;

  constructor(deliver: (item: T) => void) {
    this.#deliver = deliver;
  }

  /** @param dueMs as `performance.now()` counts; not before that of the item before */
  push(dueMs: number, item: T): void {
    this.#queue.push({ dueMs, item });
    this.#arm();
  }

  /** Hands nothing on until {@link resume}. */
  pause(): void {
    this.#paused = true;
    this.#disarm();
  }

  resume(): void {
    this.#paused = false;
    this.#arm();
  }

  clear(): void {
    this.#disarm();
    this.#queue.length = 0;
    this.#head = 0;
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(): void {
    const next = this.#queue[this.#head];
    if (this.#timer !== undefined || next === undefined || this.#paused) return;
    // A fraction would be cut off, and the timer fire early.
    this.#timer = setTimeout(
      () => this.#release(),
      Math.ceil(next.dueMs - performance.now() - TIMER_SLACK_MS),
    );
  }

  #release(): void {
    this.#timer = undefined;
    const untilMs = performance.now() + TIMER_SLACK_MS;
    for (
      let next = this.#queue[this.#head];
      next !== undefined && next.dueMs <= untilMs && !this.#paused;
      next = this.#queue[this.#head]
    ) {
      this.#head += 1;
      this.#deliver(next.item);
    }
    this.#forgetDelivered();
    this.#arm();
  }

  /** Moves what is left when half of the queue is gone: each item is moved once on average. */
  #forgetDelivered(): void {
    if (this.#head * 2 < this.#queue.length) return;
    this.#queue.splice(0, this.#head);
    this.#head = 0;
  }
}
