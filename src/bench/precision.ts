/** Running until the result is as sharp as was asked for. */
import type { Comparison, TrialSpec } from '../contracts/results.js';
import { MIN_PAIRS_FOR_INTERVAL } from '../stats/bootstrap.js';
import type { RunOptions } from './run-options.js';

/**
 * Whether a run can end before the trial `next`: it begins a block that the precision asked for does not take. Only whole
 * blocks are compared.
 *
 * @param previous the trial before; undefined for the first
 * @param comparisons of the trials so far; asked for only where they decide
 */
export function isEnough(
  next: TrialSpec,
  previous: TrialSpec | undefined,
  { precision, trials }: Pick<RunOptions, 'precision' | 'trials'>,
  comparisons: () => readonly Comparison[],
): boolean {
  if (precision === undefined || next.block < trials || next.block === previous?.block) return false;
  return isPrecise(comparisons(), precision.share);
}

/**
 * Whether the interval of each recovery ratio is narrow enough: a factor of at most 1 + `precision` between the ratio and
 * either bound, in the geometric middle. Looks at widths only: stopping when a *result* looks good would make it so.
 *
 * @param precision share, for example 0.1
 */
export function isPrecise(comparisons: readonly Comparison[], precision: number): boolean {
  const recoveries = comparisons.filter(({ metric }) => metric === 'recoveryTimeMs');
  return (
    recoveries.length > 0 &&
    recoveries.every(
      ({ low, high, pairs }) => pairs >= MIN_PAIRS_FOR_INTERVAL && Math.sqrt(high / low) <= 1 + precision,
    )
  );
}
