/** The cells of a summary in the order and grouping that all reports use. */
import { compareNaturally } from '../../src/base/natural-order.js';
import type { Cell, Comparison, Summary } from '../../src/contracts/results.js';

/** The cells of one workload and fault, in the order of the strategies. */
export interface CellGroup {
  readonly workload: string;
  readonly fault: string;
  readonly cells: readonly Cell[];
}

/** Groups in the order of their workload, then fault. */
export function groupCells(summary: Summary): CellGroup[] {
  const groups = new Map<string, CellGroup & { readonly cells: Cell[] }>();
  for (const cell of summary.cells) {
    const key = JSON.stringify([cell.workload, cell.fault]);
    const group = groups.get(key) ?? { workload: cell.workload, fault: cell.fault, cells: [] };
    groups.set(key, group);
    group.cells.push(cell);
  }
  const order = strategyOrder(summary);
  for (const { cells } of groups.values()) cells.sort((a, b) => order(a.strategy) - order(b.strategy));
  return [...groups.values()].sort(
    (a, b) => compareNaturally(a.workload, b.workload) || compareNaturally(a.fault, b.fault),
  );
}

/** Position of a strategy in the summary; unknown ones come last. */
export function strategyOrder(summary: Summary): (strategy: string) => number {
  const positions = new Map(summary.strategies.map(({ id }, index) => [id, index]));
  return (strategy) => positions.get(strategy) ?? positions.size;
}

/** The title of a strategy, or its id when the summary does not describe it. */
export function strategyTitle(summary: Summary, id: string): string {
  return summary.strategies.find((strategy) => strategy.id === id)?.title ?? id;
}

/** The comparison of a cell with the reference, where there is one. */
export function comparisonOf(
  summary: Summary,
  { strategy, workload, fault }: Pick<Cell, 'strategy' | 'workload' | 'fault'>,
  metric: Comparison['metric'],
): Comparison | undefined {
  return summary.comparisons.find(
    (comparison) =>
      comparison.strategy === strategy &&
      comparison.workload === workload &&
      comparison.fault === fault &&
      comparison.metric === metric,
  );
}
