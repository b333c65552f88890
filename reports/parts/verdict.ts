/** What the data say about each strategy against the reference, in words that claim no more than the intervals do. */
import type { Comparison, StrategySummary, Summary } from '../../src/contracts/results.js';
import { MIN_PAIRS_FOR_INTERVAL } from '../../src/stats/bootstrap.js';
import { comparisonOf, groupCells, strategyTitle } from './cells.js';
import {
  formatCount,
  formatFactor,
  formatList,
  formatNumberOf,
  formatPercent,
  formatRatio,
} from './format.js';

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

/** One sentence about the best strategy, then what its clients lost and what it cost, then the others, best first. */
export function verdict(summary: Summary): {
  readonly headline: string;
  readonly details: readonly string[];
} {
  const compared = summary.strategies
    .filter(({ id }) => id !== summary.reference)
    .map((strategy) => ({ strategy, comparisons: comparisonsOf(summary, strategy.id, 'recoveryTimeMs') }))
    .filter(({ comparisons }) => comparisons.length > 0)
    .sort((a, b) => meanLogRatio(a.comparisons) - meanLogRatio(b.comparisons));
  const sentences = compared.map(({ strategy, comparisons }) =>
    describeSpeed(summary, strategy, comparisons),
  );
  const [best, ...others] = sentences;
  const price = compared.slice(0, 1).map(({ strategy }) => describePrice(summary, strategy));
  return {
    headline: best ?? describeNothing(summary),
    details: [...price, ...others, describeCorrectness(summary), ...describeRejected(summary)],
  };
}

/** `SPR recovered 3.6 to 26 times faster than Full handshake in 2 of 3 cases; ...`. A case is a workload with a fault. */
export function describeSpeed(
  summary: Summary,
  { title }: StrategySummary,
  comparisons: readonly Comparison[],
): string {
  const names = { title, reference: strategyTitle(summary, summary.reference) };
  const claims = FINDINGS.map((finding) => comparisons.filter((one) => findingOf(one) === finding))
    .filter(({ length }) => length > 0)
    .map((found, index) => describeFinding(found, comparisons.length, names, index === 0));
  return `${claims.join('; ')}.`;
}

const FINDINGS: readonly Finding[] = ['lower', 'higher', 'unclear', 'too-few'];

function comparisonsOf(summary: Summary, strategy: string, metric: Comparison['metric']): Comparison[] {
  return groupCells(summary).flatMap(
    ({ workload, fault }) => comparisonOf(summary, { strategy, workload, fault }, metric) ?? [],
  );
}

function meanLogRatio(comparisons: readonly Comparison[]): number {
  return comparisons.reduce((sum, { ratio }) => sum + Math.log(ratio), 0) / comparisons.length;
}

/** @param found comparisons with the same finding, at least one */
function describeFinding(
  found: readonly Comparison[],
  total: number,
  { title, reference }: { readonly title: string; readonly reference: string },
  isFirst: boolean,
): string {
  const where = describeCases(found.length, total);
  const finding = found[0] === undefined ? 'unclear' : findingOf(found[0]);
  switch (finding) {
    case 'lower':
      return `${isFirst ? `${title} ` : ''}recovered ${formatTimes(found, 'faster')} than ${reference}${formatBounds(found, 'faster')}${where}`;
    case 'higher':
      return `${isFirst ? `${title} ` : ''}recovered ${formatTimes(found, 'slower')} than ${reference}${formatBounds(found, 'slower')}${where}`;
    case 'unclear': {
      const difference = isFirst ? `No difference between ${title} and ${reference}` : 'no difference';
      return `${difference} can be shown${where} (${formatRange(found)}, the 95 % interval includes 1)`;
    }
    case 'too-few':
      return isFirst
        ? `${title} took ${formatRange(found)} the time of ${reference}${where}, without a verdict: fewer than ${MIN_PAIRS_FOR_INTERVAL} pairs of trials`
        : `without a verdict${where} (${formatRange(found)}, fewer than ${MIN_PAIRS_FOR_INTERVAL} pairs of trials)`;
  }
}

function describeCases(found: number, total: number): string {
  if (total === 1) return '';
  return found === total ? ` in all ${total} cases` : ` in ${found} of ${total} cases`;
}

/** `14 times faster`, or `3.6 to 26 times faster` for several cases. */
function formatTimes(found: readonly Comparison[], word: 'faster' | 'slower'): string {
  const factors = found.map(({ ratio }) => (word === 'faster' ? 1 / ratio : ratio));
  const [low, high] = [formatFactor(Math.min(...factors)), formatFactor(Math.max(...factors))];
  return `${low === high ? low : `${low} to ${high}`} times ${word}`;
}

/** ` [12, 16]` for one case; several have no interval in common. */
function formatBounds(found: readonly Comparison[], word: 'faster' | 'slower'): string {
  const [one] = found;
  if (one === undefined || found.length > 1) return '';
  const bounds = word === 'faster' ? [1 / one.high, 1 / one.low] : [one.low, one.high];
  return ` [${bounds.map(formatFactor).join(', ')}]`;
}

function formatRange(comparisons: readonly Comparison[]): string {
  const ratios = comparisons.map(({ ratio }) => ratio);
  const low = formatRatio(Math.min(...ratios));
  const high = formatRatio(Math.max(...ratios));
  return low === high ? `${low}x` : `${low}x to ${high}x`;
}

/** What the clients of a strategy lost, and what it cost while nothing failed. */
function describePrice(summary: Summary, strategy: StrategySummary): string {
  const reference = summary.strategies.find(({ id }) => id === summary.reference);
  const contrast = reference === undefined ? '' : ` (${reference.title}: ${describeLosses(reference)})`;
  const twice = strategy.executions?.moreNonIdempotent ?? 0;
  const repeated = twice === 0 ? '' : `; ${formatNumberOf(twice, 'POST')} ran twice`;
  return `With ${strategy.title} clients lost ${describeLosses(strategy)}${contrast}${repeated}; ${describeCost(summary, strategy.id)}.`;
}

function describeLosses({ connections, requests, corruptedBytes }: StrategySummary): string {
  const losses: readonly (readonly [number, string])[] = [
    [connections.lost, 'connection'],
    [requests.failed + requests.unknown, 'request'],
    [corruptedBytes, 'corrupted byte'],
  ];
  const found = losses.filter(([count]) => count > 0).map(([count, noun]) => formatNumberOf(count, noun));
  return found.length === 0 ? 'no connection, no request and no byte' : formatList(found);
}

function describeCost(summary: Summary, strategy: string): string {
  const comparisons = comparisonsOf(summary, strategy, 'throughputBeforePerSecond');
  const shown = comparisons.filter((one) => findingOf(one) === 'lower' || findingOf(one) === 'higher');
  if (comparisons.every((one) => findingOf(one) === 'too-few'))
    return 'there are too few pairs of trials to say what it cost in throughput';
  if (shown.length === 0) return 'no effect on the throughput before the fault could be shown';
  const ratios = shown.map(({ ratio }) => ratio);
  const [low, high] = [formatPercent(Math.min(...ratios)), formatPercent(Math.max(...ratios))];
  const share = low === high ? low : `${low} to ${high}`;
  return `throughput before the fault was ${share} of the reference's${describeCases(shown.length, comparisons.length)}`;
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

/** Trials that do not count belong beside the verdict: leaving them out is a decision that readers must see. */
function describeRejected(summary: Summary): string[] {
  const invalid = summary.cells.reduce((sum, { trials }) => sum + trials.invalid, 0);
  const inconclusive = summary.cells.reduce((sum, { trials }) => sum + trials.inconclusive, 0);
  if (invalid + inconclusive === 0) return [];
  const all = completedTrials(summary) + invalid + inconclusive;
  const kinds = `${formatCount(invalid)} invalid, ${formatCount(inconclusive)} inconclusive`;
  return [
    `${formatCount(invalid + inconclusive)} of ${formatNumberOf(all, 'trial')} do not count: ${kinds}.`,
  ];
}

function completedTrials(summary: Summary): number {
  return summary.cells.reduce((sum, { trials }) => sum + trials.completed, 0);
}
