/** Quantiles of a sample that fits in memory. */

export interface Quantiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
  readonly count: number;
}

/**
 * The quantile `q` of an ascending sample by linear interpolation between order statistics: type 7 of R. J. Hyndman and
 * Y. Fan, "Sample Quantiles in Statistical Packages", The American Statistician 50(4), 1996; the default of R and NumPy.
 *
 * @param sorted ascending, at least one value
 * @param q in [0, 1]
 * @throws RangeError for an empty sample or a `q` outside [0, 1]
 */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`quantile: q is ${q}, allowed is 0 to 1`);
  const position = (sorted.length - 1) * q;
  const index = Math.floor(position);
  const low = sorted[index];
  if (low === undefined) throw new RangeError('quantile: the sample is empty, at least one value is needed');
  const high = sorted[index + 1] ?? low;
  return low + (position - index) * (high - low);
}

/** Median, tail and size of an ascending sample; null when it is empty. */
export function summarizeQuantiles(sorted: ArrayLike<number>): Quantiles | null {
  const max = sorted[sorted.length - 1];
  if (max === undefined) return null;
  return {
    p50: quantile(sorted, 0.5),
    p90: quantile(sorted, 0.9),
    p99: quantile(sorted, 0.99),
    max,
    count: sorted.length,
  };
}

/** A sorted copy. `Float64Array` sorts by value and without a comparison function. */
export function ascending(values: Iterable<number>): Float64Array {
  return Float64Array.from(values).sort();
}
