/** A horizontal bar of characters: solid up to the median, a line on to the 99th percentile. */
import { formatMs } from '../parts/format.js';

export interface BarScale {
  readonly kind: 'linear' | 'log';
  /** Value at the left edge, ms: 0 for a linear scale. */
  readonly low: number;
  /** Value at the right edge, ms. */
  readonly high: number;
}

export interface BarValues {
  readonly p50: number;
  readonly p99: number;
}

/**
 * Above this ratio of the slowest p99 to the fastest p50 the shortest bar of a linear scale would be less than one of about
 * thirty cells.
 */
const LINEAR_RATIO = 30;

/** 10 us: a log scale has no 0, and no measured recovery is faster. */
const LEAST_MS = 0.01;

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** One scale for all bars of a group; null when there is nothing to draw. */
export function barScale(values: readonly BarValues[]): BarScale | null {
  if (values.length === 0) return null;
  const high = Math.max(...values.map(({ p99 }) => p99));
  const fastest = Math.max(LEAST_MS, Math.min(...values.map(({ p50 }) => p50)));
  if (high / fastest <= LINEAR_RATIO) return { kind: 'linear', low: 0, high };
  return { kind: 'log', low: 10 ** Math.floor(Math.log10(fastest)), high };
}

/** `linear, 0 to 111`: on a log scale the length of a bar is no ratio, and its left edge is not 0. */
export function describeScale({ kind, low, high }: BarScale): string {
  return `${kind}, ${kind === 'linear' ? '0' : formatMs(low)} to ${formatMs(high)}`;
}

/** At most `cells` characters in all. The mark of p99 has always a cell of its own. */
export function drawBar(
  { p50, p99 }: BarValues,
  scale: BarScale,
  cells: number,
  unicode: boolean,
): { readonly bar: string; readonly tail: string } {
  const room = cells - 1;
  const solid = position(p50, scale) * room;
  const bar = unicode ? blocks(solid) : '#'.repeat(Math.round(solid));
  const markAt = Math.max([...bar].length, Math.min(room, Math.round(position(p99, scale) * room)));
  const line = (unicode ? '─' : '-').repeat(markAt - [...bar].length);
  return { bar, tail: line + (unicode ? '┤' : '|') };
}

/** Share of the way from the left edge to the right one. */
function position(value: number, { kind, low, high }: BarScale): number {
  if (high <= low) return 0;
  const share =
    kind === 'linear' ? value / high : Math.log(Math.max(value, low) / low) / Math.log(high / low);
  return Math.min(1, Math.max(0, share));
}

/** Whole blocks, and one in eighths. */
function blocks(length: number): string {
  const eighths = Math.round(length * 8);
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}
