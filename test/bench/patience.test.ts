import { describe, expect, it } from 'vitest';
import { patienceMs } from '../../src/bench/patience.js';

describe('patienceMs', () => {
  it('is nothing on loopback', () => {
    expect(patienceMs({ rttMs: 0 })).toBe(0);
  });

  it('holds the round trips of a reconnect, at their longest', () => {
    expect(patienceMs({ rttMs: 100, jitterMs: 0 })).toBe(500);
    expect(patienceMs({ rttMs: 100, jitterMs: 50 })).toBe(1000);
  });

  it('holds the longest reply at the bandwidth of the link', () => {
    const longestReplyBits = 8 * 16 * 1024 * 1024;
    expect(patienceMs({ rttMs: 0, bandwidthMbit: 10 })).toBeCloseTo(longestReplyBits / 10_000, 6);
  });
});
