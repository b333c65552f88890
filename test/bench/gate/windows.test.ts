import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPrng } from '../../../src/base/prng.js';
import { drawWindow } from '../../../src/bench/gate/windows.js';

describe('drawWindow', () => {
  it('takes as many blocks as asked for on each side, none of them twice', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 30 }), fc.nat(40), (seed, trials, more) => {
        const blocks = 2 * trials + more;
        const { baseline, run } = drawWindow(blocks, trials, createPrng(seed));
        expect([baseline.length, run.length]).toEqual([trials, trials]);
        const drawn = new Set([...baseline, ...run]);
        expect(drawn.size).toBe(2 * trials);
        for (const block of drawn) expect(block >= 0 && block < blocks).toBe(true);
      }),
    );
  });

  it('draws every block about equally often on either side', () => {
    const prng = createPrng(5);
    const counts = { baseline: Array(12).fill(0) as number[], run: Array(12).fill(0) as number[] };
    for (let round = 0; round < 3000; round++) {
      const window = drawWindow(12, 3, prng);
      for (const side of ['baseline', 'run'] as const) {
        for (const block of window[side]) counts[side][block] = (counts[side][block] ?? 0) + 1;
      }
    }
    // 750 are expected, with a standard deviation of 24.
    for (const count of [...counts.baseline, ...counts.run]) expect(Math.abs(count - 750)).toBeLessThan(120);
  });
});
