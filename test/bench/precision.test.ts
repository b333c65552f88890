import { describe, expect, it } from 'vitest';
import { isEnough, isPrecise } from '../../src/bench/precision.js';
import type { Comparison, TrialSpec } from '../../src/contracts/results.js';
import { fixtureTrial } from '../fixtures/results.js';

function recovery(changes: Partial<Comparison> = {}): Comparison {
  return {
    strategy: 'spr',
    reference: 'full-handshake',
    workload: 'request-reply',
    fault: 'kill',
    metric: 'recoveryTimeMs',
    ratio: 0.3,
    low: 0.28,
    high: 0.32,
    pairs: 6,
    ...changes,
  };
}

describe('isPrecise', () => {
  it('compares half of the width, as a factor, with the precision', () => {
    // sqrt(0.32 / 0.28) = 1.069
    expect(isPrecise([recovery()], 0.07)).toBe(true);
    expect(isPrecise([recovery()], 0.06)).toBe(false);
  });

  it('asks it of each recovery ratio, and of nothing else', () => {
    const wide = recovery({ workload: 'idle-fleet', low: 0.1, high: 0.9 });
    expect(isPrecise([recovery(), wide], 0.1)).toBe(false);
    expect(isPrecise([recovery(), { ...wide, metric: 'replicaCpuMsPerRecovery' }], 0.1)).toBe(true);
  });

  it('believes no interval of fewer than six pairs, and nothing of no comparison', () => {
    expect(isPrecise([recovery({ pairs: 5 })], 0.5)).toBe(false);
    expect(isPrecise([], 0.5)).toBe(false);
  });
});

describe('isEnough', () => {
  const options = { trials: 6, precision: { share: 0.1, maxTrials: 30 } };
  const specOf = (block: number): TrialSpec => ({ ...fixtureTrial().spec, block });

  it('ends a run between two blocks, when the ratios are precise', () => {
    expect(isEnough(specOf(6), specOf(5), options, () => [recovery()])).toBe(true);
    expect(isEnough(specOf(6), specOf(5), options, () => [recovery({ high: 0.9 })])).toBe(false);
  });

  it('does not end it within a block, before the trials that were asked for, or without a precision', () => {
    expect(isEnough(specOf(6), specOf(6), options, () => [recovery()])).toBe(false);
    expect(isEnough(specOf(5), specOf(4), options, () => [recovery()])).toBe(false);
    const endless = { trials: 6, precision: undefined };
    expect(isEnough(specOf(6), specOf(5), endless, () => [recovery()])).toBe(false);
  });
});
