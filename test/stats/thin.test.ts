import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { thin } from '../../src/stats/thin.js';

describe('thin', () => {
  it('keeps a small sample as it is', () => {
    expect(thin([1, 2, 3], 3)).toEqual([1, 2, 3]);
  });

  it('keeps the ends and spaces the rest evenly', () => {
    expect(
      thin(
        Array.from({ length: 101 }, (_, i) => i),
        5,
      ),
    ).toEqual([0, 25, 50, 75, 100]);
  });

  it('gives an ascending part of the sample of the asked size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { minLength: 1, maxLength: 300 }),
        fc.integer({ min: 2, max: 50 }),
        (values, most) => {
          const sorted = [...values].sort((a, b) => a - b);
          const thinned = thin(sorted, most);
          expect(thinned).toHaveLength(Math.min(most, sorted.length));
          expect(thinned).toEqual([...thinned].sort((a, b) => a - b));
          expect(thinned.every((value) => sorted.includes(value))).toBe(true);
          expect([thinned[0], thinned.at(-1)]).toEqual([sorted[0], sorted.at(-1)]);
        },
      ),
    );
  });
});
