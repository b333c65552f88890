import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPrng } from '../../src/base/prng.js';
import { quantileInterval, samplesForQuantile } from '../../src/stats/quantile-interval.js';

/** 0, 1, 2, ...: each order statistic is its own index. */
function indices(count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, index) => index);
}

function choose(n: number, k: number): number {
  let result = 1;
  for (let i = 1; i <= k; i++) result = (result * (n - k + i)) / i;
  return result;
}

/** P(low <= X < high), X binomial, summed term by term: the probability that the two order statistics hold the quantile. */
function coverageByEnumeration(count: number, q: number, low: number, high: number): number {
  let sum = 0;
  for (let k = low + 1; k <= high; k++) sum += choose(count, k) * q ** k * (1 - q) ** (count - k);
  return sum;
}

describe('quantileInterval', () => {
  // scipy.stats.quantile_test(range(n), p=q).confidence_interval(0.95), SciPy 1.17.1.
  it.each([
    [6, 0.5, 0, 5],
    [10, 0.5, 1, 8],
    [25, 0.5, 7, 17],
    [100, 0.5, 39, 60],
    [500, 0.5, 227, 272],
    [40, 0.25, 4, 16],
    [100, 0.9, 83, 95],
    [100, 0.95, 89, 99],
    [400, 0.99, 391, 399],
  ])('of %i values and quantile %d is that of SciPy', (count, q, low, high) => {
    expect(quantileInterval(indices(count), q)).toMatchObject({ low, high });
  });

  it('covers as much as the binomial distribution says, and at least 95 %', () => {
    fc.assert(
      fc.property(fc.integer({ min: 6, max: 60 }), fc.constantFrom(0.3, 0.5, 0.7), (count, q) => {
        const interval = quantileInterval(indices(count), q);
        if (interval === null) {
          expect(count).toBeLessThan(samplesForQuantile(q));
          return;
        }
        expect(interval.coverage).toBeGreaterThanOrEqual(0.95);
        expect(interval.coverage).toBeCloseTo(
          coverageByEnumeration(count, q, interval.low, interval.high),
          9,
        );
      }),
    );
  });

  it('holds the true median of a skewed distribution about as often as it says', () => {
    const prng = createPrng(3);
    const rounds = 2000;
    let covered = 0;
    let coverage = 0;
    for (let round = 0; round < rounds; round++) {
      const sample = Float64Array.from({ length: 12 }, () => -Math.log(1 - prng.uniform())).sort();
      const interval = quantileInterval(sample, 0.5);
      coverage = interval?.coverage ?? 0;
      if (interval !== null && interval.low <= Math.LN2 && Math.LN2 <= interval.high) covered++;
    }
    // Four standard errors of 2,000 rounds.
    expect(Math.abs(covered / rounds - coverage)).toBeLessThan(0.018);
  });

  it('is there from the least number of values on, not before', () => {
    for (const q of [0.5, 0.9, 0.95, 0.99]) {
      const least = samplesForQuantile(q);
      expect(quantileInterval(indices(least), q)).not.toBeNull();
      expect(quantileInterval(indices(least - 1), q)).toBeNull();
    }
    expect([0.5, 0.95, 0.99].map(samplesForQuantile)).toEqual([6, 72, 368]);
  });

  it('refuses what is no inner quantile', () => {
    expect(() => quantileInterval([1], 1)).toThrow('q is 1');
    expect(() => samplesForQuantile(0)).toThrow('q is 0');
    expect(() => samplesForQuantile(0.9999999)).toThrow('values');
  });
});
