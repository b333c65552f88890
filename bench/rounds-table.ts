/** Rounds that were measured in turns, as text: medians of each, and ratios round by round, so that a drift of the machine cancels out. */
import { median } from '../src/stats/average.js';

/** Rounds of each contender, by its id; round n of all of them was measured at about the same time. */
export type Rounds<R> = ReadonlyMap<string, readonly R[]>;

/** A contender, and the one that its ratios are against. */
export type Comparison = readonly [id: string, reference: string];

/** `of` is undefined where a contender cannot tell. */
export interface Quantity<R> {
  readonly title: string;
  readonly digits: number;
  readonly of: (round: R) => number | undefined;
}

const ID_WIDTH = 34;
const COLUMN_WIDTH = 22;
const NONE = '-';

/** Lines of absolute figures and of ratios. Comparisons with a contender that was not measured are left out. */
export function renderRounds<R>(
  rounds: Rounds<R>,
  quantities: readonly Quantity<R>[],
  comparisons: readonly Comparison[],
): string[] {
  const titles = quantities.map(({ title }) => title);
  return [
    row('median', titles),
    ...[...rounds].map(([id, results]) => row(id, medians(results, quantities))),
    ...renderRatios(rounds, quantities, comparisons),
  ];
}

function renderRatios<R>(
  rounds: Rounds<R>,
  quantities: readonly Quantity<R>[],
  comparisons: readonly Comparison[],
): string[] {
  const lines = comparisons.flatMap(([id, reference]) => {
    const [results, against] = [rounds.get(id), rounds.get(reference)];
    return results && against ? [row(`${id} / ${reference}`, ratios(results, against, quantities))] : [];
  });
  const titles = quantities.map(({ title }) => title);
  return lines.length === 0 ? [] : [row('ratio: median (min to max)', titles), ...lines];
}

/** Of those that have most. */
export function roundCount(rounds: Rounds<unknown>): number {
  return Math.max(0, ...[...rounds.values()].map(({ length }) => length));
}

function row(head: string, cells: readonly string[]): string {
  return head.padEnd(ID_WIDTH) + cells.map((cell) => `  ${cell.padStart(COLUMN_WIDTH - 2)}`).join('');
}

function medians<R>(results: readonly R[], quantities: readonly Quantity<R>[]): string[] {
  return quantities.map(({ of, digits }) => {
    const middle = median(results.flatMap((round) => of(round) ?? []));
    return middle === null ? NONE : middle.toFixed(digits);
  });
}

function ratios<R>(
  results: readonly R[],
  against: readonly R[],
  quantities: readonly Quantity<R>[],
): string[] {
  return quantities.map(({ of }) => {
    const values = results.flatMap((round, index) => {
      const other = against[index];
      const [value, reference] = [of(round), other === undefined ? undefined : of(other)];
      return value === undefined || reference === undefined ? [] : [value / reference];
    });
    const middle = median(values);
    if (middle === null) return NONE;
    const [text, low, high] = [middle, Math.min(...values), Math.max(...values)].map((value) =>
      value.toFixed(2),
    );
    return `${text} (${low} to ${high})`;
  });
}
