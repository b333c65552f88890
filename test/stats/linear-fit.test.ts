import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPrng } from '../../src/base/prng.js';
import { fitLine, type Point } from '../../src/stats/linear-fit.js';

describe('fitLine', () => {
  it('agrees with a worked example', () => {
    // R 4.2: confint(lm(c(2.1,3.9,6.2,7.8,10.1) ~ 1:5)).
    const fit = fitLine([2.1, 3.9, 6.2, 7.8, 10.1].map((y, index) => ({ x: index + 1, y })));
    expect(fit?.slope).toBeCloseTo(1.99, 10);
    expect(fit?.intercept).toBeCloseTo(0.05, 10);
    expect(fit?.slopeLow).toBeCloseTo(1.99 - 3.182 * Math.sqrt(0.107 / 3 / 10), 9);
    expect(fit?.slopeHigh).toBeCloseTo(1.99 + 3.182 * Math.sqrt(0.107 / 3 / 10), 9);
    expect(fit?.r2).toBeCloseTo(1 - 0.107 / 39.708, 9);
    expect(fit?.points).toBe(5);
  });

  it('finds any line that there is, exactly', () => {
    const value = fc.integer({ min: -1000, max: 1000 });
    const places = fc.uniqueArray(value, { minLength: 3, maxLength: 20 });
    fc.assert(
      fc.property(places, value, value, (xs, slope, intercept) => {
        const fit = fitLine(xs.map((x) => ({ x, y: slope * x + intercept })));
        expect(fit?.slope).toBeCloseTo(slope, 6);
        expect(fit?.intercept).toBeCloseTo(intercept, 3);
        expect(fit?.r2 ?? 1).toBeCloseTo(1, 6);
      }),
    );
  });

  it.each([1, 4, 20])(
    'has the true slope in its interval 95 times of 100, with %i values per place',
    (count) => {
      const prng = createPrng(1);
      const noise = (): number =>
        Array.from({ length: 12 }, () => prng.uniform()).reduce((a, b) => a + b, -6);
      const runs = 1000;
      let covered = 0;
      for (let run = 0; run < runs; run++) {
        const points: Point[] = [0, 1, 2, 3].flatMap((x) =>
          Array.from({ length: count }, () => ({ x, y: 2 * x + noise() })),
        );
        const { slopeLow = 0, slopeHigh = 0 } = fitLine(points) ?? {};
        if (slopeLow <= 2 && 2 <= slopeHigh) covered += 1;
      }
      // Four standard errors of a share of 0.95 are 0.028.
      expect(covered / runs).toBeGreaterThan(0.92);
      expect(covered / runs).toBeLessThan(0.98);
    },
  );

  it('explains nothing of what does not vary', () => {
    expect(fitLine([1, 2, 3].map((x) => ({ x, y: 7 })))).toMatchObject({ slope: 0, intercept: 7, r2: null });
  });

  it('fits no line to two places, nor to what is not a number', () => {
    expect(fitLine([])).toBeNull();
    expect(
      fitLine([
        { x: 1, y: 1 },
        { x: 2, y: 2 },
        { x: 2, y: 3 },
      ]),
    ).toBeNull();
    expect(fitLine([1, 2, 3].map((x) => ({ x, y: Number.NEGATIVE_INFINITY })))).toBeNull();
  });
});
