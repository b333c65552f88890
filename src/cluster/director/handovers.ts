/** Which flows moved while their owner lived, and for how long each of them stood still. */
import type { HandoverRow } from '../messages.js';

/** A director that runs by hand for days must not remember every move of every flow. */
const MAX_ROWS = 200_000;

interface Waiting {
  readonly row: HandoverRow;
  /** Since when somebody waits for the new owner; undefined while nobody does. */
  sinceMs: number | undefined;
}

export class Handovers {
  #rows: HandoverRow[] = [];
  /** Flows of which the new owner has said nothing yet. */
  readonly #waiting = new Map<number, Waiting>();

  /** In the order in which they moved. */
  rows(): HandoverRow[] {
    return this.#rows.map((row) => ({ ...row }));
  }

  /** What is under way is remembered. */
  forget(): void {
    this.#rows = [];
  }

  /** @param idle nobody waits for anything on the flow */
  handedOver(flowId: number, from: number, idle: boolean, atMs: number): void {
    if (this.#rows.length >= MAX_ROWS) return;
    const row = { flowId, from, atMs, frozenMs: null, resumedMs: null };
    this.#rows.push(row);
    this.#waiting.set(flowId, { row, sinceMs: idle ? undefined : atMs });
  }

  /** The client has spoken. */
  asked(flowId: number, atMs: number): void {
    const waiting = this.#waiting.get(flowId);
    if (waiting !== undefined) waiting.sinceMs ??= atMs;
  }

  /** The first byte of the new owner. */
  resumed(flowId: number, atMs: number): void {
    const waiting = this.#waiting.get(flowId);
    if (waiting === undefined) return;
    if (waiting.sinceMs !== undefined) waiting.row.frozenMs = atMs - waiting.sinceMs;
    waiting.row.resumedMs = atMs;
    this.#waiting.delete(flowId);
  }

  ended(flowId: number): void {
    this.#waiting.delete(flowId);
  }
}
