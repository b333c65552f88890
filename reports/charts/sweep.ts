/** One quantity against the swept parameter: a line per strategy, through the values of its cells. */

import type { Summary } from '../../src/contracts/results.js';
import { strategyOrder } from '../parts/cells.js';
import { formatCount, NONE } from '../parts/format.js';
import { printable } from '../parts/printable.js';
import {
  describeLaw,
  EXPECTED_NAME,
  expectedValues,
  formatPoint,
  lawOf,
  type SweepGroup,
  type SweepMetric,
} from '../parts/sweeps.js';
import { type Domain, logTicks } from './log-axis.js';
import { type Chart, type ChartLayer, NUMBER_FORMAT, PLOT_HEIGHT, TEXT_SIZE } from './render.js';
import { type ChartStrategy, distinctStrategies, shapeEncoding, strategyEncoding } from './series.js';

interface PlottedPoint extends ChartStrategy {
  readonly value: number;
  readonly y: number;
  /** The 95 % interval; both `y` where there is none. */
  readonly low: number;
  readonly high: number;
}

/** What a logarithmic axis takes for 0: below what is measured of anything. */
const LEAST = 0.001;
/** Between what is drawn and the ends of a logarithmic axis, as a factor. */
const LOG_ROOM = 1.25;
/** Of the bar behind a mark, px. */
const INTERVAL_WIDTH = 7;
/** Of the name of a rising line, to its right and below it, px. */
const LABEL_SHIFT = 6;
/** A quantity that spans less is easier to read on a linear axis. */
const MIN_LOG_SPAN = 10;

/** Null when no strategy has the quantity, or none of it is above 0. */
export function sweepChart(group: SweepGroup, metric: SweepMetric, summary: Summary): Chart | null {
  const plotted = plottedPoints(group, metric, summary);
  if (plotted.every(({ y }) => y <= 0)) return null;
  const expected = expectedValues(group, metric);
  const yLog = isLog([...expected.values(), ...plotted.flatMap(({ y }) => (y > 0 ? y : []))]);
  // Nothing has no place on a logarithmic axis; the table has it.
  const shown = yLog ? plotted.filter(({ y }) => y > LEAST) : plotted;
  const strategies = distinctStrategies(plotted);
  const x = valueAxis(group, plotted);
  const drawn = [...expected.values(), ...shown.flatMap(({ y, low, high }) => [y, low, high])];
  const domain: Domain | null = yLog ? [Math.min(...drawn) / LOG_ROOM, Math.max(...drawn) * LOG_ROOM] : null;
  const axis = (field: string) => quantityAxis(field, metric, domain);
  const { color } = strategyEncoding(strategies);
  const intervals = shown.filter(({ low, high }) => high > low);
  return {
    title: `${metric.title} against ${printable(group.parameter)}`,
    text: textOf(group, metric, intervals.length > 0, expected.size > 0),
    table: tableOf(group, metric),
    spec: {
      height: PLOT_HEIGHT,
      data: { values: shown },
      layer: [
        ...expectedLayers(expected, x, axis('expected')),
        {
          mark: { type: 'line', strokeWidth: 2 },
          encoding: { x, y: axis('y'), ...strategyEncoding(strategies) },
        },
        {
          data: { values: intervals },
          mark: { type: 'rule', strokeWidth: INTERVAL_WIDTH, opacity: 0.35 },
          encoding: { x, y: axis('low'), y2: { field: 'high' }, color },
        },
        {
          mark: { type: 'point', filled: true, size: 40, opacity: 1 },
          encoding: { x, y: axis('y'), color, shape: shapeEncoding(strategies) },
        },
      ],
    },
  };
}

function plottedPoints({ series }: SweepGroup, metric: SweepMetric, summary: Summary): PlottedPoint[] {
  const order = strategyOrder(summary);
  return series.flatMap(({ strategy, points }) =>
    points.flatMap((point): PlottedPoint[] => {
      const y = metric.value(point);
      if (y === null) return [];
      const { low, high } = metric.interval?.(point) ?? { low: y, high: y };
      const name = { strategy: printable(strategy), position: order(strategy) };
      return [{ ...name, value: point.value, y, low: Math.max(LEAST, low), high }];
    }),
  );
}

/** Ticks where values are, and nowhere else. */
function valueAxis({ parameter }: SweepGroup, plotted: readonly PlottedPoint[]) {
  const places = [...new Set(plotted.map(({ value }) => value))];
  const log = isLog(places);
  return {
    field: 'value',
    type: 'quantitative' as const,
    title: printable(parameter) + (log ? ' (logarithmic)' : ''),
    // Bars at both ends lie within the plot.
    scale: { ...scaleOf(log), nice: false, padding: 2 * INTERVAL_WIDTH },
    axis: { values: places, format: NUMBER_FORMAT, labelOverlap: 'greedy' as const, labelFlush: false },
  };
}

/** @param domain of a logarithmic axis; null for a linear one */
function quantityAxis(field: string, { unit }: SweepMetric, domain: Domain | null) {
  const axis = { format: NUMBER_FORMAT, tickCount: 5, labelOverlap: 'greedy' as const };
  const type = 'quantitative' as const;
  if (domain === null) return { field, type, title: unit, scale: scaleOf(false), axis };
  const [low, high] = domain;
  const scale = { ...scaleOf(true), domain: [low, high], nice: false };
  return {
    field,
    type,
    title: `${unit} (logarithmic)`,
    scale,
    axis: { ...axis, values: logTicks(domain) },
  };
}

function scaleOf(log: boolean) {
  return log ? { type: 'log' as const } : { type: 'linear' as const, zero: true };
}

/** A dotted line with its name under it: what is seen takes no less, and lies above. Nothing where nothing is expected. */
function expectedLayers(
  expected: ReadonlyMap<number, number>,
  x: ReturnType<typeof valueAxis>,
  y: ReturnType<typeof quantityAxis>,
): ChartLayer[] {
  const values = [...expected].map(([value, height]) => ({ value, expected: height }));
  const middle = values[Math.floor((values.length - 1) / 2)];
  if (middle === undefined) return [];
  return [
    {
      data: { values },
      mark: { type: 'line', color: 'currentColor', opacity: 0.6, strokeWidth: 1.5, strokeDash: [1, 3] },
      encoding: { x, y },
    },
    {
      data: { values: [middle] },
      mark: {
        type: 'text',
        align: 'left',
        baseline: 'top',
        dx: LABEL_SHIFT,
        dy: LABEL_SHIFT,
        color: 'currentColor',
        opacity: 0.75,
        fontSize: TEXT_SIZE,
      },
      encoding: { x, y, text: { value: EXPECTED_NAME } },
    },
  ];
}

function isLog(values: readonly number[]): boolean {
  const low = Math.min(...values);
  return low > 0 && Math.max(...values) / low >= MIN_LOG_SPAN;
}

function textOf(
  { series, parameter }: SweepGroup,
  metric: SweepMetric,
  hasIntervals: boolean,
  hasExpected: boolean,
): string {
  const laws = series.map((each) => {
    return `${printable(each.strategy)}: ${describeLaw(lawOf(each, metric.key), metric, parameter)}`;
  });
  return [
    `${laws.join('; ')}.`,
    ...(hasIntervals ? ['Bars: the 95 % interval.'] : []),
    ...(hasExpected ? [`Dotted: ${EXPECTED_NAME}, the detection that the options lead to.`] : []),
  ].join(' ');
}

function tableOf(group: SweepGroup, metric: SweepMetric): Chart['table'] {
  const { series, parameter } = group;
  const values = [...new Set(series.flatMap(({ points }) => points.map(({ value }) => value)))].sort(
    (a, b) => a - b,
  );
  const expected = expectedValues(group, metric);
  return {
    columns: [
      `strategy, ${metric.unit}`,
      ...values.map((value) => `${printable(parameter)} ${formatCount(value)}`),
      'law',
    ],
    rows: [
      ...series.map((each) => [
        printable(each.strategy),
        ...values.map((value) => {
          const point = each.points.find((candidate) => candidate.value === value);
          return point === undefined ? NONE : formatPoint(metric, point);
        }),
        describeLaw(lawOf(each, metric.key), metric, parameter),
      ]),
      ...(expected.size === 0
        ? []
        : [[EXPECTED_NAME, ...values.map((value) => metric.format(expected.get(value) ?? null)), NONE]]),
    ],
  };
}
