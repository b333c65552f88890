/** The rate of verified replies around the fault, one line per strategy, with the dip marked. */
import type { Cell } from '../../src/contracts/results.js';
import { WINDOW_MS } from '../../src/stats/dip.js';
import { formatCount, formatPercent, NONE } from '../parts/format.js';
import { describeFaultEvents, faultLayers } from './fault-events.js';
import { type Chart, type ChartLayer, type ChartTable, PLOT_HEIGHT } from './render.js';
import { type ChartSeries, colourEncoding, shapeEncoding, strategyEncoding } from './series.js';
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

type Throughput = NonNullable<Cell['throughput']>;

/** A strategy with a rate before the fault, and its curve as shares of that rate. */
interface Curve extends ChartSeries {
  readonly throughput: Throughput;
  readonly points: readonly SpanPoint[];
}

const AREA_OPACITY = 0.12;

/** Higher values are drawn here: what matters lies below 1, and few replies make high peaks. */
const MOST_SHARE = 2;

/** The chart; null when nothing was measured. */
export function throughputChart(series: readonly ChartSeries[]): Chart | null {
  const span = spanOf(series);
  if (span === null) return null;
  const curves = series.flatMap((one) => toCurve(one, span) ?? []);
  if (curves.length === 0) return null;
  return {
    title: 'Throughput around the fault',
    text: `${curves.map(describe).join('; ')}. Each strategy against its own rate before the fault, means over ${WINDOW_MS} ms. The mark is the worst ${WINDOW_MS} ms, the shade what was missing until 95 % were back.${isCut(curves) ? ` Peaks above ${formatPercent(MOST_SHARE)} are cut off.` : ''}${describeFaultEvents(series, formatCount)}`,
    table: table(curves, span),
    pointing: spanPointing({ unit: ' %', factor: 100, digits: 0 }),
    spec: {
      height: PLOT_HEIGHT,
      layer: [areas(curves), ...faultLayers(series, span), lines(curves, span), marks(curves)],
    },
  };
}

function isCut(curves: readonly Curve[]): boolean {
  return curves.some(({ points }) => points.some(({ value }) => value > MOST_SHARE));
}

function toCurve(series: ChartSeries, span: Span): Curve | null {
  const { throughput } = series.cell;
  if (throughput === null || throughput.beforePerSecond === 0) return null;
  const { binMs, firstBin, repliesPerSecond } = series.series.throughput;
  const values = repliesPerSecond.map((rate) => rate / throughput.beforePerSecond);
  const points = movingMeans({ binMs, firstBin, values }, span, WINDOW_MS);
  return points.length === 0 ? null : { ...series, throughput, points };
}

function lines(curves: readonly Curve[], span: Span): ChartLayer {
  return {
    data: {
      values: curves.flatMap(({ strategy, points }) =>
        points.map(({ ms, value }) => ({ strategy, ms, value: Math.min(value, MOST_SHARE) })),
      ),
    },
    mark: { type: 'line', strokeWidth: 1.75 },
    encoding: {
      x: spanX(span),
      y: {
        field: 'value',
        type: 'quantitative',
        title: 'rate, of that before',
        scale: { zero: true },
        axis: { tickCount: 5, format: '%' },
      },
      ...strategyEncoding(curves),
    },
  };
}

/** What was missing against the rate before, until it was back. */
function areas(curves: readonly Curve[]): ChartLayer {
  const values = curves.flatMap(({ strategy, points, throughput: { timeTo95Ms } }) =>
    points
      .filter(({ ms }) => ms >= 0 && ms <= (timeTo95Ms ?? Infinity) + WINDOW_MS / 2)
      .map(({ ms, value }) => ({ strategy, ms, low: Math.min(1, value), full: 1 })),
  );
  return {
    data: { values },
    mark: { type: 'area', fillOpacity: AREA_OPACITY },
    encoding: {
      x: { field: 'ms', type: 'quantitative' },
      y: { field: 'low', type: 'quantitative' },
      y2: { field: 'full' },
      color: colourEncoding(curves),
    },
  };
}

/** The bottom of each dip. */
function marks(curves: readonly Curve[]): ChartLayer {
  const values = curves.flatMap(({ strategy, points }) => {
    const [first, ...others] = points.filter(({ ms }) => ms >= 0);
    if (first === undefined) return [];
    return [
      { strategy, ...others.reduce((worst, point) => (point.value < worst.value ? point : worst), first) },
    ];
  });
  return {
    data: { values },
    mark: { type: 'point', filled: true, size: 45, opacity: 1 },
    encoding: {
      x: { field: 'ms', type: 'quantitative' },
      y: { field: 'value', type: 'quantitative' },
      color: colourEncoding(curves),
      shape: shapeEncoding(curves),
    },
  };
}

function table(curves: readonly Curve[], span: Span): ChartTable {
  return {
    columns: ['ms after the fault', ...curves.map(({ strategy }) => `${strategy}, replies/s`)],
    rows: tableInstants(span).map((ms) => [
      formatCount(ms),
      ...curves.map(({ points, throughput: { beforePerSecond } }) => {
        const value = nearest(points, ms)?.value;
        return value === undefined ? NONE : formatCount(value * beforePerSecond);
      }),
    ]),
  };
}

function describe({ strategy, throughput }: Curve): string {
  const back =
    throughput.timeTo95Ms === null
      ? 'never back to 95 %'
      : `back to 95 % after ${formatCount(throughput.timeTo95Ms)} ms`;
  return `${strategy}: ${formatCount(throughput.beforePerSecond)}/s before, down by ${formatPercent(throughput.dipDepth)}, ${formatCount(throughput.dipAreaReplies)} replies missing, ${back}`;
}
