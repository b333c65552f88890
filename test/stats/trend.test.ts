import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trendOf } from '../../src/stats/trend.js';

const HOUR_MS = 3_600_000;

function line(count: number, start: number, perHour: number) {
  return Array.from({ length: count }, (_, at) => ({
    atMs: 5000 + at * 1000,
    value: start + (perHour * at * 1000) / HOUR_MS,
  }));
}

describe('a trend', () => {
  it('of nothing is none, of one sample is flat', () => {
    expect(trendOf([])).toBeNull();
    expect(trendOf([{ atMs: 7, value: 3 }])).toEqual({
      samples: 1,
      firstQuarter: 3,
      lastQuarter: 3,
      slopePerHour: 0,
    });
  });

  it('finds the slope of a line, whatever it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 100 }), fc.integer({ min: -500, max: 500 }), (count, perHour) => {
        expect(trendOf(line(count, 1000, perHour))?.slopePerHour).toBeCloseTo(perHour, 6);
      }),
    );
  });

  it('compares quarters of the time by their medians: one high sample moves nothing', () => {
    const samples = line(40, 100, 0).map((sample, at) => (at === 2 ? { ...sample, value: 9999 } : sample));
    expect(trendOf(samples)).toMatchObject({ firstQuarter: 100, lastQuarter: 100 });
    // Quarters of the time, not of the samples: ten at once count as one moment.
    const burst = [
      ...new Array(10).fill({ atMs: 0, value: 1 }),
      { atMs: 50, value: 2 },
      { atMs: 100, value: 3 },
    ];
    expect(trendOf(burst)).toMatchObject({ firstQuarter: 1, lastQuarter: 3 });
  });
});
