/** How deep and how long a rate fell after an instant (time 0), against its own mean before it. */
import type { RateCurve } from './rate-curve.js';

export interface Dip {
  /** Mean rate before the fault, counted from the first reply on: opening the connections is not load. */
  readonly beforePerSecond: number;
  /** Share of the rate before that was missing in the worst {@link WINDOW_MS} after it, 0 to 1. */
  readonly depth: number;
  /** Events missing against the rate before, until it was back (or until the end, when it never was). */
  readonly areaEvents: number;
  /** Until the first window with {@link RECOVERED_SHARE} of the rate before; null when there is none. */
  readonly timeTo95Ms: number | null;
}

/** Rates are smoothed over windows of this length: single 10 ms bins of a few hundred replies per second are noise. */
export const WINDOW_MS = 50;

/** A rate counts as back at 95 % of what it was. */
export const RECOVERED_SHARE = 0.95;

/**
 * Measures the dip of a curve; null when nothing was counted before time 0 (there is nothing to compare with).
 *
 * The rate is back at the first window of 50 ms, from the worst one on, that has 95 % of the rate before. When no window
 * after time 0 is worse than the worst full window before it, and none as bad lasts longer, the rate did not leave its
 * ordinary range: time 0.
 */
export function measureDip(curve: RateCurve): Dip | null {
  const before = ratesBefore(curve);
  const after = curve.perSecond.slice(indexOfZero(curve));
  const beforePerSecond = meanOf(before);
  if (beforePerSecond === 0) return null;
  const width = Math.max(1, Math.round(WINDOW_MS / curve.binMs));
  const windows = windowMeans(after, width);
  const worst = indexOfMinimum(windows);
  const ordinary = isOrdinary(windows, windowMeans(before, width), beforePerSecond);
  const back = ordinary ? 0 : recoveredAt(windows, worst, beforePerSecond);
  return {
    beforePerSecond,
    depth: clamp01(1 - (windows[worst] ?? beforePerSecond) / beforePerSecond),
    areaEvents: missingEvents(after.slice(0, back ?? after.length), beforePerSecond, curve.binMs),
    timeTo95Ms: back === null ? null : back * curve.binMs,
  };
}

/** Mean rate before time 0, from the first event on; 0 when there was none. */
export function rateBefore(curve: RateCurve): number {
  return meanOf(ratesBefore(curve));
}

function ratesBefore(curve: RateCurve): readonly number[] {
  return trimLeadingZeros(curve.perSecond.slice(0, indexOfZero(curve)));
}

/** Index of the first bin at or after time 0. */
function indexOfZero(curve: RateCurve): number {
  return Math.min(Math.max(-curve.firstBin, 0), curve.perSecond.length);
}

/** Whether the windows after time 0 are no worse, and no longer as bad, as those before it were at their worst. */
function isOrdinary(after: readonly number[], before: readonly number[], beforePerSecond: number): boolean {
  const worstBefore = Math.min(beforePerSecond, ...minimumOf(before));
  const worstAfter = after[indexOfMinimum(after)];
  if (worstAfter === undefined || worstAfter < worstBefore) return false;
  return longestRun(after, worstBefore) <= longestRun(before, worstBefore);
}

/** Length of the longest row of values that are at most `limit`. */
function longestRun(values: readonly number[], limit: number): number {
  let longest = 0;
  let current = 0;
  for (const value of values) {
    current = value <= limit ? current + 1 : 0;
    longest = Math.max(longest, current);
  }
  return longest;
}

/** Index of the window, counted from time 0, at which the rate is back. */
function recoveredAt(windows: readonly number[], worst: number, beforePerSecond: number): number | null {
  for (let i = worst; i < windows.length; i++) {
    if ((windows[i] ?? 0) >= RECOVERED_SHARE * beforePerSecond) return i;
  }
  return null;
}

function missingEvents(rates: readonly number[], beforePerSecond: number, binMs: number): number {
  let missing = 0;
  for (const rate of rates) missing += (beforePerSecond - rate) * (binMs / 1000);
  return Math.max(0, missing);
}

/** Means over each run of `width` values. */
function windowMeans(rates: readonly number[], width: number): number[] {
  const means: number[] = [];
  for (let i = 0; i + width <= rates.length; i++) means.push(meanOf(rates.slice(i, i + width)));
  return means;
}

function trimLeadingZeros(rates: readonly number[]): readonly number[] {
  const first = rates.findIndex((rate) => rate > 0);
  return first < 0 ? [] : rates.slice(first);
}

function meanOf(rates: readonly number[]): number {
  if (rates.length === 0) return 0;
  let sum = 0;
  for (const rate of rates) sum += rate;
  return sum / rates.length;
}

function indexOfMinimum(values: readonly number[]): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] ?? 0) < (values[best] ?? 0)) best = i;
  return best;
}

/** The least value, as a list that is empty when there is none. */
function minimumOf(values: readonly number[]): number[] {
  const least = values[indexOfMinimum(values)];
  return least === undefined ? [] : [least];
}

function clamp01(value: number): number {
  return Math.min(1, Math.max(0, value));
}
