/**
 * Which values of a sample are far from the rest: modified z-scores of B. Iglewicz and D. C. Hoaglin, "How to Detect and
 * Handle Outliers", 1993. They are named, never removed: the median is not moved by them, and they happened.
 */
import { mean, median } from './average.js';

/** Above it Iglewicz and Hoaglin call a value an outlier. */
const MAX_SCORE = 3.5;
/** Make both deviations estimate the standard deviation of a normal distribution: Phi^-1(3/4), and sqrt(2 / pi). */
const MEDIAN_DEVIATION_OF_NORMAL = 0.6745;
const MEAN_DEVIATION_OF_NORMAL = 0.797885;

/**
 * Indices of the outliers of `values`, ascending. When more than half of the values are the same, so that the median
 * deviation is 0, the mean deviation takes its place.
 */
export function outlierIndices(values: readonly number[]): number[] {
  const middle = median(values);
  if (middle === null) return [];
  const deviations = values.map((value) => Math.abs(value - middle));
  const spread = scale(deviations);
  if (spread === 0) return [];
  return deviations.flatMap((deviation, index) => (deviation / spread > MAX_SCORE ? [index] : []));
}

function scale(deviations: readonly number[]): number {
  const medianDeviation = median(deviations) ?? 0;
  if (medianDeviation > 0) return medianDeviation / MEDIAN_DEVIATION_OF_NORMAL;
  return (mean(deviations) ?? 0) / MEAN_DEVIATION_OF_NORMAL;
}
