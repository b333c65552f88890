/** One quantity against the swept parameter: a line per strategy, through the values of its cells. */

import type { Summary } from '../../src/contracts/results.js';
import { strategyOrder } from '../shared/cells.js';
import { formatCount } from '../shared/format.js';
import { printable } from '../shared/printable.js';
import { describeLaw, lawOf, type SweepGroup, type SweepMetric } from '../shared/sweeps.js';
import { type Chart, NUMBER_FORMAT, PLOT_HEIGHT } from './render.js';
import { type ChartStrategy, distinctStrategies, shapeEncoding, strategyEncoding } from './series.js';

interface PlottedPoint extends ChartStrategy {
  readonly value: number;
  readonly y: number;
}

/** What a logarithmic axis takes for 0: below what is measured of anything. */
const LEAST = 0.001;
/** A quantity that spans less is easier to read on a linear axis. */
const MIN_LOG_SPAN = 10;

/** Null when no strategy has the quantity, or none of it is above 0. */
export function sweepChart(group: SweepGroup, metric: SweepMetric, summary: Summary): Chart | null {
  const order = strategyOrder(summary);
  const plotted = group.series.flatMap((series): PlottedPoint[] =>
    series.points.flatMap((point) => {
      const y = metric.value(point);
      const { strategy } = series;
      return y === null
        ? []
        : [{ strategy: printable(strategy), position: order(strategy), value: point.value, y }];
    }),
  );
  if (plotted.every(({ y }) => y <= 0)) return null;
  const strategies = distinctStrategies(plotted);
  const xLog = isLog(plotted.map(({ value }) => value));
  const yLog = isLog(plotted.flatMap(({ y }) => (y > 0 ? y : [])));
  // Nothing has no place on a logarithmic axis; the table has it.
  const shown = yLog ? plotted.filter(({ y }) => y > LEAST) : plotted;
  const scale = (log: boolean) => (log ? { type: 'log' as const } : { type: 'linear' as const, zero: true });
  const places: number[] = [...new Set(plotted.map(({ value }) => value))];
  const x = {
    field: 'value',
    type: 'quantitative' as const,
    title: printable(group.parameter) + (xLog ? ' (logarithmic)' : ''),
    scale: { ...scale(xLog), nice: false },
    axis: {
      values: places,
      format: NUMBER_FORMAT,
      labelOverlap: 'greedy' as const,
    },
  };
  const y = {
    field: 'y',
    type: 'quantitative',
    title: metric.unit + (yLog ? ' (logarithmic)' : ''),
    scale: scale(yLog),
    axis: { format: NUMBER_FORMAT, tickCount: 5, labelOverlap: 'greedy' },
  } as const;
  return {
    title: `${metric.title} against ${printable(group.parameter)}`,
    text: lawText(group, metric),
    table: tableOf(group, metric),
    spec: {
      height: PLOT_HEIGHT,
      data: { values: shown },
      layer: [
        { mark: { type: 'line', strokeWidth: 2 }, encoding: { x, y, ...strategyEncoding(strategies) } },
        {
          mark: { type: 'point', filled: true, size: 40, opacity: 1 },
          encoding: { x, y, color: strategyEncoding(strategies).color, shape: shapeEncoding(strategies) },
        },
      ],
    },
  };
}

function isLog(values: readonly number[]): boolean {
  const low = Math.min(...values);
  return low > 0 && Math.max(...values) / low >= MIN_LOG_SPAN;
}

function lawText({ series, parameter }: SweepGroup, metric: SweepMetric): string {
  const laws = series.map((each) => {
    return `${printable(each.strategy)}: ${describeLaw(lawOf(each, metric.key), metric, parameter)}`;
  });
  return `${laws.join('; ')}.`;
}

function tableOf({ series, parameter }: SweepGroup, metric: SweepMetric): Chart['table'] {
  const values = [...new Set(series.flatMap(({ points }) => points.map(({ value }) => value)))].sort(
    (a, b) => a - b,
  );
  return {
    columns: [
      `strategy, ${metric.unit}`,
      ...values.map((value) => `${printable(parameter)} ${formatCount(value)}`),
      'law',
    ],
    rows: series.map((each) => [
      printable(each.strategy),
      ...values.map((value) => {
        const point = each.points.find((candidate) => candidate.value === value);
        return metric.format(point === undefined ? null : metric.value(point));
      }),
      describeLaw(lawOf(each, metric.key), metric, parameter),
    ]),
  };
}
