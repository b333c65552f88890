/** Wakes many connections at their times with a single alarm. */
import type { Clock } from '../base/clock.js';
import { type Alarm, type CreateAlarm, createTimeoutAlarm } from './alarm.js';

interface Entry {
  readonly dueMs: number;
  readonly connection: number;
}

/** A binary min-heap of due times: the alarm is set for the earliest. Never early; how late depends on the alarm. */
export class LoadTimer {
  readonly #clock: Clock;
  readonly #onDue: (connection: number) => void;
  readonly #heap: Entry[] = [];
  readonly #alarm: Alarm;
  #armedForMs = Number.POSITIVE_INFINITY;

  /** @param onDue called with the connection of each entry whose time has come; may schedule again */
  constructor(
    clock: Clock,
    onDue: (connection: number) => void,
    createAlarm: CreateAlarm = createTimeoutAlarm,
  ) {
    this.#clock = clock;
    this.#onDue = onDue;
    this.#alarm = createAlarm(clock, this.#fire);
  }

  schedule(connection: number, dueMs: number): void {
    this.#insert({ dueMs, connection });
    if (dueMs < this.#armedForMs) this.#arm(dueMs);
  }

  /** Forgets everything. */
  clear(): void {
    this.#alarm.clear();
    this.#heap.length = 0;
    this.#armedForMs = Number.POSITIVE_INFINITY;
  }

  #arm(dueMs: number): void {
    this.#armedForMs = dueMs;
    this.#alarm.set(dueMs);
  }

  readonly #fire = (): void => {
    // Armed again only at the end: what is scheduled meanwhile is in the heap.
    this.#armedForMs = Number.NEGATIVE_INFINITY;
    for (
      let first = this.#heap[0];
      first !== undefined && first.dueMs <= this.#clock();
      first = this.#heap[0]
    ) {
      this.#removeFirst();
      this.#onDue(first.connection);
    }
    const next = this.#heap[0];
    if (next === undefined) this.#armedForMs = Number.POSITIVE_INFINITY;
    else this.#arm(next.dueMs);
  };

  #insert(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = heap[parentAt];
      if (parent === undefined || parent.dueMs <= entry.dueMs) break;
      heap[at] = parent;
      at = parentAt;
    }
    heap[at] = entry;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const entry = heap.pop();
    if (entry === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      const childAt = this.#earlierChild(2 * at + 1);
      const child = heap[childAt];
      if (child === undefined || child.dueMs >= entry.dueMs) break;
      heap[at] = child;
      at = childAt;
    }
    heap[at] = entry;
  }

  /** Of the siblings at `leftAt` and the place after it, the one that is due first. */
  #earlierChild(leftAt: number): number {
    const left = this.#heap[leftAt];
    const right = this.#heap[leftAt + 1];
    return left !== undefined && right !== undefined && right.dueMs < left.dueMs ? leftAt + 1 : leftAt;
  }
}
