/** Recovery times of all cases at a glance: median, its interval and the 99th percentile of each strategy. */
import type { Cell, Summary } from '../../src/contracts/results.js';
import { groupCells, strategyOrder } from '../parts/cells.js';
import { formatMs, NONE } from '../parts/format.js';
import { printable } from '../parts/printable.js';
import { type CaseRows, headingLayer, layOutCases, ROW_HEIGHT, rowsY } from './case-rows.js';
import { LEAST_MS, logDomain, logX, PERCEPTION_TEXT, perceptionLayers } from './log-axis.js';
import type { Chart, ChartTable } from './render.js';
import { type ChartStrategy, colourEncoding, distinctStrategies, shapeEncoding } from './series.js';

interface Range extends ChartStrategy {
  readonly name: string;
  /** Upright position, px. */
  readonly y: number;
  readonly p50: number;
  readonly p99: number;
  readonly low: number;
  readonly high: number;
}

/** The vertical size of what is in a row, px. */
const INTERVAL_HEIGHT = 7;
const CAP_HEIGHT = 7;

/** The chart; null when no connection recovered. */
export function recoveryRangesChart(summary: Summary): Chart | null {
  const { rows: ranges, headings, height } = layOutCases(casesOf(summary));
  if (ranges.length === 0) return null;
  const domain = logDomain(ranges.flatMap(({ low, p50, high, p99 }) => [low, p50, high, p99]));
  const strategies = distinctStrategies(ranges);
  const y = rowsY(height);
  const color = colourEncoding(strategies);
  return {
    title: 'Recovery time in every case',
    text: `Mark: median; thick: its 95 % interval; thin: up to the 99th percentile. ${PERCEPTION_TEXT}`,
    table: table(ranges),
    pointing: {
      kind: 'rows',
      places: ranges.map(({ y, position }) => ({ y, position })),
      rowHeight: ROW_HEIGHT,
      labelled: false,
    },
    spec: {
      height,
      layer: [
        ...perceptionLayers(domain),
        {
          data: { values: ranges },
          mark: { type: 'rule', strokeWidth: 1.5, opacity: 0.8 },
          encoding: { x: logX('p50', domain), x2: { field: 'p99' }, y, color },
        },
        {
          data: { values: ranges },
          mark: { type: 'tick', height: CAP_HEIGHT, thickness: 1.5, orient: 'vertical' },
          encoding: { x: { field: 'p99', type: 'quantitative' }, y, color },
        },
        {
          data: { values: ranges },
          mark: { type: 'rule', strokeWidth: INTERVAL_HEIGHT, opacity: 0.35 },
          encoding: { x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' }, y, color },
        },
        {
          data: { values: ranges },
          mark: { type: 'point', filled: true, size: 48, opacity: 1 },
          encoding: {
            x: { field: 'p50', type: 'quantitative' },
            y,
            color,
            shape: shapeEncoding(strategies),
          },
        },
        headingLayer(headings, y),
      ],
    },
  };
}

function casesOf(summary: Summary): CaseRows<Omit<Range, 'y'>>[] {
  const order = strategyOrder(summary);
  return groupCells(summary).map(({ workload, fault, cells }) => {
    const name = printable(`${workload}, ${fault}`);
    const rows = cells.flatMap((cell) => {
      const range = rangeOf(cell);
      const { strategy: id } = cell;
      return range === null ? [] : [{ ...range, name, position: order(id), strategy: printable(id) }];
    });
    return { name, rows };
  });
}

function rangeOf({ recoveryTimeMs, recoveryP50IntervalMs }: Cell) {
  if (recoveryTimeMs === null) return null;
  const atLeast = (ms: number): number => Math.max(LEAST_MS, ms);
  const p50 = atLeast(recoveryTimeMs.p50);
  return {
    p50,
    p99: atLeast(recoveryTimeMs.p99),
    low: atLeast(recoveryP50IntervalMs?.low ?? p50),
    high: atLeast(recoveryP50IntervalMs?.high ?? p50),
  };
}

function table(ranges: readonly Range[]): ChartTable {
  return {
    columns: ['case', 'strategy', 'p50, ms', '95 % interval of p50, ms', 'p99, ms'],
    rows: ranges.map(({ name, strategy, p50, low, high, p99 }) => [
      name,
      strategy,
      formatMs(p50),
      low === high ? NONE : `${formatMs(low)} to ${formatMs(high)}`,
      formatMs(p99),
    ]),
  };
}
