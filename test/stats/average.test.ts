import { describe, expect, it } from 'vitest';
import { mean, median } from '../../src/stats/average.js';

describe('mean and median', () => {
  it('of an unsorted sample', () => {
    expect(mean([4, 1, 10])).toBe(5);
    expect(median([4, 1, 10])).toBe(4);
    expect(median([4, 1, 10, 100])).toBe(7);
  });

  it('are null for an empty sample', () => {
    expect(mean([])).toBeNull();
    expect(median([])).toBeNull();
  });
});
