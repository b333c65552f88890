/** A straight line through points (N. R. Draper and H. Smith, "Applied Regression Analysis", 1998, chapter 1). */
import { mean } from './average.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface LinearFit {
  readonly slope: number;
  readonly intercept: number;
  /** Bounds of the two-sided 95 % interval of `slope`; it supposes that the points are independent. */
  readonly slopeLow: number;
  readonly slopeHigh: number;
  /** Share of the variance of y that the line explains, 0 to 1; null when y does not vary. */
  readonly r2: number | null;
  readonly points: number;
}

/** Two places on the x axis always lie on a line: they say nothing of how y grows. */
const MIN_PLACES = 3;

/** Least squares. Null for points in fewer than three places, or with a value that is not finite. */
export function fitLine(points: readonly Point[]): LinearFit | null {
  if (new Set(points.map(({ x }) => x)).size < MIN_PLACES) return null;
  if (points.some(({ x, y }) => !Number.isFinite(x) || !Number.isFinite(y))) return null;
  const meanX = mean(points.map(({ x }) => x)) ?? 0;
  const meanY = mean(points.map(({ y }) => y)) ?? 0;
  const total = (of: (dx: number, dy: number) => number): number =>
    points.reduce((sum, { x, y }) => sum + of(x - meanX, y - meanY), 0);
  const varianceX = total((dx) => dx * dx);
  const varianceY = total((_, dy) => dy * dy);
  const slope = total((dx, dy) => dx * dy) / varianceX;
  const residual = total((dx, dy) => (dy - slope * dx) ** 2);
  const freedom = points.length - 2;
  const margin = studentQuantile(freedom) * Math.sqrt(residual / freedom / varianceX);
  return {
    slope,
    intercept: meanY - slope * meanX,
    slopeLow: slope - margin,
    slopeHigh: slope + margin,
    r2: varianceY === 0 ? null : Math.max(0, 1 - residual / varianceY),
    points: points.length,
  };
}

/** 97.5 % quantiles of Student's t distribution with 1 to 10 degrees of freedom. */
const STUDENT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
/** Of the normal distribution, which Student's becomes. */
const NORMAL = 1.959964;

/**
 * The 97.5 % quantile of Student's t distribution: from a table, then by its expansion around the normal distribution
 * (M. Abramowitz and I. A. Stegun, "Handbook of Mathematical Functions", 1964, 26.7.5), right to 0.001 from 11 on.
 *
 * @param freedom whole, >= 1
 */
function studentQuantile(freedom: number): number {
  const z = NORMAL;
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  return STUDENT[freedom - 1] ?? z + first / freedom + second / freedom ** 2;
}
