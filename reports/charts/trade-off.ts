/** Cost against benefit: throughput in steady state and recovery time, both against the reference. */
import type { Comparison, Summary } from '../../src/contracts/results.js';
import { comparisonOf, groupCells, strategyOrder } from '../parts/cells.js';
import { printable } from '../parts/printable.js';
import { findingOf, formatComparison } from '../parts/verdict.js';
import { type Chart, type ChartLayer, NUMBER_FORMAT, PLOT_HEIGHT } from './render.js';
import { type ChartStrategy, colourEncoding, distinctStrategies, shapeEncoding } from './series.js';

/** One strategy in one case. */
interface Point extends ChartStrategy {
  readonly name: string;
  readonly recovery: Comparison;
  readonly throughput: Comparison;
}

/** Of a mark with what is around it, px. */
const MARK_HEIGHT = 14;

/** The chart; null when no strategy has both ratios. */
export function tradeOffChart(summary: Summary): Chart | null {
  const points = pointsOf(summary);
  if (points.length === 0) return null;
  const reference = printable(summary.reference);
  return {
    title: 'Cost against benefit',
    text: `Each mark is a strategy in one case; ${reference} is where the rules cross. Lower recovers faster, further left serves less while nothing fails. Whiskers: 95 % intervals, where there are enough pairs. Where load arrives at a fixed rate, throughput cannot show a cost.`,
    table: {
      columns: ['case', 'strategy', 'recovery time, x reference', 'throughput before, x reference'],
      rows: points.map(({ name, strategy, recovery, throughput }) => [
        name,
        strategy,
        formatComparison(recovery),
        formatComparison(throughput),
      ]),
    },
    pointing: {
      kind: 'rows',
      places: points.map(({ recovery, throughput, position }) => ({
        x: throughput.ratio,
        y: recovery.ratio,
        position,
      })),
      rowHeight: MARK_HEIGHT,
      labelled: false,
    },
    spec: { height: PLOT_HEIGHT, layer: layers(points) },
  };
}

function pointsOf(summary: Summary): Point[] {
  const order = strategyOrder(summary);
  return groupCells(summary).flatMap(({ workload, fault, cells }) =>
    cells.flatMap(({ strategy }) => {
      const recovery = comparisonOf(summary, { strategy, workload, fault }, 'recoveryTimeMs');
      const throughput = comparisonOf(summary, { strategy, workload, fault }, 'throughputBeforePerSecond');
      if (recovery === undefined || throughput === undefined) return [];
      const name = printable(`${workload}, ${fault}`);
      return [{ strategy: printable(strategy), position: order(strategy), name, recovery, throughput }];
    }),
  );
}

function layers(points: readonly Point[]): ChartLayer[] {
  const values = points.map(({ strategy, recovery, throughput }) => ({
    strategy,
    x: throughput.ratio,
    ...whisker('x', throughput),
    y: recovery.ratio,
    ...whisker('y', recovery),
  }));
  const strategies = distinctStrategies(points);
  const color = colourEncoding(strategies);
  const x = xChannel(values);
  const y = yChannel(values);
  const thin = { type: 'rule', strokeWidth: 1, opacity: 0.45 } as const;
  return [
    crossing('x'),
    crossing('y'),
    {
      data: { values },
      mark: thin,
      encoding: { x: { ...x, field: 'xLow' }, x2: { field: 'xHigh' }, y, color },
    },
    {
      data: { values },
      mark: thin,
      encoding: { y: { ...y, field: 'yLow' }, y2: { field: 'yHigh' }, x, color },
    },
    {
      data: { values },
      mark: { type: 'point', filled: true, size: 60, opacity: 1 },
      encoding: { x, y, color, shape: shapeEncoding(strategies) },
    },
  ];
}

/** No longer than the mark where an interval would promise too much. */
function whisker(axis: 'x' | 'y', comparison: Comparison): Record<string, number> {
  const { ratio, low, high } = comparison;
  const counts = findingOf(comparison) !== 'too-few';
  return { [`${axis}Low`]: counts ? low : ratio, [`${axis}High`]: counts ? high : ratio };
}

type Values = readonly Readonly<Record<string, number | string>>[];

function xChannel(values: Values) {
  const [low, high] = extent(values, ['xLow', 'xHigh']);
  const domain: [number, number] = [Math.min(0.95, low - 0.02), Math.max(1.05, high + 0.02)];
  return {
    field: 'x',
    type: 'quantitative',
    title: 'throughput before, x reference',
    scale: { domain, zero: false, nice: true },
    axis: { tickCount: 5, format: '.2~f' },
  } as const;
}

function yChannel(values: Values) {
  const [low, high] = extent(values, ['yLow', 'yHigh']);
  const domain = [Math.min(0.5, low / 1.2), Math.max(1.5, high * 1.2)];
  const ticks = [0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 100].filter(
    (value) => value >= (domain[0] ?? 0) && value <= (domain[1] ?? 0),
  );
  return {
    field: 'y',
    type: 'quantitative',
    title: 'recovery, x reference',
    scale: { type: 'log', domain, nice: false },
    axis: { values: ticks, format: NUMBER_FORMAT },
  } as const;
}

function extent(values: Values, fields: readonly string[]): [number, number] {
  const numbers = values.flatMap((value) => fields.map((field) => Number(value[field])));
  return [Math.min(...numbers), Math.max(...numbers)];
}

/** A rule through the reference. */
function crossing(axis: 'x' | 'y'): ChartLayer {
  return {
    data: { values: [{ one: 1 }] },
    mark: { type: 'rule', color: 'currentColor', opacity: 0.5, strokeWidth: 1 },
    encoding: { [axis]: { field: 'one', type: 'quantitative' } },
  } as ChartLayer;
}
