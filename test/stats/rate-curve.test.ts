import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MeanRateCurve } from '../../src/stats/rate-curve.js';

describe('MeanRateCurve', () => {
  it('has no curve without a trial', () => {
    expect(new MeanRateCurve().curve()).toBeNull();
  });

  it('turns counts into rates', () => {
    const mean = new MeanRateCurve();
    mean.add({ binMs: 10, firstBin: -1, amounts: [1, 2, 3] }, 2);
    expect(mean.curve()).toEqual({ binMs: 10, firstBin: -1, perSecond: [100, 200, 300] });
  });

  it('averages each bin over the trials that cover it, with 0 where a trial counted nothing', () => {
    const mean = new MeanRateCurve();
    mean.add({ binMs: 10, firstBin: -1, amounts: [2, 2] }, 2);
    mean.add({ binMs: 10, firstBin: 0, amounts: [4, 4] }, 2);
    expect(mean.curve()).toEqual({ binMs: 10, firstBin: -1, perSecond: [200, 300, 200] });
  });

  it('leaves out counts after the end of the load', () => {
    const mean = new MeanRateCurve();
    mean.add({ binMs: 10, firstBin: 0, amounts: [1, 1, 9] }, 2);
    expect(mean.curve()?.perSecond).toEqual([100, 100]);
  });

  it('gives the same for merged parts as for all trials together', () => {
    const trial = fc.record({
      binMs: fc.constant(10),
      firstBin: fc.integer({ min: -20, max: 5 }),
      amounts: fc.array(fc.nat(100), { maxLength: 30 }),
    });
    fc.assert(
      fc.property(fc.array(trial, { minLength: 1 }), fc.nat(10), (trials, cut) => {
        const [whole, left, right] = [new MeanRateCurve(), new MeanRateCurve(), new MeanRateCurve()];
        trials.forEach((counts, index) => {
          whole.add(counts, 20);
          (index < cut ? left : right).add(counts, 20);
        });
        left.merge(right);
        expect(left.curve()).toEqual(whole.curve());
      }),
    );
  });

  it('refuses bins of another width, and absurd ranges', () => {
    const mean = new MeanRateCurve();
    mean.add({ binMs: 10, firstBin: 0, amounts: [1] }, 1);
    expect(() => mean.add({ binMs: 20, firstBin: 0, amounts: [1] }, 1)).toThrow('20 ms wide');
    expect(() => mean.add({ binMs: 10, firstBin: -2e9, amounts: [1] }, 1)).toThrow('at most 1000000');
    expect(() => mean.add({ binMs: 10, firstBin: 0, amounts: [1] }, 2e6)).toThrow('at most 1000000');
  });
});
