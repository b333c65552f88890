/** Verified replies per second around the fault (the upright line at 0), one line per strategy. */
import { formatCount, formatPercent } from '../shared/format.js';
import { type Chart, type ChartLayer, NUMBER_FORMAT, PLOT_WIDTH } from './render.js';
import { type ChartSeries, strategyEncoding } from './series.js';

interface Point {
  readonly strategy: string;
  /** Middle of the interval, ms after the fault. */
  readonly ms: number;
  readonly perSecond: number;
}

/** What is drawn, ms around the fault. */
interface Span {
  readonly from: number;
  readonly to: number;
  /** Width over which bins are averaged, at least the width of a bin. */
  readonly stepMs: number;
}

/** Points per line: one per 2 to 3 px. */
const MOST_POINTS = 110;

/** Long enough to see a rate, ms. */
const LEAST_AFTER_MS = 300;

const HEIGHT = 190;

/** The chart; null when nothing was measured. */
export function throughputChart(series: readonly ChartSeries[]): Chart | null {
  const shown = series.filter(({ series: { throughput } }) =>
    throughput.repliesPerSecond.some((rate) => rate > 0),
  );
  const span = spanOf(shown);
  if (span === null) return null;
  return {
    title: 'Verified replies per second',
    text: `${shown.map(describe).join('; ')}. Means over ${formatCount(span.stepMs)} ms.`,
    spec: {
      width: PLOT_WIDTH,
      height: HEIGHT,
      layer: [faultRule(), lines(shown, span)],
    },
  };
}

function lines(shown: readonly ChartSeries[], span: Span): ChartLayer {
  return {
    data: { values: shown.flatMap((series) => points(series, span)) },
    mark: { type: 'line', strokeWidth: 1.75 },
    encoding: {
      x: {
        field: 'ms',
        type: 'quantitative',
        title: 'ms after the fault',
        scale: { domain: [span.from, span.to], nice: false },
        axis: { tickCount: 6, format: NUMBER_FORMAT, grid: false },
      },
      y: {
        field: 'perSecond',
        type: 'quantitative',
        title: 'replies / s',
        scale: { zero: true },
        axis: { tickCount: 5, format: NUMBER_FORMAT },
      },
      ...strategyEncoding(shown),
    },
  };
}

function faultRule(): ChartLayer {
  return {
    data: { values: [{ fault: 0 }] },
    mark: { type: 'rule', color: 'currentColor', strokeWidth: 1, opacity: 0.55 },
    encoding: { x: { field: 'fault', type: 'quantitative' } },
  };
}

/**
 * Until half as long again as the slowest strategy took, and a third of that before the fault: the dip fills the picture,
 * however long the trial was. Null without a bin.
 */
function spanOf(shown: readonly ChartSeries[]): Span | null {
  const bins = shown.map(({ series: { throughput } }) => throughput);
  const binMs = bins[0]?.binMs;
  if (binMs === undefined) return null;
  const firstMs = Math.min(...bins.map(({ firstBin }) => firstBin * binMs));
  const lastMs = Math.max(
    ...bins.map(({ firstBin, repliesPerSecond }) => (firstBin + repliesPerSecond.length) * binMs),
  );
  const settledMs = Math.max(...shown.map(({ cell }) => settledAt(cell, lastMs)));
  const to = Math.min(lastMs, Math.max(LEAST_AFTER_MS, 1.5 * settledMs));
  const from = Math.max(firstMs, -to / 3);
  if (!(to > from)) return null;
  const stepMs = binMs * Math.max(1, Math.ceil((to - from) / binMs / MOST_POINTS));
  return { from, to, stepMs };
}

/** When the rate was back, or the last connection recovered; the end of the curve when neither ever happened. */
function settledAt({ throughput, timeToRecoveredMs }: ChartSeries['cell'], lastMs: number): number {
  return throughput?.timeTo95Ms ?? timeToRecoveredMs?.all ?? lastMs;
}

/** Means over `stepMs`, counted from the fault, so that no mean mixes before and after. */
function points({ strategy, series: { throughput } }: ChartSeries, { from, to, stepMs }: Span): Point[] {
  const { binMs, firstBin, repliesPerSecond } = throughput;
  const binsPerStep = Math.max(1, Math.round(stepMs / binMs));
  const steps = new Map<number, { sum: number; bins: number }>();
  repliesPerSecond.forEach((rate, index) => {
    const step = Math.floor((firstBin + index) / binsPerStep);
    const { sum, bins } = steps.get(step) ?? { sum: 0, bins: 0 };
    steps.set(step, { sum: sum + rate, bins: bins + 1 });
  });
  return [...steps]
    .map(([step, { sum, bins }]) => ({
      strategy,
      ms: (step + 0.5) * binsPerStep * binMs,
      perSecond: Math.round((sum / bins) * 10) / 10,
    }))
    .filter(({ ms }) => ms >= from && ms <= to);
}

function describe({ strategy, cell: { throughput } }: ChartSeries): string {
  if (throughput === null) return `${strategy}: no rate before the fault`;
  const back =
    throughput.timeTo95Ms === null
      ? 'never back to 95 %'
      : `back to 95 % after ${formatCount(throughput.timeTo95Ms)} ms`;
  return `${strategy}: ${formatCount(throughput.beforePerSecond)}/s before, down by ${formatPercent(throughput.dipDepth)}, ${back}`;
}
