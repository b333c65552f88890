/** A smaller sample with the same distribution. */

/**
 * At most `most` (>= 2) of the ascending values, evenly spaced by rank; the first and the last are always kept, so that the
 * range stays right.
 */
export function thin(sorted: ArrayLike<number>, most: number): number[] {
  const values = Array.from(sorted);
  if (values.length <= most) return values;
  const step = (values.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => values[Math.round(i * step)] ?? Number.NaN);
}
