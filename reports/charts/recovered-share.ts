/** Share of the connections that had recovered, over the time since the fault: the time axis of the throughput. */

import { formatCount, formatPercent } from '../parts/format.js';
import { describeFaultEvents, faultLayers } from './fault-events.js';
import { recoveredShare } from './recovery-times.js';
import { type Chart, type ChartTable, PLOT_HEIGHT } from './render.js';
import { type ChartSeries, strategyEncoding } from './series.js';
import { type Span, spanOf, spanPointing, spanX, tableInstants } from './span.js';

interface Point {
  readonly strategy: string;
  readonly ms: number;
  readonly share: number;
}

/** Points per line less one: one per 2 to 3 px. */
const STEPS = 100;

/** The chart; null when no connection recovered. */
export function recoveredShareChart(series: readonly ChartSeries[]): Chart | null {
  const shown = series.filter(({ series: { recoveryTimesMs } }) => recoveryTimesMs.length > 0);
  const span = spanOf(series);
  if (shown.length === 0 || span === null) return null;
  return {
    title: 'Connections recovered over time',
    text: `All that should recover had done so: ${shown.map(describe).join(', ')}.${describeFaultEvents(series, formatCount)}`,
    table: table(shown, span),
    pointing: { ...spanPointing({ unit: ' %', factor: 100, digits: 0 }), holds: true },
    spec: {
      height: PLOT_HEIGHT,
      layer: [
        ...faultLayers(series, span),
        {
          data: { values: shown.flatMap((one) => curve(one, span)) },
          mark: { type: 'line', strokeWidth: 1.75, interpolate: 'step-after' },
          encoding: {
            x: spanX(span),
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

/** Only the steps of the line: a level part needs no points between its ends. */
function curve(one: ChartSeries, { from, to }: Span): Point[] {
  const { strategy } = one;
  const instants = Array.from({ length: STEPS + 1 }, (_, step) => (step / STEPS) * to);
  const points = [from, ...instants].map((ms) => ({ strategy, ms, share: ms < 0 ? 0 : shareAt(one, ms) }));
  return points.filter(({ share }, i) => i === points.length - 1 || share !== points[i - 1]?.share);
}

/** The recovery times are ascending, and may be thinned: shares of them are shares of all. */
function shareAt({ cell, series: { recoveryTimesMs } }: ChartSeries, ms: number): number {
  const later = recoveryTimesMs.findIndex((time) => time > ms);
  const recovered = later < 0 ? recoveryTimesMs.length : later;
  return (recovered / recoveryTimesMs.length) * recoveredShare(cell);
}

function table(shown: readonly ChartSeries[], span: Span): ChartTable {
  return {
    columns: ['ms after the fault', ...shown.map(({ strategy }) => `${strategy}, %`)],
    rows: tableInstants(span)
      .filter((ms) => ms >= 0)
      .map((ms) => [formatCount(ms), ...shown.map((one) => String(Math.round(shareAt(one, ms) * 100)))]),
  };
}

function describe({ strategy, cell }: ChartSeries): string {
  const all = cell.timeToRecoveredMs?.all;
  return all == null
    ? `never (${strategy}, ${formatPercent(recoveredShare(cell))})`
    : `after ${formatCount(all)} ms (${strategy})`;
}
