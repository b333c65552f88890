/** Recovery times as empirical distribution functions, one line per strategy. */
import { quantile } from '../../src/stats/quantile.js';
import { formatMs, NONE } from '../parts/format.js';
import { LEAST_MS, logDomain, logX, PERCEPTION_TEXT, perceptionLayers } from './log-axis.js';
import { type Chart, type ChartTable, PLOT_HEIGHT } from './render.js';
import { type ChartSeries, strategyEncoding } from './series.js';

interface Point {
  readonly strategy: string;
  readonly ms: number;
  /** Share of the connections that had recovered by then. */
  readonly share: number;
}

/** Points per line less one: a step of 1 %, which is under 2 px. */
const STEPS = 100;

/** Shares of the table, per cent. */
const TABLE_PERCENTS = [1, 10, 25, 50, 75, 90, 99, 100] as const;

/** The chart; null when no connection recovered. */
export function recoveryTimesChart(series: readonly ChartSeries[]): Chart | null {
  const shown = series.filter(({ series: { recoveryTimesMs } }) => recoveryTimesMs.length > 0);
  if (shown.length === 0) return null;
  const points = shown.flatMap(distribution);
  const domain = logDomain(points.map(({ ms }) => ms));
  return {
    title: 'Distribution of recovery times',
    text: `Median recovery time: ${shown.map(describe).join(', ')}. ${PERCEPTION_TEXT}`,
    table: table(shown),
    pointing: {
      kind: 'curves',
      x: { unit: ' ms after the fault' },
      y: { unit: ' %', factor: 100, digits: 0 },
      holds: true,
      zooms: false,
    },
    spec: {
      height: PLOT_HEIGHT,
      layer: [
        ...perceptionLayers(domain),
        {
          data: { values: points },
          mark: { type: 'line', strokeWidth: 2 },
          encoding: {
            x: logX('ms', domain),
            y: {
              field: 'share',
              type: 'quantitative',
              title: 'connections recovered',
              scale: { domain: [0, 1] },
              axis: { format: '%', values: [0, 0.25, 0.5, 0.75, 1] },
            },
            ...strategyEncoding(shown),
          },
        },
      ],
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
export function recoveredShare({
  recoveryTimeMs,
  timeToRecoveredMs,
  connections,
}: ChartSeries['cell']): number {
  const recovered = recoveryTimeMs?.count ?? 0;
  const allDid = timeToRecoveredMs === null || timeToRecoveredMs.all !== null;
  return allDid ? 1 : recovered / (recovered + connections.lost);
}

function table(shown: readonly ChartSeries[]): ChartTable {
  return {
    columns: ['connections recovered, %', ...shown.map(({ strategy }) => `${strategy}, ms`)],
    rows: TABLE_PERCENTS.map((percent) => [
      String(percent),
      ...shown.map(({ cell, series }) => {
        const share = percent / 100 / recoveredShare(cell);
        return share > 1 ? NONE : formatMs(quantile(series.recoveryTimesMs, share));
      }),
    ]),
  };
}

function describe({ strategy, series: { recoveryTimesMs } }: ChartSeries): string {
  return `${formatMs(quantile(recoveryTimesMs, 0.5))} ms (${strategy})`;
}
