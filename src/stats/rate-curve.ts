/** A curve of amounts (counts of events, or CPU time) in bins of equal width around an instant (time 0), averaged over several trials. */

export interface BinnedAmounts {
  readonly binMs: number;
  /** Bin i covers (firstBin + i) * binMs up to (firstBin + i + 1) * binMs. */
  readonly firstBin: number;
  readonly amounts: readonly number[];
}

export interface RateCurve {
  readonly binMs: number;
  readonly firstBin: number;
  /** Mean amount per second of each bin. */
  readonly perSecond: readonly number[];
}

/** Eleven days of 10 ms bins on either side of the fault: a bin beyond it is a mistake, not a measurement. */
const MAX_BIN_DISTANCE = 1e8;

/** Most bins kept: nearly three hours of 10 ms bins, in at most 16 MB. */
const MAX_BINS = 1e6;

/** Adds the curves of trials up, bin by bin; each bin is averaged over the trials that cover it. */
export class MeanRateCurve {
  #binMs: number | undefined;
  readonly #sums = new Map<number, number>();
  readonly #trials = new Map<number, number>();

  /**
   * @param endBin first bin that the trial does not cover any more; amounts beyond it are left out, and bins that the
   *   trial has no amount for up to there are 0.
   * @throws RangeError when the width differs from that of the earlier trials, or a bin is out of range
   */
  add(binned: BinnedAmounts, endBin: number): void {
    this.#checkWidth(binned.binMs);
    checkRange(binned.firstBin, endBin);
    for (let bin = binned.firstBin; bin < endBin; bin++) {
      this.#addBin(bin, binned.amounts[bin - binned.firstBin] ?? 0, 1);
    }
  }

  /** Adds all trials of another curve. */
  merge(other: MeanRateCurve): void {
    if (other.#binMs === undefined) return;
    this.#checkWidth(other.#binMs);
    for (const [bin, sum] of other.#sums) this.#addBin(bin, sum, other.#trials.get(bin) ?? 0);
  }

  /** The mean curve; null without a trial. */
  curve(): RateCurve | null {
    if (this.#binMs === undefined || this.#sums.size === 0) return null;
    const [firstBin, lastBin] = this.#extent();
    const perSecond: number[] = [];
    for (let bin = firstBin; bin <= lastBin; bin++) perSecond.push(this.#meanPerSecond(bin, this.#binMs));
    return { binMs: this.#binMs, firstBin, perSecond };
  }

  #addBin(bin: number, sum: number, trials: number): void {
    this.#sums.set(bin, (this.#sums.get(bin) ?? 0) + sum);
    this.#trials.set(bin, (this.#trials.get(bin) ?? 0) + trials);
  }

  #checkWidth(binMs: number): void {
    this.#binMs ??= binMs;
    if (binMs !== this.#binMs) {
      throw new RangeError(`curve: bins are ${binMs} ms wide, those of the earlier trials ${this.#binMs} ms`);
    }
  }

  #extent(): [first: number, last: number] {
    let first = Infinity;
    let last = -Infinity;
    for (const bin of this.#sums.keys()) {
      if (bin < first) first = bin;
      if (bin > last) last = bin;
    }
    if (last - first >= MAX_BINS)
      throw new RangeError(`curve: bins from ${first} to ${last}, at most ${MAX_BINS} are kept`);
    return [first, last];
  }

  #meanPerSecond(bin: number, binMs: number): number {
    const trials = this.#trials.get(bin) ?? 0;
    return trials === 0 ? 0 : ((this.#sums.get(bin) ?? 0) / trials) * (1000 / binMs);
  }
}

function checkRange(firstBin: number, endBin: number): void {
  if (
    Math.abs(firstBin) > MAX_BIN_DISTANCE ||
    Math.abs(endBin) > MAX_BIN_DISTANCE ||
    endBin - firstBin > MAX_BINS
  ) {
    throw new RangeError(`curve: bins from ${firstBin} to ${endBin}, at most ${MAX_BINS} are kept`);
  }
}
