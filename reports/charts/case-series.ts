/** The curves of one workload and fault, as all of its charts take them. */
import type { CellSeries } from '../../src/contracts/report.js';
import type { Summary } from '../../src/contracts/results.js';
import { type CellGroup, strategyOrder } from '../parts/cells.js';
import { printable } from '../parts/printable.js';
import type { LossSeries } from './lost-requests.js';
import type { ChartSeries } from './series.js';

/** The cells of the group that have something to draw. */
export function chartSeries(
  group: CellGroup,
  summary: Summary,
  series: readonly CellSeries[],
): ChartSeries[] {
  const order = strategyOrder(summary);
  return group.cells.flatMap((cell) => {
    const found = series.find(
      ({ strategy, workload, fault }) =>
        strategy === cell.strategy && workload === cell.workload && fault === cell.fault,
    );
    if (found === undefined || cell.trials.completed === 0) return [];
    return [{ strategy: printable(cell.strategy), position: order(cell.strategy), cell, series: found }];
  });
}

/** What was lost in a cell. */
export function lossOf({
  strategy,
  position,
  cell: { trials, requests, connections },
}: ChartSeries): LossSeries {
  return { strategy, position, trials: trials.completed, requests, connections };
}
