/** Recovery times of all cases at a glance: median, its interval and the 99th percentile of each strategy. */
import type { Cell, Summary } from '../../src/contracts/results.js';
import { groupCells, strategyOrder } from '../shared/cells.js';
import { formatMs, NONE } from '../shared/format.js';
import { printable } from '../shared/printable.js';
import { LEAST_MS, logDomain, logX, PERCEPTION_TEXT, perceptionLayers } from './log-axis.js';
import { CHART_WIDTH, type Chart, type ChartLayer, type ChartTable, TEXT_SIZE } from './render.js';
import { type ChartStrategy, colourEncoding, shapeEncoding } from './series.js';

interface Range extends ChartStrategy {
  readonly name: string;
  /** Upright position, px. */
  readonly y: number;
  readonly p50: number;
  readonly p99: number;
  readonly low: number;
  readonly high: number;
}

interface Heading {
  readonly name: string;
  readonly y: number;
}

/** px. */
const ROW_HEIGHT = 15;
const HEADING_HEIGHT = 24;

/** The vertical size of what is in a row, px. */
const INTERVAL_HEIGHT = 7;
const CAP_HEIGHT = 7;

/** The chart; null when no connection recovered. */
export function recoveryRangesChart(summary: Summary): Chart | null {
  const { ranges, headings, height } = layOut(summary);
  if (ranges.length === 0) return null;
  const domain = logDomain(ranges.flatMap(({ low, p50, high, p99 }) => [low, p50, high, p99]));
  const strategies = distinct(ranges);
  const domainY: [number, number] = [height, 0];
  const y = {
    field: 'y',
    type: 'quantitative',
    axis: null,
    scale: { domain: domainY, nice: false },
  } as const;
  const color = colourEncoding(strategies);
  return {
    title: 'Recovery time in every case',
    text: `Mark: median; thick: its 95 % interval; thin: up to the 99th percentile. ${PERCEPTION_TEXT}`,
    table: table(ranges),
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

function headingLayer(values: readonly Heading[], y: object): ChartLayer {
  return {
    data: { values: [...values] },
    mark: {
      type: 'text',
      align: 'left',
      baseline: 'middle',
      color: 'currentColor',
      fontSize: TEXT_SIZE,
      fontWeight: 'bold',
      limit: CHART_WIDTH,
    },
    encoding: { x: { value: 0 }, y, text: { field: 'name', type: 'nominal' } },
  } as ChartLayer;
}

function layOut(summary: Summary): { ranges: Range[]; headings: Heading[]; height: number } {
  const order = strategyOrder(summary);
  const ranges: Range[] = [];
  const headings: Heading[] = [];
  let height = 0;
  for (const { workload, fault, cells } of groupCells(summary)) {
    const name = printable(`${workload}, ${fault}`);
    const rows = cells.flatMap((cell) => rangeOf(cell) ?? []);
    if (rows.length === 0) continue;
    headings.push({ name, y: height + HEADING_HEIGHT / 2 });
    height += HEADING_HEIGHT;
    for (const row of rows) {
      ranges.push({
        ...row,
        name,
        position: order(row.id),
        strategy: printable(row.id),
        y: height + ROW_HEIGHT / 2,
      });
      height += ROW_HEIGHT;
    }
  }
  return { ranges, headings, height: height + ROW_HEIGHT / 2 };
}

function rangeOf({ strategy, recoveryTimeMs, recoveryP50IntervalMs }: Cell) {
  if (recoveryTimeMs === null) return null;
  const atLeast = (ms: number): number => Math.max(LEAST_MS, ms);
  const p50 = atLeast(recoveryTimeMs.p50);
  return {
    id: strategy,
    p50,
    p99: atLeast(recoveryTimeMs.p99),
    low: atLeast(recoveryP50IntervalMs?.low ?? p50),
    high: atLeast(recoveryP50IntervalMs?.high ?? p50),
  };
}

function distinct(ranges: readonly Range[]): ChartStrategy[] {
  const found = new Map(ranges.map(({ strategy, position }) => [strategy, { strategy, position }]));
  return [...found.values()].sort((a, b) => a.position - b.position);
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
