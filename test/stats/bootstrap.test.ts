import { describe, expect, it } from 'vitest';
import { createPrng } from '../../src/base/prng.js';
import type { Prng } from '../../src/contracts/workload.js';
import {
  bootstrapMedianLogRatio,
  bootstrapRatioOfMedians,
  MIN_PAIRS_FOR_INTERVAL,
  type Pair,
} from '../../src/stats/bootstrap.js';

/** Standard normal, by the method of Box and Muller. */
function normal(prng: Prng): number {
  return Math.sqrt(-2 * Math.log(1 - prng.uniform())) * Math.cos(2 * Math.PI * prng.uniform());
}

/** Pairs with a shared block effect, and a true median ratio of `ratio`. */
function makePairs(count: number, ratio: number, prng: Prng): Pair[] {
  return Array.from({ length: count }, () => {
    const block = Math.exp(normal(prng));
    return { reference: block, value: block * ratio * Math.exp(0.2 * normal(prng)) };
  });
}

describe('bootstrapMedianLogRatio', () => {
  it('is the median ratio, with the bounds around it', () => {
    const pairs = [0.5, 0.4, 0.6, 0.45, 0.55, 0.7, 0.3].map((value) => ({ value, reference: 1 }));
    const { ratio, low, high } = bootstrapMedianLogRatio(pairs, createPrng(1));
    expect(ratio).toBeCloseTo(0.5, 12);
    expect(low).toBeGreaterThanOrEqual(0.3 - 1e-12);
    expect(low).toBeLessThan(ratio);
    expect(high).toBeGreaterThan(ratio);
    expect(high).toBeLessThanOrEqual(0.7 + 1e-12);
  });

  it('takes the geometric mean of the two middle ratios of an even count', () => {
    const pairs = [
      { value: 1, reference: 1 },
      { value: 4, reference: 1 },
    ];
    expect(bootstrapMedianLogRatio(pairs, createPrng(1)).ratio).toBeCloseTo(2, 12);
  });

  it('has no width when all pairs agree', () => {
    const pairs = Array.from({ length: 8 }, (_, i) => ({ value: 3 * (i + 1), reference: i + 1 }));
    const { ratio, low, high } = bootstrapMedianLogRatio(pairs, createPrng(1));
    expect([ratio, low, high].map((value) => Math.round(value * 1e9) / 1e9)).toEqual([3, 3, 3]);
  });

  it('gives the reciprocals when value and reference change places', () => {
    const pairs = makePairs(9, 0.5, createPrng(5));
    const swapped = pairs.map(({ value, reference }) => ({ value: reference, reference: value }));
    const forth = bootstrapMedianLogRatio(pairs, createPrng(7));
    const back = bootstrapMedianLogRatio(swapped, createPrng(8));
    expect(back.ratio).toBeCloseTo(1 / forth.ratio, 12);
    expect(Math.log(back.low)).toBeCloseTo(-Math.log(forth.high), 1);
    expect(Math.log(back.high)).toBeCloseTo(-Math.log(forth.low), 1);
  });

  it('depends on nothing but pairs and seed', () => {
    const pairs = makePairs(10, 0.9, createPrng(2));
    expect(bootstrapMedianLogRatio(pairs, createPrng(3))).toEqual(
      bootstrapMedianLogRatio(pairs, createPrng(3)),
    );
  });

  it('covers the true ratio about as often as it says', () => {
    const prng = createPrng(11);
    const rounds = 150;
    let covered = 0;
    for (let round = 0; round < rounds; round++) {
      const { low, high } = bootstrapMedianLogRatio(makePairs(12, 0.8, prng), prng.fork(`round ${round}`));
      if (low <= 0.8 && 0.8 <= high) covered++;
    }
    // 95 % less three standard errors of 150 rounds, and less what a percentile interval of 12 pairs is known to lack.
    expect(covered / rounds).toBeGreaterThan(0.88);
    expect(covered).toBeLessThan(rounds);
  });

  it('refuses what has no ratio', () => {
    expect(() => bootstrapMedianLogRatio([], createPrng(1))).toThrow('there are no pairs or values');
    expect(() => bootstrapMedianLogRatio([{ value: 0, reference: 1 }], createPrng(1))).toThrow(
      '0 / 1 has no ratio',
    );
    expect(() => bootstrapMedianLogRatio([{ value: 1, reference: Infinity }], createPrng(1))).toThrow(
      '1 / Infinity',
    );
  });

  it('asks for as many pairs as a sign test at 5 %', () => {
    expect(2 ** (1 - MIN_PAIRS_FOR_INTERVAL)).toBeLessThan(0.05);
    expect(2 ** (2 - MIN_PAIRS_FOR_INTERVAL)).toBeGreaterThan(0.05);
  });
});

/** Values around `centre` that spread by a fifth, with nothing in common. */
function makeSample(count: number, centre: number, prng: Prng): number[] {
  return Array.from({ length: count }, () => centre * Math.exp(0.2 * normal(prng)));
}

describe('bootstrapRatioOfMedians', () => {
  it('is the ratio of the medians, with the bounds around it and within the extremes', () => {
    const { ratio, low, high } = bootstrapRatioOfMedians([5, 6, 7, 8, 9], [2, 2, 3, 4, 4], createPrng(1));
    expect(ratio).toBeCloseTo(7 / 3, 12);
    expect(low).toBeGreaterThanOrEqual(5 / 4 - 1e-12);
    expect(low).toBeLessThan(ratio);
    expect(high).toBeGreaterThan(ratio);
    expect(high).toBeLessThanOrEqual(9 / 2 + 1e-12);
  });

  it('takes its bounds from the resamples', () => {
    // The median logarithm of {1, 4} drawn twice is that of 1, 2 or 4 with probabilities 1/4, 1/2, 1/4: the 2.5 % bounds
    // are the extremes.
    const { ratio, low, high } = bootstrapRatioOfMedians([1, 4], [2], createPrng(1));
    expect(ratio).toBeCloseTo(1, 12);
    expect(low).toBeCloseTo(0.5, 12);
    expect(high).toBeCloseTo(2, 12);
  });

  it('covers the true ratio about as often as it says', () => {
    const prng = createPrng(12);
    const rounds = 150;
    let covered = 0;
    for (let round = 0; round < rounds; round++) {
      const [values, references] = [makeSample(10, 3, prng), makeSample(8, 2, prng)];
      const { low, high } = bootstrapRatioOfMedians(values, references, prng.fork(`round ${round}`));
      if (low <= 1.5 && 1.5 <= high) covered++;
    }
    expect(covered / rounds).toBeGreaterThan(0.88);
    expect(covered).toBeLessThan(rounds);
  });

  it('moves with its values', () => {
    const prng = createPrng(4);
    const [values, references] = [makeSample(7, 1, prng), makeSample(9, 1, prng)];
    const before = bootstrapRatioOfMedians(values, references, createPrng(6));
    const after = bootstrapRatioOfMedians(
      values.map((value) => value * 1.15),
      references,
      createPrng(6),
    );
    for (const bound of ['ratio', 'low', 'high'] as const) {
      expect(after[bound] / before[bound]).toBeCloseTo(1.15, 12);
    }
  });

  it('refuses what has no ratio', () => {
    expect(() => bootstrapRatioOfMedians([], [1], createPrng(1))).toThrow('no pairs or values');
    expect(() => bootstrapRatioOfMedians([1], [0], createPrng(1))).toThrow('0 has no ratio');
  });
});
