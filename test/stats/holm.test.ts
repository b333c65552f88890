import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holm } from '../../src/stats/holm.js';

/**
 * Holm's procedure is the closed test of Bonferroni's: a hypothesis is rejected when every set of hypotheses that it
 * belongs to is. All sets are tried.
 */
function byClosedTesting(pValues: readonly number[]): number[] {
  return pValues.map((_, index) => {
    let largest = 0;
    for (let set = 0; set < 2 ** pValues.length; set++) {
      if ((set & (1 << index)) === 0) continue;
      const members = pValues.filter((_, other) => (set & (1 << other)) !== 0);
      largest = Math.max(largest, Math.min(1, members.length * Math.min(...members)));
    }
    return largest;
  });
}

const probabilities = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });

describe('holm', () => {
  it('is the closed test of Bonferroni', () => {
    fc.assert(
      fc.property(probabilities, (pValues) => {
        const expected = byClosedTesting(pValues);
        holm(pValues).forEach((adjusted, index) => {
          expect(adjusted).toBeCloseTo(expected[index] ?? Number.NaN, 12);
        });
      }),
    );
  });

  it("adjusts as R's p.adjust(method = 'holm')", () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
  });

  it('leaves a single value as it is, and nothing of nothing', () => {
    expect(holm([0.2])).toEqual([0.2]);
    expect(holm([])).toEqual([]);
  });

  it.each([-0.1, 1.1, Number.NaN])('refuses %d', (wrong) => {
    expect(() => holm([0.5, wrong])).toThrow(`${wrong}`);
  });
});
