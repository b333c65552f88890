/** The goodput of a soak: verified replies per second, from the first fault to the last one, against those before. */
import type { RequestColumns } from '../../contracts/load.js';
import type { Goodput } from '../../contracts/soak.js';

/** In it the processes of the cluster get as fast as they will be; they are warmed up before, but not by this load. */
const SETTLING_MS = 1000;
/** Some thousand replies of a load that does not saturate the machine. */
const BEFORE_MS = 2000;
/** Of the load, until the first of the faults that come every so many ms. */
export const FIRST_FAULT_MS = SETTLING_MS + BEFORE_MS;

const MS_PER_S = 1000;

export class GoodputAccount {
  readonly #countedFromMs: number;
  #faults = 0;
  #firstFaultMs = Number.NaN;
  #lastFaultMs = Number.NaN;
  #repliesBefore = 0;
  /** From the first fault to the last one: whole intervals. */
  #replies = 0;
  #repliesSinceLast = 0;

  /** @param loadStartMs on the clock of the replies */
  constructor(loadStartMs: number) {
    this.#countedFromMs = loadStartMs + SETTLING_MS;
  }

  /** @param requests that have come to their end since the call before, around the fault at `faultMs` */
  add({ outcome, repliedMs }: RequestColumns, faultMs: number): void {
    let before = 0;
    let after = 0;
    outcome.forEach((each, row) => {
      const atMs = repliedMs[row] ?? Number.NaN;
      if (each !== 'ok' || atMs < this.#countedFromMs) return;
      if (atMs < faultMs) before += 1;
      else after += 1;
    });
    if (this.#faults === 0) {
      this.#firstFaultMs = faultMs;
      this.#repliesBefore = before;
    } else this.#replies += this.#repliesSinceLast + before;
    this.#repliesSinceLast = after;
    this.#lastFaultMs = faultMs;
    this.#faults += 1;
  }

  /** Null as long as there is no whole interval, or nothing to compare with. */
  goodput(): Goodput | null {
    const beforeMs = this.#firstFaultMs - this.#countedFromMs;
    const faultsMs = this.#lastFaultMs - this.#firstFaultMs;
    if (!(beforeMs > 0 && faultsMs > 0) || this.#repliesBefore === 0) return null;
    const beforePerSecond = (this.#repliesBefore / beforeMs) * MS_PER_S;
    const perSecond = (this.#replies / faultsMs) * MS_PER_S;
    return {
      intervals: this.#faults - 1,
      meanIntervalMs: faultsMs / (this.#faults - 1),
      beforePerSecond,
      perSecond,
      share: perSecond / beforePerSecond,
    };
  }
}
