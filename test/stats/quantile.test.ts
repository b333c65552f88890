import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ascending, quantile, summarizeQuantiles } from '../../src/stats/quantile.js';

const samples = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });
const share = fc.double({ min: 0, max: 1, noNaN: true });

describe('quantile', () => {
  it.each([
    // R: quantile(c(1, 2, 3, 4), 0.25, type = 7), quantile(1:10, 0.9, type = 7).
    [[1, 2, 3, 4], 0.25, 1.75],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9, 9.1],
    // NumPy: percentile([15, 20, 35, 40, 50], 40).
    [[15, 20, 35, 40, 50], 0.4, 29],
    [[7], 0.99, 7],
    [[1, 2], 0.5, 1.5],
    [[1, 5, 9], 0, 1],
    [[1, 5, 9], 1, 9],
  ])('of %j at %d is %d', (sorted, q, expected) => {
    expect(quantile(sorted, q)).toBeCloseTo(expected, 12);
  });

  it('stays within the sample and rises with q', () => {
    fc.assert(
      fc.property(samples, share, share, (values, a, b) => {
        const sorted = ascending(values);
        const [low, high] = [quantile(sorted, Math.min(a, b)), quantile(sorted, Math.max(a, b))];
        const tolerance = 1e-6;
        expect(low).toBeLessThanOrEqual(high + tolerance);
        expect(low).toBeGreaterThanOrEqual(Math.min(...values) - tolerance);
        expect(high).toBeLessThanOrEqual(Math.max(...values) + tolerance);
      }),
    );
  });

  it('refuses an empty sample and a q outside 0 to 1', () => {
    expect(() => quantile([], 0.5)).toThrow('the sample is empty');
    expect(() => quantile([1], 1.01)).toThrow('q is 1.01');
    expect(() => quantile([1], Number.NaN)).toThrow('q is NaN');
  });
});

describe('summarizeQuantiles', () => {
  it('gives the size, the tail and the maximum', () => {
    const sorted = Array.from({ length: 101 }, (_, i) => i);
    expect(summarizeQuantiles(sorted)).toEqual({ p50: 50, p90: 90, p99: 99, max: 100, count: 101 });
  });

  it('is null for an empty sample', () => {
    expect(summarizeQuantiles([])).toBeNull();
  });
});

describe('ascending', () => {
  it('sorts by value, not by text, and leaves its argument alone', () => {
    const values = [10, 9, 100, 0.5];
    expect([...ascending(values)]).toEqual([0.5, 9, 10, 100]);
    expect(values).toEqual([10, 9, 100, 0.5]);
  });
});
