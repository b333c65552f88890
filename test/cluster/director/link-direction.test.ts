import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPrng } from '../../../src/base/prng.js';
import { isShaped, LinkDirection, type LinkShape } from '../../../src/cluster/director/link-direction.js';

function direction(shape: LinkShape, seed = 1): LinkDirection {
  return new LinkDirection(shape, createPrng(seed).fork('from client'));
}

/** What each of `count` pieces takes that are sent one by one, so that none waits for the one before. */
function lonelyDelaysMs(
  shape: LinkShape,
  { count, bytes, seed }: Record<'count' | 'bytes' | 'seed', number>,
) {
  const link = direction(shape, seed);
  return Array.from({ length: count }, (_, index) => {
    const nowMs = index * 10_000;
    return link.send(nowMs, bytes, link.drawDelayMs()) - nowMs;
  });
}

/** The greatest distance between the distribution of `values` and the uniform one (Kolmogorov and Smirnov). */
function distanceToUniform(values: readonly number[], from: number, to: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.max(
    ...sorted.map((value, index) => {
      const share = Math.min(1, Math.max(0, (value - from) / (to - from)));
      return Math.max(Math.abs(share - index / sorted.length), Math.abs(share - (index + 1) / sorted.length));
    }),
  );
}

describe('LinkDirection', () => {
  it('takes half of the round trip, and nothing else where nothing else is asked for', () => {
    const delays = lonelyDelaysMs({ rttMs: 50 }, { count: 100, bytes: 1000, seed: 1 });
    expect(new Set(delays)).toEqual(new Set([25]));
  });

  it.each([1, 2, 3])('spreads what it adds uniformly over the jitter that is asked for (seed %i)', (seed) => {
    const count = 4000;
    const delays = lonelyDelaysMs({ rttMs: 40, jitterMs: 10 }, { count, bytes: 1, seed });
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(20);
    expect(Math.max(...delays)).toBeLessThanOrEqual(30);
    // A uniform sample exceeds it once in a thousand; the seeds are fixed.
    expect(distanceToUniform(delays, 20, 30)).toBeLessThan(1.95 / Math.sqrt(count));
  });

  it('takes as long for each byte as the bandwidth says, on top of the round trip', () => {
    // 8 Mbit/s are 1,000 bytes per ms.
    const delays = lonelyDelaysMs({ rttMs: 10, bandwidthMbit: 8 }, { count: 3, bytes: 2500, seed: 1 });
    expect(delays).toEqual([7.5, 7.5, 7.5]);
  });

  it('carries no more than its bandwidth, however much is sent at once, and goes on at once after a pause', () => {
    const link = direction({ rttMs: 10, bandwidthMbit: 8 });
    const arrivals = Array.from({ length: 4 }, () => link.send(100, 1000, 5));
    expect(arrivals).toEqual([106, 107, 108, 109]);
    expect(link.send(103, 1000, 5)).toBe(110);
    expect(link.send(500, 1000, 5)).toBe(506);
  });

  it('keeps the order, whatever the jitter draws, and is never early or faster than the link', () => {
    const step = fc.record({ waitMs: fc.nat({ max: 20 }), bytes: fc.nat({ max: 20_000 }) });
    const shape = fc.record({
      rttMs: fc.nat({ max: 200 }),
      jitterMs: fc.nat({ max: 100 }),
      bandwidthMbit: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(shape, fc.array(step), fc.integer(), (asked, steps, seed) => {
        const link = direction(asked, seed);
        const bytesPerMs = (asked.bandwidthMbit ?? Number.POSITIVE_INFINITY) * 125;
        let nowMs = 0;
        let lastMs = 0;
        let sentBytes = 0;
        for (const { waitMs, bytes } of steps) {
          nowMs += waitMs;
          sentBytes += bytes;
          const arrivalMs = link.send(nowMs, bytes, link.drawDelayMs());
          expect(arrivalMs).toBeGreaterThanOrEqual(lastMs);
          expect(arrivalMs).toBeGreaterThanOrEqual(nowMs + asked.rttMs / 2 + bytes / bytesPerMs - 1e-6);
          expect(arrivalMs).toBeGreaterThanOrEqual(asked.rttMs / 2 + sentBytes / bytesPerMs - 1e-6);
          lastMs = arrivalMs;
        }
      }),
    );
  });

  it('draws the same for the same seed, and something else for another flow or direction', () => {
    const drawn = (label: string): number[] => {
      const link = new LinkDirection({ rttMs: 0, jitterMs: 9 }, createPrng(7).fork(label));
      return Array.from({ length: 20 }, () => link.drawDelayMs());
    };
    expect(drawn('flow 1')).toEqual(drawn('flow 1'));
    expect(drawn('flow 1')).not.toEqual(drawn('flow 2'));
  });

  it('cuts long pieces to what leaves in a millisecond, but not below a packet', () => {
    expect(direction({ rttMs: 0, bandwidthMbit: 1 }).segmentBytes).toBe(1460);
    expect(direction({ rttMs: 0, bandwidthMbit: 100 }).segmentBytes).toBe(12_500);
    expect(direction({ rttMs: 9 }).segmentBytes).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('isShaped', () => {
  it.each([
    [{ rttMs: 0 }, false],
    [{ rttMs: 0, jitterMs: 0, bandwidthMbit: undefined }, false],
    [{ rttMs: 1 }, true],
    [{ rttMs: 0, jitterMs: 1 }, true],
    [{ rttMs: 0, bandwidthMbit: 10 }, true],
  ])('of %j is %s', (shape, expected) => {
    expect(isShaped(shape)).toBe(expected);
  });
});
