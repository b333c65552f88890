/**
 * Confidence intervals of a quantile from order statistics, whatever the distribution: H. A. David and H. N. Nagaraja,
 * "Order Statistics", 3rd edition, 2003, section 7.1. The number of values below the true quantile is binomial.
 */

export interface QuantileInterval {
  readonly low: number;
  readonly high: number;
  /** Least probability that the interval covers the true quantile; at least 0.95. */
  readonly coverage: number;
}

/** Two-sided 95 %, half of the rest on each side. */
const TAIL = 0.025;
/** Far more values than any quantile of a measurement needs; it bounds the search. */
const MAX_SAMPLE = 1_000_000;

/**
 * The narrowest pair of order statistics that covers the quantile `q` with at least 95 %, 2.5 % at most on either side;
 * null when the sample is too small to have one (see {@link samplesForQuantile}).
 *
 * @param sorted ascending
 * @param q in (0, 1)
 * @throws RangeError for another `q`
 */
export function quantileInterval(sorted: ArrayLike<number>, q: number): QuantileInterval | null {
  requireInnerQuantile(q);
  const bounds = orderStatistics(sorted.length, q);
  const low = sorted[bounds.lowIndex];
  const high = sorted[bounds.highIndex];
  return low === undefined || high === undefined ? null : { low, high, coverage: bounds.coverage };
}

/**
 * Fewest values of which order statistics bound the quantile `q` on both sides with 95 %: 6 for the median, 72 for the
 * 95th percentile, 368 for the 99th.
 *
 * @throws RangeError for a `q` outside (0, 1), or so close to its ends that more than a million values are needed
 */
export function samplesForQuantile(q: number): number {
  requireInnerQuantile(q);
  // All values on one side of the quantile must be rarer than the tail.
  const count = Math.ceil(Math.log(TAIL) / Math.log(Math.max(q, 1 - q)));
  if (count > MAX_SAMPLE) throw new RangeError(`quantile interval: ${q} needs ${count} values`);
  return count;
}

function requireInnerQuantile(q: number): void {
  if (!(q > 0 && q < 1)) throw new RangeError(`quantile interval: q is ${q}, allowed is between 0 and 1`);
}

/** Indices are -1 and `count` where no order statistic is far enough out. */
function orderStatistics(
  count: number,
  q: number,
): { lowIndex: number; highIndex: number; coverage: number } {
  const found = { lowIndex: -1, highIndex: count };
  const outside = { low: 0, high: 0 };
  let atMost = 0;
  // Logarithm of P(X = index), X binomial: the coefficients of a few hundred values overflow.
  let log = count * Math.log(1 - q);
  for (let index = 0; index < count && found.highIndex === count; index++) {
    atMost += Math.exp(log);
    if (atMost <= TAIL) {
      found.lowIndex = index;
      outside.low = atMost;
    } else if (1 - atMost <= TAIL) {
      found.highIndex = index;
      outside.high = 1 - atMost;
    }
    log += Math.log((count - index) / (index + 1)) + Math.log(q / (1 - q));
  }
  return { ...found, coverage: 1 - outside.low - outside.high };
}
