import { describe, expect, it } from 'vitest';
import { createPrng } from '../../../src/base/prng.js';
import { type Contest, judgeAll } from '../../../src/bench/gate/judge.js';
import { spread } from './runs.js';

/** Six values a side, of which each of the run is larger by half: p is 1/924, the least that six values can have. */
function contest(workload: string): Contest {
  const baseline = Array.from({ length: 6 }, (_, block) => spread(block));
  return {
    kind: 'ratio',
    metric: 'recoveryTimeMs',
    strategy: 'spr',
    workload,
    fault: 'kill',
    baseline,
    run: baseline.map((value) => 1.5 * value),
    threshold: 0.25,
  };
}

function contests(count: number): Contest[] {
  return Array.from({ length: count }, (_, index) => contest(`workload-${index}`));
}

describe('judgeAll', () => {
  it('raises an alarm where chance is excluded for all metrics together', () => {
    const judged = judgeAll(contests(10), createPrng(1));
    expect(new Set(judged.map(({ verdict }) => verdict))).toEqual(new Set(['regressed']));
    for (const { pValue } of judged) expect(pValue).toBeCloseTo(10 / 924, 9);
  });

  it('raises none where one of so many metrics may differ that much by chance', () => {
    const [first] = judgeAll(contests(60), createPrng(1));
    expect(first).toMatchObject({
      verdict: 'inconclusive',
      reason: expect.stringMatching(/^worse by .*, but among 60 metrics chance explains it \(p = 0\.065\)$/),
    });
  });

  it('judges a metric alike, whichever others there are', () => {
    const [alone] = judgeAll(contests(1), createPrng(1));
    const [among] = judgeAll(contests(3), createPrng(1));
    expect(among?.change).toEqual(alone?.change);
  });

  it('says nothing about ratios of 0', () => {
    const zero = { ...contest('zero'), run: [0, 1, 1, 1, 1, 1] };
    expect(judgeAll([zero], createPrng(1))[0]).toMatchObject({
      verdict: 'inconclusive',
      reason: 'a value of 0 has no ratio',
      change: null,
    });
  });
});
