/** A forest plot: one metric of a run against that of the base, for each strategy in each case. */
import { type CaseRows, headingLayer, layOutCases, ROW_HEIGHT, rowsY } from './case-rows.js';
import { type Chart, type ChartLayer, NUMBER_FORMAT } from './render.js';
import { type ChartStrategy, colourEncoding, distinctStrategies, shapeEncoding } from './series.js';

/** A ratio as the chart draws and tells it. */
export interface RunRatio extends ChartStrategy {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly hasInterval: boolean;
  /** The ratio with its interval, and the trials behind it, in words. */
  readonly text: string;
  readonly trials: string;
}

interface Drawn extends RunRatio {
  readonly name: string;
  readonly y: number;
}

export interface RunRatiosInput {
  /** Name of the metric without its unit. */
  readonly metric: string;
  readonly better: 'smaller' | 'bigger';
  /** Letter of the run; the base is A. */
  readonly letter: string;
  readonly cases: readonly CaseRows<RunRatio>[];
}

/** A mark without an interval is pale: it shows no more than that it was measured. */
const PALE = 0.5;

/** The axis is no narrower than this to both sides of 1, so that a change of some per cent looks like one. */
const LEAST_FACTOR = 1.25;

/** The chart; null without a ratio. */
export function runRatiosChart({ metric, better, letter, cases }: RunRatiosInput): Chart | null {
  const named = cases.map(({ name, rows }) => ({ name, rows: rows.map((row) => ({ ...row, name })) }));
  const { rows, headings, height } = layOutCases(named);
  if (rows.length === 0) return null;
  const side = better === 'smaller' ? 'left' : 'right';
  return {
    title: `${metric}: ${letter} / A`,
    text: `Mark: median ratio; line: its 95 % interval. Where it crosses the rule at 1, no difference is shown; ${side} of it ${letter} is better. Pale: too few trials for an interval.`,
    table: {
      columns: ['case', 'strategy', `${letter} / A`, 'trials'],
      rows: rows.map(({ name, strategy, text, trials }) => [name, strategy, text, trials]),
    },
    pointing: {
      kind: 'rows',
      places: rows.map(({ y, position }) => ({ y, position })),
      rowHeight: ROW_HEIGHT,
      labelled: false,
    },
    spec: { height, layer: [...layers(rows, height, letter), headingLayer(headings, rowsY(height))] },
  };
}

function layers(rows: readonly Drawn[], height: number, letter: string): ChartLayer[] {
  const strategies = distinctStrategies(rows);
  const y = rowsY(height);
  const color = colourEncoding(strategies);
  const x = ratioX(rows, letter);
  const opacity = { field: 'opacity', type: 'quantitative', scale: null, legend: null } as const;
  const values = rows.map((row) => ({ ...row, opacity: row.hasInterval ? 1 : PALE }));
  return [
    {
      data: { values: [{ one: 1 }] },
      mark: { type: 'rule', color: 'currentColor', opacity: 0.5, strokeWidth: 1 },
      encoding: { x: { field: 'one', type: 'quantitative' } },
    },
    {
      data: { values: values.filter(({ hasInterval }) => hasInterval) },
      mark: { type: 'rule', strokeWidth: 1.75 },
      encoding: { x: { field: 'low', type: 'quantitative' }, x2: { field: 'high' }, y, color },
    },
    {
      data: { values },
      mark: { type: 'point', filled: true, size: 48 },
      encoding: { x, y, color, opacity, shape: shapeEncoding(strategies) },
    },
  ];
}

/** Logarithmic: twice and half are as far from 1. */
function ratioX(rows: readonly RunRatio[], letter: string) {
  const ends = rows.flatMap(({ ratio, low, high, hasInterval }) => (hasInterval ? [low, high] : [ratio]));
  const domain: [number, number] = [
    Math.min(1 / LEAST_FACTOR, ...ends.map((end) => end / 1.05)),
    Math.max(LEAST_FACTOR, ...ends.map((end) => end * 1.05)),
  ];
  return {
    field: 'ratio',
    type: 'quantitative',
    title: `${letter} / A (logarithmic)`,
    scale: { type: 'log', domain, nice: false },
    axis: { values: ticks(domain), format: NUMBER_FORMAT },
  } as const;
}

const FINE_TICKS = [0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.25, 1.5, 2];

/** Close to 1 in small steps, else in powers of 2, 4 or more. */
function ticks([low, high]: readonly [number, number]): number[] {
  const within = (value: number): boolean => value >= low && value <= high;
  if (high / low <= 4) return FINE_TICKS.filter(within);
  const power = Math.max(1, Math.ceil(Math.log2(high / low) / 8));
  const most = Math.ceil(Math.log2(Math.max(high, 1 / low)) / power);
  return Array.from({ length: 2 * most + 1 }, (_, i) => 2 ** ((i - most) * power)).filter(within);
}
