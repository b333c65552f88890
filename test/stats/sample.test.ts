import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPrng } from '../../src/base/prng.js';
import { ascending, quantile } from '../../src/stats/quantile.js';
import { MAX_EXACT, RELATIVE_ERROR, Sample } from '../../src/stats/sample.js';

function sampleOf(values: Iterable<number>): Sample {
  const sample = new Sample();
  for (const value of values) sample.add(value);
  return sample;
}

/** With the long tail that times have. */
function times(count: number, seed = 1): number[] {
  const prng = createPrng(seed);
  return Array.from({ length: count }, () => 10 * Math.exp(3 * (prng.uniform() + prng.uniform() - 1)));
}

/** The rank of a value in the exact sample is off by at most one step of the sketch's own values. */
function expectQuantiles(sample: Sample, values: readonly number[]): void {
  const exact = ascending(values);
  const sorted = sample.sorted();
  for (const q of [0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1]) {
    const slack = 1 / MAX_EXACT;
    const low = quantile(exact, Math.max(0, q - slack)) * (1 - RELATIVE_ERROR);
    const high = quantile(exact, Math.min(1, q + slack)) * (1 + RELATIVE_ERROR);
    expect(quantile(sorted, q)).toBeGreaterThanOrEqual(low);
    expect(quantile(sorted, q)).toBeLessThanOrEqual(high);
  }
}

describe('Sample', () => {
  it('holds small samples as they are', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 1e9, noNaN: true }), { maxLength: 200 }), (values) => {
        const sample = sampleOf(values);
        expect(sample.count).toBe(values.length);
        expect([...sample.sorted()]).toEqual([...ascending(values)]);
      }),
    );
  });

  it('is exact up to its bound', () => {
    const values = times(MAX_EXACT);
    expect(sampleOf(values).sorted()).toEqual(ascending(values));
  });

  it('is right to 0.1 % beyond it, in bounded memory, with exact ends', () => {
    const values = times(5 * MAX_EXACT);
    const sample = sampleOf(values);
    expect(sample.count).toBe(values.length);
    const sorted = sample.sorted();
    expect(sorted).toHaveLength(MAX_EXACT);
    expect(sorted).toEqual(ascending(sorted));
    expect([sorted[0], sorted.at(-1)]).toEqual([Math.min(...values), Math.max(...values)]);
    expectQuantiles(sample, values);
  });

  it.each([
    ['two small ones', 100, 200],
    ['two that are too large together', MAX_EXACT, MAX_EXACT],
    ['a large one into a small one', 100, 2 * MAX_EXACT],
    ['a small one into a large one', 2 * MAX_EXACT, 100],
    ['two large ones', 2 * MAX_EXACT, 3 * MAX_EXACT],
    ['nothing into a large one', 2 * MAX_EXACT, 0],
  ])('merges %s', (_, first, second) => {
    const [a, b] = [times(first, 1), times(second, 2).map((value) => value * 7)];
    const merged = sampleOf(a);
    const other = sampleOf(b);
    merged.merge(other);
    expect(merged.count).toBe(first + second);
    expectQuantiles(merged, [...a, ...b]);
    expect(other.count).toBe(second);
  });

  it('takes zeros and values of any size', () => {
    const values = [0, 1e-300, 1e300, ...times(MAX_EXACT)];
    const sorted = sampleOf(values).sorted();
    expect([sorted[0], sorted[1], sorted.at(-1)]).toEqual([0, 0, 1e300]);
  });

  it.each([Number.NaN, Infinity])('refuses %d', (value) => {
    expect(() => new Sample().add(value)).toThrow(RangeError);
  });
});
