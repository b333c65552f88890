import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outlierIndices } from '../../src/stats/outliers.js';

describe('outlierIndices', () => {
  it('names the outlier of the example of Iglewicz and Hoaglin', () => {
    // Their scores of these ten values: 1.77 at most for nine of them, and 22.5 for the last one.
    expect(outlierIndices([2.1, 2.6, 2.4, 2.5, 2.3, 2.1, 2.3, 2.6, 8.2, 8.3])).toEqual([8, 9]);
  });

  it('names none where all values are alike, or too few to tell', () => {
    expect(outlierIndices([])).toEqual([]);
    expect(outlierIndices([5])).toEqual([]);
    expect(outlierIndices([5, 5, 5])).toEqual([]);
    expect(outlierIndices([1, 2, 3, 4, 5, 6])).toEqual([]);
  });

  it('finds one value far from many equal ones', () => {
    expect(outlierIndices([...new Array(9).fill(4), 40])).toEqual([9]);
  });

  it('does not depend on unit and origin', () => {
    const values = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 3, maxLength: 20 });
    fc.assert(
      fc.property(values, fc.integer({ min: -100, max: 100 }), (sample, shift) => {
        const moved = sample.map((value) => -4 * value + shift);
        expect(outlierIndices(moved)).toEqual(outlierIndices(sample));
      }),
    );
  });

  it('never names as many as half of the values', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true })), (sample) => {
        expect(outlierIndices(sample).length * 2).toBeLessThanOrEqual(sample.length);
      }),
    );
  });
});
