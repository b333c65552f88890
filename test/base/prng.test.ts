import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPrng } from '../../src/base/prng.js';
import type { Prng } from '../../src/contracts/workload.js';

function draw(prng: Prng, count = 5): number[] {
  return Array.from({ length: count }, () => prng.integer(0, 999));
}

describe('createPrng', () => {
  it('gives the same numbers on every machine', () => {
    expect(draw(createPrng(1))).toEqual([616, 613, 743, 661, 120]);
    expect(draw(createPrng(1).fork('label'))).toEqual([621, 68, 336, 312, 788]);
    expect(createPrng(1).uniform()).toBe(0.5608352473933321);
  });

  it('gives other numbers for another seed or label', () => {
    const sequences = [createPrng(1), createPrng(2), createPrng(-1), createPrng(2 ** 32 + 1)].flatMap(
      (prng) => [
        draw(prng, 20),
        draw(prng.fork('a'), 20),
        draw(prng.fork('b'), 20),
        draw(prng.fork('a').fork('b'), 20),
      ],
    );
    expect(new Set(sequences.map(String)).size).toBe(sequences.length);
  });

  it('forks independently of how far it has advanced', () => {
    const [fresh, advanced] = [createPrng(3), createPrng(3)];
    draw(advanced, 100);
    expect(draw(advanced.fork('x'))).toEqual(draw(fresh.fork('x')));
    advanced.fork('y');
    draw(fresh, 100);
    expect(draw(advanced)).toEqual(draw(fresh));
  });

  it('stays within the bounds and reaches both', () => {
    const prng = createPrng(4);
    const integers = new Set(Array.from({ length: 200 }, () => prng.integer(-1, 2)));
    expect([...integers].sort((a, b) => a - b)).toEqual([-1, 0, 1, 2]);
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.maxSafeInteger(), (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const integer = prng.integer(low, high);
        expect(integer >= low && integer <= high).toBe(true);
      }),
    );
    for (let i = 0; i < 1000; i++) {
      const uniform = prng.uniform();
      expect(uniform >= 0 && uniform < 1).toBe(true);
    }
  });

  it('is uniform enough', () => {
    const prng = createPrng(5);
    const mean = Array.from({ length: 10_000 }, () => prng.uniform()).reduce((a, b) => a + b) / 10_000;
    // The standard error of the mean is 0.0029.
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.015);
  });

  it('refuses seeds and bounds that are no safe integers in order', () => {
    for (const seed of [0.5, Number.NaN, 2 ** 53]) expect(() => createPrng(seed)).toThrow(RangeError);
    const prng = createPrng(6);
    for (const [low, high] of [
      [1, 0],
      [0.5, 2],
      [0, Number.POSITIVE_INFINITY],
    ] as const) {
      expect(() => prng.integer(low, high)).toThrow(RangeError);
    }
  });
});
