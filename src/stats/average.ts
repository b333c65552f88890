/** Averages of an unsorted sample. */
import { ascending, quantile } from './quantile.js';

/** Arithmetic mean; null for an empty sample. */
export function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Median, the mean of the two middle values for an even count; null for an empty sample. */
export function median(values: readonly number[]): number | null {
  return values.length === 0 ? null : quantile(ascending(values), 0.5);
}
