/** What the charts of one workload and fault draw: a strategy's curves with its place in the palette. */
import type { CellSeries } from '../../src/contracts/report.js';
import type { Cell } from '../../src/contracts/results.js';
import { seriesStyle } from './palette.js';

/** A strategy as charts show it. */
export interface ChartStrategy {
  /** Id of the strategy: the label in the chart. */
  readonly strategy: string;
  /** Position in the order of the summary. */
  readonly position: number;
}

export interface ChartSeries extends ChartStrategy {
  readonly cell: Cell;
  readonly series: CellSeries;
}

/** Each strategy once, in the order of the palette. */
export function distinctStrategies(shown: readonly ChartStrategy[]): ChartStrategy[] {
  const found = new Map(shown.map(({ strategy, position }) => [strategy, { strategy, position }]));
  return [...found.values()].sort((a, b) => a.position - b.position);
}

/** Channels that give each strategy its colour and dash, whichever strategies the chart shows. */
export function strategyEncoding(series: readonly ChartStrategy[]) {
  const domain = series.map(({ strategy }) => strategy);
  const styles = series.map(({ position }) => seriesStyle(position));
  return {
    color: colourEncoding(series),
    strokeDash: {
      field: 'strategy',
      type: 'nominal',
      scale: { domain, range: styles.map(({ dash }) => [...dash]) },
      legend: null,
    },
  } as const;
}

/** The channel that gives each strategy its colour. */
export function colourEncoding(series: readonly ChartStrategy[]) {
  return {
    field: 'strategy',
    type: 'nominal',
    scale: {
      domain: series.map(({ strategy }) => strategy),
      range: series.map(({ position }) => seriesStyle(position).colour),
    },
    legend: null,
  } as const;
}

/** The channel that gives each strategy its shape. */
export function shapeEncoding(series: readonly ChartStrategy[]) {
  return {
    field: 'strategy',
    type: 'nominal',
    scale: {
      domain: series.map(({ strategy }) => strategy),
      range: series.map(({ position }) => seriesStyle(position).shape),
    },
    legend: null,
  } as const;
}
