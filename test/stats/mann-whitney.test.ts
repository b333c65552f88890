import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mannWhitney } from '../../src/stats/mann-whitney.js';

/** All ways to call `size` of `items` the values. */
function* subsets(items: readonly number[], size: number): Generator<number[]> {
  if (size === 0) yield [];
  for (let i = 0; i <= items.length - size; i++) {
    const [first, ...rest] = items.slice(i);
    if (first === undefined) return;
    for (const others of subsets(rest, size - 1)) yield [first, ...others];
  }
}

/** Share of all assignments of the values to the two samples with this U or a larger one. */
function tailByEnumeration(values: readonly number[], references: readonly number[]): number {
  const all = [...values, ...references];
  const { u } = mannWhitney(values, references);
  let larger = 0;
  let count = 0;
  for (const chosen of subsets(all, values.length)) {
    const rest = all.filter((value) => !chosen.includes(value));
    if (mannWhitney(chosen, rest).u >= u) larger++;
    count++;
  }
  return larger / count;
}

const distinct = fc
  .uniqueArray(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 9 })
  .chain((all) => fc.tuple(fc.constant(all), fc.integer({ min: 1, max: all.length - 1 })))
  .map(([all, size]): [number[], number[]] => [all.slice(0, size), all.slice(size)]);

const sample = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 40 });

describe('mannWhitney', () => {
  // scipy.stats.mannwhitneyu(values, references, alternative='greater'), SciPy 1.17.1.
  it.each([
    ['few values', [19, 22, 16, 29, 24], [20, 11, 17, 12], 17, 0.0555555556],
    ['complete separation', [10, 11, 12, 13, 14, 15], [1, 2, 3, 4, 5, 6], 36, 0.0010822511],
    ['ties', [1, 2, 2, 3, 3], [2, 2, 4, 5], 6, 0.8762724686],
    [
      'ties across nine values each',
      [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3],
      [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29],
      58,
      0.0664597291,
    ],
    [
      'more values than are counted exactly',
      Array.from({ length: 40 }, (_, i) => i),
      Array.from({ length: 35 }, (_, i) => i - 3.2),
      904,
      0.015342009,
    ],
  ])('%s: as SciPy', (_, values, references, u, p) => {
    const result = mannWhitney(values, references);
    expect(result.u).toBe(u);
    expect(result.pGreater).toBeCloseTo(p, 6);
  });

  it('is the share of all assignments, where no values are equal', () => {
    fc.assert(
      fc.property(distinct, ([values, references]) => {
        expect(mannWhitney(values, references).pGreater).toBeCloseTo(
          tailByEnumeration(values, references),
          12,
        );
      }),
      { numRuns: 60 },
    );
  });

  it('agrees with its normal approximation where the exact distribution ends', () => {
    const references = Array.from({ length: 30 }, (_, i) => i);
    const values = references.map((value) => value + 5.5);
    const exact = mannWhitney(values, references).pGreater;
    const approximate = mannWhitney([...values, 20.25], references).pGreater;
    expect(approximate).toBeCloseTo(exact, 2);
  });

  it('counts each pair once, whichever sample is called the values', () => {
    fc.assert(
      fc.property(sample, sample, (values, references) => {
        const forth = mannWhitney(values, references);
        const back = mannWhitney(references, values);
        expect(forth.u + back.u).toBe(values.length * references.length);
        expect(forth.cliffsDelta).toBeCloseTo(-back.cliffsDelta, 12);
        for (const { pGreater } of [forth, back]) {
          expect(pGreater).toBeGreaterThanOrEqual(0);
          expect(pGreater).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it('has a delta of 1 when each value is larger, of -1 when none is, of 0 when all are the same', () => {
    expect(mannWhitney([3, 4], [1, 2]).cliffsDelta).toBe(1);
    expect(mannWhitney([1, 2], [3, 4]).cliffsDelta).toBe(-1);
    expect(mannWhitney([5, 5], [5, 5])).toEqual({ u: 2, pGreater: 1, cliffsDelta: 0 });
  });

  it('refuses samples that cannot be ordered', () => {
    expect(() => mannWhitney([], [1])).toThrow('empty');
    expect(() => mannWhitney([1], [Number.NaN])).toThrow('not a number');
  });
});
