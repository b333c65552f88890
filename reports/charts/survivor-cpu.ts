/** The handshake storm: how many cores the surviving replicas keep busy around the fault. */

import { formatCount, NONE } from '../parts/format.js';
import { describeFaultEvents, faultLayers } from './fault-events.js';
import { type Chart, type ChartTable, PLOT_HEIGHT } from './render.js';
import { type ChartSeries, strategyEncoding } from './series.js';
import {
  movingMeans,
  nearest,
  type Span,
  type SpanPoint,
  spanOf,
  spanPointing,
  spanX,
  tableInstants,
} from './span.js';

interface Curve extends ChartSeries {
  readonly points: readonly SpanPoint[];
}

/** CPU time is counted in steps of 1 to 10 ms, depending on the system: shorter means would show the steps. */
const WINDOW_MS = 30;

/** The chart; null when the results have no such curve. */
export function survivorCpuChart(series: readonly ChartSeries[]): Chart | null {
  const span = spanOf(series);
  if (span === null) return null;
  const curves = series.flatMap((one) => toCurve(one, span) ?? []);
  if (curves.length === 0) return null;
  return {
    title: 'CPU of the surviving replicas',
    text: `Busiest ${WINDOW_MS} ms after the fault: ${curves.map(describe).join(', ')}. Before the fault, it is what replication costs the backup.${describeFaultEvents(series, formatCount)}`,
    table: table(curves, span),
    pointing: spanPointing({ unit: ' cores', digits: 2 }),
    spec: {
      height: PLOT_HEIGHT,
      layer: [
        ...faultLayers(series, span),
        {
          data: {
            values: curves.flatMap(({ strategy, points }) => points.map((point) => ({ strategy, ...point }))),
          },
          mark: { type: 'line', strokeWidth: 1.75 },
          encoding: {
            x: spanX(span),
            y: {
              field: 'value',
              type: 'quantitative',
              title: 'cores busy',
              scale: { zero: true },
              axis: { tickCount: 5, format: '.1~f' },
            },
            ...strategyEncoding(curves),
          },
        },
      ],
    },
  };
}

function toCurve(series: ChartSeries, span: Span): Curve | null {
  const { survivorCpu } = series.series;
  if (survivorCpu === null) return null;
  const { binMs, firstBin, cores } = survivorCpu;
  const points = movingMeans({ binMs, firstBin, values: cores }, span, WINDOW_MS);
  return points.length === 0 ? null : { ...series, points };
}

function table(curves: readonly Curve[], span: Span): ChartTable {
  return {
    columns: ['ms after the fault', ...curves.map(({ strategy }) => `${strategy}, cores`)],
    rows: tableInstants(span).map((ms) => [
      formatCount(ms),
      ...curves.map(({ points }) => nearest(points, ms)?.value.toFixed(2) ?? NONE),
    ]),
  };
}

function describe({ strategy, points }: Curve): string {
  const busiest = Math.max(0, ...points.filter(({ ms }) => ms >= 0).map(({ value }) => value));
  return `${busiest.toFixed(2)} cores (${strategy})`;
}
