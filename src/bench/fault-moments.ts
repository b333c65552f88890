/** When what a fault did happened, over the trials of a cell. */
import type { CellSeries } from '../contracts/report.js';
import type { Measurements } from '../contracts/results.js';
import { median } from '../stats/average.js';

interface Moment {
  readonly action: string;
  readonly replica: number | null;
  readonly ms: number[];
}

/** Enough for a fault in which each of 16 replicas is stopped and woken up; files may hold any number. */
const MAX_MOMENTS = 32;

/** Actions are told apart by their place in the script, what they are and which replica they strike. */
export class FaultMoments {
  readonly #moments = new Map<string, Moment>();

  add(events: Measurements['faultEvents']): void {
    const firstMs = events[0]?.atMs ?? 0;
    for (const [index, { action, replica, atMs }] of events.slice(0, MAX_MOMENTS).entries()) {
      this.#momentOf(index, action, replica)?.ms.push(atMs - firstMs);
    }
  }

  /** In the order of their medians, ms after the first action. */
  medians(): CellSeries['faultEvents'] {
    return [...this.#moments.values()]
      .map(({ action, replica, ms }) => ({ action, replica, ms: median(ms) ?? 0 }))
      .sort((a, b) => a.ms - b.ms);
  }

  #momentOf(index: number, action: string, replica: number | null): Moment | undefined {
    const key = JSON.stringify([index, action, replica]);
    const known = this.#moments.get(key);
    if (known !== undefined || this.#moments.size >= MAX_MOMENTS) return known;
    const moment = { action, replica, ms: [] };
    this.#moments.set(key, moment);
    return moment;
  }
}
