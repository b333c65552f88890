import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPrng } from '../../src/base/prng.js';
import { fitLine, type Point } from '../../src/stats/linear-fit.js';

/** NIST, Statistical Reference Datasets, "Norris" (linear regression, observed): y, then x. */
const NORRIS = [
  [0.1, 0.2],
  [338.8, 337.4],
  [118.1, 118.2],
  [888.0, 884.6],
  [9.2, 10.1],
  [228.1, 226.5],
  [668.5, 666.3],
  [998.5, 996.3],
  [449.1, 448.6],
  [778.9, 777.0],
  [559.2, 558.2],
  [0.3, 0.4],
  [0.1, 0.6],
  [778.1, 775.5],
  [668.8, 666.9],
  [339.3, 338.0],
  [448.9, 447.5],
  [10.8, 11.6],
  [557.7, 556.0],
  [228.3, 228.1],
  [998.0, 995.8],
  [888.8, 887.6],
  [119.6, 120.2],
  [0.3, 0.3],
  [0.6, 0.3],
  [557.6, 556.8],
  [339.3, 339.1],
  [888.0, 887.2],
  [998.5, 999.0],
  [778.9, 779.0],
  [10.2, 11.1],
  [117.6, 118.3],
  [228.9, 229.2],
  [668.4, 669.1],
  [449.2, 448.9],
  [0.2, 0.5],
] as const;
/** F. J. Anscombe, "Graphs in Statistical Analysis", 1973, the first of his four sets: y for x. */
const ANSCOMBE = [
  [8.04, 10],
  [6.95, 8],
  [7.58, 13],
  [8.81, 9],
  [8.33, 11],
  [9.96, 14],
  [7.24, 6],
  [4.26, 4],
  [10.84, 12],
  [4.82, 7],
  [5.68, 5],
] as const;

function pointsOf(pairs: readonly (readonly [y: number, x: number])[]): Point[] {
  return pairs.map(([y, x]) => ({ x, y }));
}

describe('fitLine', () => {
  it('has the certified values of NIST, and the interval that they give', () => {
    const fit = fitLine(pointsOf(NORRIS));
    expect(fit?.points).toBe(36);
    expect(fit?.slope).toBeCloseTo(1.00211681802045, 12);
    expect(fit?.intercept).toBeCloseTo(-0.262323073774029, 10);
    expect(fit?.r2).toBeCloseTo(0.999993745883712, 12);
    // The standard deviation of the slope is certified; 2.0322 is Student's 97.5 % quantile with 34 degrees of freedom.
    const margin = 2.0322 * 0.000429796848199937;
    expect(fit?.slopeHigh).toBeCloseTo(1.00211681802045 + margin, 6);
    expect(fit?.slopeLow).toBeCloseTo(1.00211681802045 - margin, 6);
  });

  it('has the values that Anscombe published', () => {
    const fit = fitLine(pointsOf(ANSCOMBE));
    expect(fit?.slope).toBeCloseTo(0.5, 3);
    expect(fit?.intercept).toBeCloseTo(3, 2);
    expect(fit?.r2).toBeCloseTo(0.667, 3);
    // Standard error 0.118; 2.262 is the quantile with 9 degrees of freedom.
    expect(fit?.slopeHigh).toBeCloseTo(0.5 + 2.262 * 0.118, 2);
  });

  it('agrees with an example worked by hand', () => {
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
