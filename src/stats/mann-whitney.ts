/**
 * Whether values of one sample tend to be larger than those of another, whatever their distribution: H. B. Mann and
 * D. R. Whitney, "On a Test of Whether one of Two Random Variables is Stochastically Larger than the Other", Annals of
 * Mathematical Statistics 18(1), 1947. The effect size is N. Cliff's delta ("Dominance statistics: Ordinal analyses to
 * answer ordinal questions", Psychological Bulletin 114(3), 1993).
 */

export interface MannWhitney {
  /** Pairs (value, reference) in which the value is larger; half for each tie. */
  readonly u: number;
  /** Probability of this `u` or a larger one, if both samples come from one distribution. */
  readonly pGreater: number;
  /** P(value > reference) - P(value < reference), -1 to 1. */
  readonly cliffsDelta: number;
}

/** Above it the normal approximation is right to the third digit, and the exact distribution costs its fourth power. */
const MAX_EXACT = 30;

/**
 * One-sided test that `values` tend to be larger than `references`. Exact for up to 30 values on each side without ties;
 * else normal, with corrections for ties and continuity.
 *
 * @throws RangeError for an empty sample, or a value that is not a number
 */
export function mannWhitney(values: readonly number[], references: readonly number[]): MannWhitney {
  requireNumbers(values);
  requireNumbers(references);
  const pairs = values.length * references.length;
  const u = countLarger(values, references);
  const tieSizes = tiesOf([...values, ...references]);
  const exact = tieSizes.length === 0 && values.length <= MAX_EXACT && references.length <= MAX_EXACT;
  return {
    u,
    pGreater: exact
      ? exactUpperTail(u, values.length, references.length)
      : normalUpperTail(u, values.length, references.length, tieSizes),
    cliffsDelta: (2 * u) / pairs - 1,
  };
}

function requireNumbers(sample: readonly number[]): void {
  if (sample.length === 0)
    throw new RangeError('Mann-Whitney: a sample is empty, at least one value is needed');
  if (sample.some(Number.isNaN))
    throw new RangeError('Mann-Whitney: a sample holds a value that is not a number');
}

function countLarger(values: readonly number[], references: readonly number[]): number {
  let u = 0;
  for (const value of values) {
    for (const reference of references) u += value > reference ? 1 : value === reference ? 0.5 : 0;
  }
  return u;
}

/** How many values share a place, for each place that is shared. */
function tiesOf(sample: readonly number[]): number[] {
  const counts = new Map<number, number>();
  for (const value of sample) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts.values()].filter((count) => count > 1);
}

function exactUpperTail(u: number, m: number, n: number): number {
  const probabilities = distributionOfU(m, n);
  let tail = 0;
  for (let at = u; at < probabilities.length; at++) tail += probabilities[at] ?? 0;
  return Math.min(1, tail);
}

/**
 * P(U = u) for u = 0 to m * n, by Mann and Whitney's recurrence on the largest of all values: it is one of the m with
 * probability m / (m + n), and then exceeds all n. Row by row, so that only the row before is kept.
 */
function distributionOfU(m: number, n: number): readonly number[] {
  let row: number[][] = Array.from({ length: n + 1 }, () => [1]);
  for (let i = 1; i <= m; i++) {
    const next: number[][] = [[1]];
    for (let j = 1; j <= n; j++) {
      const withoutValue = row[j] ?? [];
      const withoutReference = next[j - 1] ?? [];
      next.push(
        Array.from(
          { length: i * j + 1 },
          (_, u) => (i * (withoutValue[u - j] ?? 0) + j * (withoutReference[u] ?? 0)) / (i + j),
        ),
      );
    }
    row = next;
  }
  return row[n] ?? [];
}

/** With half a step for continuity; ties make the spread smaller. */
function normalUpperTail(u: number, m: number, n: number, tieSizes: readonly number[]): number {
  const all = m + n;
  const tied = tieSizes.reduce((sum, size) => sum + (size ** 3 - size), 0);
  const variance = ((m * n) / 12) * (all + 1 - tied / (all * (all - 1)));
  // Only when all values are the same: nothing is larger than anything.
  if (!(variance > 0)) return 1;
  return upperTailOfNormal((u - (m * n) / 2 - 0.5) / Math.sqrt(variance));
}

/**
 * P(Z >= z) by the rational approximation 26.2.17 of M. Abramowitz and I. A. Stegun, "Handbook of Mathematical Functions",
 * 1964: its error is below 7.5e-8.
 */
function upperTailOfNormal(z: number): number {
  if (z < 0) return 1 - upperTailOfNormal(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const polynomial =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}
