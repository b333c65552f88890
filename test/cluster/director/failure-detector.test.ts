import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FailureDetector } from '../../../src/cluster/director/failure-detector.js';

const OPTIONS = { intervalMs: 100, missedLimit: 5 };

describe('FailureDetector', () => {
  it('keeps a peer that is heard', () => {
    const detector = new FailureDetector(OPTIONS, 0);
    for (let nowMs = 100; nowMs <= 5000; nowMs += 100) {
      detector.heard(nowMs - 30);
      expect(detector.check(nowMs)).toBe('alive');
    }
  });

  it('gives a silent peer up behind the limit, not before', () => {
    const detector = new FailureDetector(OPTIONS, 0);
    const states = [1, 2, 3, 4, 5, 6].map((step) => detector.check(step * 100));
    expect(states).toEqual(['alive', 'alive', 'alive', 'alive', 'alive', 'failed']);
  });

  it('does not take a peer back', () => {
    const detector = new FailureDetector(OPTIONS, 0);
    for (let nowMs = 100; nowMs <= 600; nowMs += 100) detector.check(nowMs);
    detector.heard(650);
    expect(detector.check(700)).toBe('failed');
  });

  it('does not hold its own absence against the peer', () => {
    const detector = new FailureDetector(OPTIONS, 0);
    detector.check(100);
    expect(detector.check(10_000)).toBe('alive');
    const states = [1, 2, 3, 4, 5].map((step) => detector.check(10_000 + step * 100));
    expect(states.at(-1)).toBe('failed');
  });

  it('never fails a peer that speaks once per interval, however late the checks come', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { maxLength: 50 }), (gaps) => {
        const detector = new FailureDetector(OPTIONS, 0);
        let nowMs = 0;
        for (const gapMs of gaps) {
          nowMs += gapMs;
          detector.heard(nowMs - Math.min(gapMs, OPTIONS.intervalMs));
          expect(detector.check(nowMs)).toBe('alive');
        }
      }),
    );
  });
});
