import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareNaturally } from '../../src/base/natural-order.js';

describe('compareNaturally', () => {
  it('puts numbers in the order of their values, and text in that of its characters', () => {
    const names = ['b', 'a connections=1000', 'a connections=20', 'a', 'a connections=100', 'a2', 'a10'];
    expect(names.sort(compareNaturally)).toEqual([
      'a',
      'a2',
      'a10',
      'a connections=20',
      'a connections=100',
      'a connections=1000',
      'b',
    ]);
  });

  it('is a total order: only equal text is equal', () => {
    const text = fc.stringMatching(/^[ab01 =]{0,6}$/);
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        expect(Math.sign(compareNaturally(a, b))).toBe(-Math.sign(compareNaturally(b, a)) + 0);
        expect(compareNaturally(a, b) === 0).toBe(a === b);
        if (compareNaturally(a, b) <= 0 && compareNaturally(b, c) <= 0) {
          expect(compareNaturally(a, c)).toBeLessThanOrEqual(0);
        }
      }),
    );
  });
});
