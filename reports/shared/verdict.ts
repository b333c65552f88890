/** What the data say about each strategy against the reference, in words that claim no more than the intervals do. */
import type { Comparison, Summary } from '../../src/contracts/results.js';
import { MIN_PAIRS_FOR_INTERVAL } from '../../src/stats/bootstrap.js';
import { comparisonOf, groupCells, strategyTitle } from './cells.js';
import { formatCount, formatNumberOf, formatRatio } from './format.js';

/** `unclear`: the interval includes 1. `too-few`: not enough pairs for an interval. */
export type Finding = 'lower' | 'higher' | 'unclear' | 'too-few';

export function findingOf({ low, high, pairs }: Comparison): Finding {
  if (pairs < MIN_PAIRS_FOR_INTERVAL) return 'too-few';
  if (high < 1) return 'lower';
  return low > 1 ? 'higher' : 'unclear';
}

/** `0.07x [0.06, 0.08]`, or `0.07x (3 pairs)` where an interval would promise too much. */
export function formatComparison(comparison: Comparison): string {
  const { ratio, low, high, pairs } = comparison;
  const factor = `${formatRatio(ratio)}x`;
  if (findingOf(comparison) === 'too-few') return `${factor} (${formatNumberOf(pairs, 'pair')})`;
  return `${factor} [${formatRatio(low)}, ${formatRatio(high)}]`;
}

/** One sentence about the whole run, then one per strategy that is compared, best first. */
export function verdict(summary: Summary): {
  readonly headline: string;
  readonly details: readonly string[];
} {
  const compared = summary.strategies
    .filter(({ id }) => id !== summary.reference)
    .map(({ id }) => ({ id, comparisons: recoveryComparisons(summary, id) }))
    .filter(({ comparisons }) => comparisons.length > 0)
    .sort((a, b) => meanLogRatio(a.comparisons) - meanLogRatio(b.comparisons));
  const sentences = compared.map(({ id, comparisons }) => describeStrategy(summary, id, comparisons));
  const [best, ...others] = sentences;
  return { headline: best ?? describeNothing(summary), details: [...others, describeCorrectness(summary)] };
}

function recoveryComparisons(summary: Summary, strategy: string): Comparison[] {
  return groupCells(summary).flatMap(
    ({ workload, fault }) => comparisonOf(summary, { strategy, workload, fault }, 'recoveryTimeMs') ?? [],
  );
}

function meanLogRatio(comparisons: readonly Comparison[]): number {
  return comparisons.reduce((sum, { ratio }) => sum + Math.log(ratio), 0) / comparisons.length;
}

/** A case is one workload with one fault. */
function describeStrategy(summary: Summary, id: string, comparisons: readonly Comparison[]): string {
  const reference = strategyTitle(summary, summary.reference);
  const claims = (['lower', 'higher', 'unclear', 'too-few'] as const).flatMap((finding) => {
    const found = comparisons.filter((comparison) => findingOf(comparison) === finding);
    return found.length === 0 ? [] : [describeFinding(finding, found, comparisons.length, reference)];
  });
  return `${strategyTitle(summary, id)}: recovery ${claims.join('; ')}.`;
}

function describeFinding(
  finding: Finding,
  found: readonly Comparison[],
  total: number,
  reference: string,
): string {
  const where = describeCases(found.length, total);
  const range = formatRange(found);
  switch (finding) {
    case 'lower':
      return `faster than ${reference} ${where} (${range} its time)`;
    case 'higher':
      return `slower than ${reference} ${where} (${range} its time)`;
    case 'unclear':
      return `not shown to differ from ${reference} ${where} (${range}, the 95 % interval includes 1)`;
    case 'too-few':
      return `without a verdict ${where} (${range}, fewer than ${MIN_PAIRS_FOR_INTERVAL} pairs of trials)`;
  }
}

function describeCases(found: number, total: number): string {
  if (total === 1) return 'in the one case';
  return found === total ? `in all ${total} cases` : `in ${found} of ${total} cases`;
}

function formatRange(comparisons: readonly Comparison[]): string {
  const ratios = comparisons.map(({ ratio }) => ratio);
  const low = formatRatio(Math.min(...ratios));
  const high = formatRatio(Math.max(...ratios));
  return low === high ? `${low}x` : `${low}x to ${high}x`;
}

function describeNothing(summary: Summary): string {
  return completedTrials(summary) === 0
    ? 'No trial completed: nothing can be concluded.'
    : 'Nothing to compare: no strategy has trials in pairs with the reference.';
}

function describeCorrectness(summary: Summary): string {
  const completed = completedTrials(summary);
  const corrupted = summary.cells.reduce((sum, { corruptedBytes }) => sum + corruptedBytes, 0);
  const trials = formatNumberOf(completed, 'completed trial');
  if (completed === 0 && summary.violations.length === 0)
    return 'Correctness: not tested, no trial completed.';
  if (summary.violations.length > 0 || corrupted > 0) {
    const violations = formatNumberOf(summary.violations.length, 'violation');
    return `Correctness: ${violations} and ${formatCount(corrupted)} corrupted bytes; ${trials}.`;
  }
  return `Correctness: no corrupted byte and no broken promise in ${trials}.`;
}

function completedTrials(summary: Summary): number {
  return summary.cells.reduce((sum, { trials }) => sum + trials.completed, 0);
}
