import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSeededBytes } from '../../src/base/seeded-bytes.js';
import type { SeededBytes } from '../../src/contracts/workload.js';
import { fuzzRuns } from '../fuzz-budget.js';

const TABLE_BYTES = 1024 * 1024 + 4099;
const bodies = createSeededBytes(1);

function collect(source: SeededBytes, key: string, offset: number, length: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < length; ) {
    const piece = source.slice(key, offset + at, length - at);
    expect(piece.length).toBeGreaterThanOrEqual(1);
    pieces.push(piece);
    at += piece.length;
  }
  return Buffer.concat(pieces);
}

describe('createSeededBytes', () => {
  it('gives the same bytes on every machine', () => {
    expect(collect(bodies, 'reply:0-0', 0, 8).toString('hex')).toBe('5efe60539803ac9a');
    expect(collect(createSeededBytes(2), 'reply:0-0', 0, 8).toString('hex')).toBe('2b2724e09581c8b1');
  });

  it('gives any part without the parts before it', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(3 * TABLE_BYTES), fc.nat(100_000), (key, offset, skipped) => {
        const whole = collect(bodies, key, offset, skipped + 50);
        expect(collect(bodies, key, offset + skipped, 50).equals(whole.subarray(skipped))).toBe(true);
      }),
      { numRuns: fuzzRuns(50) },
    );
  });

  it('wraps round, and copies nothing', () => {
    const first = bodies.slice('a', 0, 2 * TABLE_BYTES);
    expect(first.length).toBeLessThanOrEqual(TABLE_BYTES);
    expect(bodies.slice('a', first.length, 10).byteOffset).toBe(
      bodies.slice('a', 0, 1).buffer.byteLength - TABLE_BYTES,
    );
    expect(bodies.slice('b', 0, 1).buffer).toBe(first.buffer);
  });

  it('begins elsewhere for keys that differ in one character', () => {
    const starts = Array.from({ length: 2000 }, (_, index) =>
      collect(bodies, `reply:3-${index}`, 0, 16).toString('hex'),
    );
    expect(new Set(starts).size).toBe(starts.length);
  });

  it('shows bytes that are moved, doubled or lost', () => {
    const right = collect(bodies, 'k', 0, 64 * 1024);
    for (const shift of [1, 16, 4096, 16 * 1024, 16 * 1024 + 1]) {
      const moved = collect(bodies, 'k', shift, right.length);
      let equal = 0;
      for (let i = 0; i < right.length; i++) if (moved[i] === right[i]) equal++;
      // By chance 1 in 256 is the same.
      expect(equal).toBeLessThan(right.length / 100);
    }
  });

  it('refuses an empty slice and a negative offset', () => {
    expect(() => bodies.slice('k', 0, 0)).toThrow(RangeError);
    expect(() => bodies.slice('k', -1, 1)).toThrow(RangeError);
    expect(() => bodies.slice('k', Number.NaN, 1)).toThrow(RangeError);
  });
});
