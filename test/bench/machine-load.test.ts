import { describe, expect, it } from 'vitest';
import { parseProcessorTicks, stealShare, watchMachine } from '../../src/bench/machine-load.js';

const STAT = `cpu  864910 3082 257300 1558309 6798 0 12473 4154 0 0
cpu0 432000 1500 128000 779000 3400 0 6200 2077 0 0
intr 1 2 3
`;

describe('parseProcessorTicks', () => {
  it('adds up what all processors did, and knows what was stolen', () => {
    expect(parseProcessorTicks(STAT)).toEqual({
      total: 864910 + 3082 + 257300 + 1558309 + 6798 + 12473 + 4154,
      stolen: 4154,
    });
  });

  it('counts the time of guests once: it is part of the time of their user', () => {
    const guests = STAT.replace('4154 0 0', '4154 5000 600');
    expect(parseProcessorTicks(guests)).toEqual(parseProcessorTicks(STAT));
  });

  it.each(['', 'cpu', 'cpu  1 2 3', 'cpu0 1 2 3 4 5 6 7 8 9 10'])('finds nothing in %j', (text) => {
    expect(parseProcessorTicks(text)).toBeUndefined();
  });
});

describe('stealShare', () => {
  it('is the share between two readings', () => {
    expect(stealShare({ total: 1000, stolen: 10 }, { total: 1200, stolen: 60 })).toBe(0.25);
    expect(stealShare({ total: 1000, stolen: 10 }, { total: 1200, stolen: 10 })).toBe(0);
  });

  it('is unknown without two readings, or without time between them', () => {
    const reading = { total: 1000, stolen: 10 };
    expect(stealShare(undefined, reading)).toBeNull();
    expect(stealShare(reading, undefined)).toBeNull();
    expect(stealShare(reading, reading)).toBeNull();
  });
});

describe('watchMachine', () => {
  it('says what this machine did', () => {
    const { stealShare: share, loadAverage } = watchMachine()();
    expect(share === null || (share >= 0 && share <= 1)).toBe(true);
    expect(loadAverage).toBeGreaterThanOrEqual(0);
  });
});
