import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPrng } from '../../src/base/prng.js';
import { bootstrapMedianInterval } from '../../src/stats/median-interval.js';
import { ascending, quantile } from '../../src/stats/quantile.js';

const interval = (strata: Parameters<typeof bootstrapMedianInterval>[0]) =>
  bootstrapMedianInterval(strata, createPrng(1));

describe('bootstrapMedianInterval', () => {
  it('has no width where all samples are equal', () => {
    expect(interval([[[7, 7], [7], [7, 7, 7]]])).toEqual({ low: 7, high: 7 });
  });

  it('draws whole trials: samples that agree within a trial do not narrow it', () => {
    const trials = Array.from({ length: 8 }, (_, trial) => new Array<number>(1000).fill(trial));
    const { low, high } = interval([trials]);
    expect(low).toBeLessThanOrEqual(2);
    expect(high).toBeGreaterThanOrEqual(5);
  });

  it('is as narrow as 8,000 independent samples make it when trials do not differ', () => {
    const same = Array.from({ length: 1000 }, (_, i) => i);
    expect(interval([new Array(8).fill(same)])).toEqual({ low: 499, high: 499 });
  });

  it('draws within each stratum: the share of a stratum does not vary', () => {
    const [fast, slow] = [new Array(6).fill([1, 1]), new Array(6).fill([9])];
    expect(interval([fast, slow])).toEqual({ low: 1, high: 1 });
  });

  it('is the same for the same seed, and holds values of the sample around its median', () => {
    const stratum = fc.array(fc.array(fc.nat(1000), { minLength: 1, maxLength: 9 }), {
      minLength: 1,
      maxLength: 9,
    });
    fc.assert(
      fc.property(fc.array(stratum, { minLength: 1, maxLength: 3 }), (strata) => {
        const { low, high } = interval(strata);
        expect(interval(strata)).toEqual({ low, high });
        const sorted = ascending(strata.flat(2));
        expect(low).toBeGreaterThanOrEqual(sorted[0] ?? Number.NaN);
        expect(high).toBeLessThanOrEqual(sorted[sorted.length - 1] ?? Number.NaN);
        expect(low).toBeLessThanOrEqual(quantile(sorted, 0.5));
        expect(high).toBeGreaterThanOrEqual(sorted[Math.ceil(sorted.length / 2) - 1] ?? Number.NaN);
      }),
      { numRuns: 20 },
    );
  });

  it('refuses to make an interval of nothing', () => {
    expect(() => interval([])).toThrow(RangeError);
    expect(() => interval([[[]]])).toThrow('there is no sample');
  });
});
