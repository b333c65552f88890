/** The time axis around the fault that the curves of a case share. */
import { lastFaultEventMs } from './fault-events.js';
import type { CurvesPointing, Reading } from './pointing.js';
import { NUMBER_FORMAT } from './render.js';
import type { ChartSeries } from './series.js';

/** What is drawn, ms around the fault. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Bins {
  readonly binMs: number;
  readonly firstBin: number;
  readonly values: readonly number[];
}

export interface SpanPoint {
  /** Middle of the window, ms after the fault. */
  readonly ms: number;
  readonly value: number;
}

/** Long enough to see a rate, ms. */
const LEAST_AFTER_MS = 300;

/** Points per line: one per 2 px. */
const MOST_POINTS = 125;

/** Rows of the table of a curve. */
const TABLE_ROWS = 20;

/**
 * Until a quarter as long again as the slowest strategy, and the fault itself, took; and a third of that before the fault: the dip fills the
 * picture, however long the trial was. Null without a bin.
 */
export function spanOf(shown: readonly ChartSeries[]): Span | null {
  const bins = shown.map(({ series: { throughput } }) => throughput);
  if (bins.length === 0) return null;
  const firstMs = Math.min(...bins.map(({ firstBin, binMs }) => firstBin * binMs));
  const lastMs = Math.max(
    ...bins.map(({ firstBin, binMs, repliesPerSecond }) => (firstBin + repliesPerSecond.length) * binMs),
  );
  const settledMs = Math.max(lastFaultEventMs(shown), ...shown.map(({ cell }) => settledAt(cell, lastMs)));
  const to = Math.min(lastMs, Math.max(LEAST_AFTER_MS, 1.25 * settledMs));
  const from = Math.max(firstMs, -to / 3);
  return to > from ? { from, to } : null;
}

/** When the rate was back and nearly all connections were; the end of the curve when the rate never was. */
function settledAt({ throughput, recoveryTimeMs }: ChartSeries['cell'], lastMs: number): number {
  const recoveredMs = recoveryTimeMs?.p90 ?? 0;
  if (throughput === null) return recoveredMs;
  return Math.max(throughput.timeTo95Ms ?? lastMs, recoveredMs);
}

/**
 * Means over a window of `windowMs` that moves on by a bin (or more, where that is finer than the picture). No window mixes
 * before and after the fault.
 */
export function movingMeans(
  { binMs, firstBin, values }: Bins,
  { from, to }: Span,
  windowMs: number,
): SpanPoint[] {
  const width = Math.max(1, Math.round(windowMs / binMs));
  const step = Math.max(1, Math.ceil((to - from) / binMs / MOST_POINTS));
  const points: SpanPoint[] = [];
  for (let start = 0; start + width <= values.length; start++) {
    const bin = firstBin + start;
    const ms = (bin + width / 2) * binMs;
    const mixes = bin < 0 && bin + width > 0;
    if (mixes || bin % step !== 0 || ms < from || ms > to) continue;
    const window = values.slice(start, start + width);
    points.push({ ms, value: window.reduce((sum, value) => sum + value, 0) / width });
  }
  return points;
}

/** Instants for the table of a curve, ms after the fault: even, round, the fault among them. */
export function tableInstants({ from, to }: Span): number[] {
  const roughly = (to - from) / TABLE_ROWS;
  const power = 10 ** Math.floor(Math.log10(roughly));
  const step =
    [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= roughly) ?? power;
  const first = Math.ceil(from / step);
  return Array.from({ length: Math.floor(to / step) - first + 1 }, (_, i) => (first + i) * step);
}

/** The point nearest to an instant, for tables. */
export function nearest(points: readonly SpanPoint[], ms: number): SpanPoint | undefined {
  const distance = (point: SpanPoint): number => Math.abs(point.ms - ms);
  const [first, ...others] = points;
  return others.reduce((best, point) => (best && distance(best) <= distance(point) ? best : point), first);
}

/** The x axis of all curves of a case. */
export function spanX({ from, to }: Span) {
  const domain: [number, number] = [from, to];
  return {
    field: 'ms',
    type: 'quantitative',
    title: 'ms after the fault',
    scale: { domain, nice: false },
    axis: { tickCount: 6, format: NUMBER_FORMAT, grid: false },
  } as const;
}

/** What can be read off the curves on {@link spanX}. */
export function spanPointing(y: Reading): CurvesPointing {
  return { kind: 'curves', x: { unit: ' ms after the fault' }, y, holds: false, zooms: true };
}
