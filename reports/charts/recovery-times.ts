/** Recovery times as empirical distribution functions, one line per strategy. */
import { quantile } from '../../src/stats/quantile.js';
import { formatMs } from '../shared/format.js';
import { type Chart, NUMBER_FORMAT, PLOT_WIDTH } from './render.js';
import { type ChartSeries, strategyEncoding } from './series.js';

interface Point {
  readonly strategy: string;
  readonly ms: number;
  /** Share of the connections that had recovered by then. */
  readonly share: number;
}

/** Points per line less one: a step of 1 %, which is under 2 px. */
const STEPS = 100;

/** 10 us. A logarithmic axis has no 0, and no measured recovery is faster. */
const LEAST_MS = 0.01;

const HEIGHT = 190;

/** The chart; null when no connection recovered. */
export function recoveryTimesChart(series: readonly ChartSeries[]): Chart | null {
  const shown = series.filter(({ series: { recoveryTimesMs } }) => recoveryTimesMs.length > 0);
  if (shown.length === 0) return null;
  const points = shown.flatMap(distribution);
  const domain = domainOf(points);
  return {
    title: 'Recovery time',
    text: `Median recovery time: ${shown.map(describe).join(', ')}.`,
    spec: {
      width: PLOT_WIDTH,
      height: HEIGHT,
      data: { values: points },
      mark: { type: 'line', strokeWidth: 2 },
      encoding: {
        x: {
          field: 'ms',
          type: 'quantitative',
          title: 'ms after the fault (log)',
          scale: { type: 'log', domain, nice: false },
          axis: { values: ticks(domain), format: NUMBER_FORMAT, labelFlush: false },
        },
        y: {
          field: 'share',
          type: 'quantitative',
          title: 'recovered',
          scale: { domain: [0, 1] },
          axis: { format: '%', values: [0, 0.25, 0.5, 0.75, 1] },
        },
        ...strategyEncoding(shown),
      },
    },
  };
}

/** Ends below 1 when connections were lost for good. */
function distribution({ strategy, cell, series: { recoveryTimesMs } }: ChartSeries): Point[] {
  const top = recoveredShare(cell);
  return Array.from({ length: STEPS + 1 }, (_, step) => ({
    strategy,
    ms: Math.max(LEAST_MS, quantile(recoveryTimesMs, step / STEPS)),
    share: (step / STEPS) * top,
  }));
}

/** Share of the connections that should have recovered and did. */
function recoveredShare({ recoveryTimeMs, timeToRecoveredMs, connections }: ChartSeries['cell']): number {
  const recovered = recoveryTimeMs?.count ?? 0;
  const allDid = timeToRecoveredMs === null || timeToRecoveredMs.all !== null;
  return allDid ? 1 : recovered / (recovered + connections.lost);
}

/** From the fastest to the slowest, with some room. */
function domainOf(points: readonly Point[]): [number, number] {
  let low = Infinity;
  let high = LEAST_MS;
  for (const { ms } of points) {
    low = Math.min(low, ms);
    high = Math.max(high, ms);
  }
  return [low / 1.25, high * 1.25];
}

/** 1, 2 and 5 of each decade while they have room, else the powers of ten. */
function ticks([low, high]: [number, number]): number[] {
  const factors = high / low < 100 ? [1, 2, 5] : [1];
  const values: number[] = [];
  for (let exponent = Math.floor(Math.log10(low)); 10 ** exponent <= high; exponent++) {
    // Division keeps 0.01 what it is: 10 ** -2 is 0.01, but 5 * 10 ** -3 is not always 0.005.
    values.push(
      ...factors.map((factor) => (exponent < 0 ? factor / 10 ** -exponent : factor * 10 ** exponent)),
    );
  }
  return values.filter((value) => value >= low && value <= high);
}

function describe({ strategy, series: { recoveryTimesMs } }: ChartSeries): string {
  return `${formatMs(quantile(recoveryTimesMs, 0.5))} ms (${strategy})`;
}
