/** What the charts of one workload and fault draw: a strategy's curves with its place in the palette. */
import type { CellSeries } from '../../src/contracts/report.js';
import type { Cell } from '../../src/contracts/results.js';
import { seriesStyle } from './palette.js';

export interface ChartSeries {
  /** Id of the strategy: the label in the chart. */
  readonly strategy: string;
  /** Position in the order of the summary. */
  readonly position: number;
  readonly cell: Cell;
  readonly series: CellSeries;
}

/** Channels that give each strategy its colour and dash, whichever strategies the chart shows. */
export function strategyEncoding(series: readonly ChartSeries[]) {
  const domain = series.map(({ strategy }) => strategy);
  const styles = series.map(({ position }) => seriesStyle(position));
  return {
    color: {
      field: 'strategy',
      type: 'nominal',
      scale: { domain, range: styles.map(({ colour }) => colour) },
      legend: null,
    },
    strokeDash: {
      field: 'strategy',
      type: 'nominal',
      scale: { domain, range: styles.map(({ dash }) => [...dash]) },
      legend: null,
    },
  } as const;
}
