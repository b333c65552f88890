import { describe, expect, it } from 'vitest';
import { renderSelftest } from '../../../src/bench/gate/gate-text.js';
import { judgeSelftest, selftestOptions, selftestTrials } from '../../../src/bench/gate/selftest.js';
import { slowDown, slowedSprAddress } from '../../../src/bench/gate/slowed-spr.js';
import { planTrials } from '../../../src/bench/plan.js';
import { parseRunOptions } from '../../../src/bench/run-options.js';
import type { Evidence, KeptState } from '../../../src/contracts/strategy.js';
import { spr } from '../../../strategies/spr.js';
import { fixtureSummary } from '../../fixtures/results.js';
import { makeTrials, spread } from './runs.js';

const NAMES = ['spr', 'spr.baseline', 'spr.same', 'spr.slowed'];

/** Trials of which those with the name `slow` take `factor` times as long. */
function trialsWith(slow: string, factor: number) {
  return NAMES.flatMap((strategy, place) =>
    makeTrials({
      blocks: 8,
      recoveryMs: (block) => 60 * (strategy === slow ? factor : 1) * spread(block + 3 * place),
    })
      .filter(({ spec }) => spec.strategy === 'spr')
      .map((trial) => ({ ...trial, spec: { ...trial.spec, strategy } })),
  );
}

function judgeWith(slow: string, factor: number) {
  return judgeSelftest(fixtureSummary(), trialsWith(slow, factor));
}

describe('judgeSelftest', () => {
  it('passes when the slow-down is found, and nothing else', () => {
    const { verdict, same, slowed } = judgeWith('spr.slowed', 1.3);
    expect({ verdict, same: same.verdict, slowed: slowed.verdict }).toEqual({
      verdict: 'pass',
      same: 'same',
      slowed: 'regressed',
    });
    expect(slowed.change?.ratio).toBeCloseTo(1.3, 1);
  });

  it('fails when the slow-down is not there to be found', () => {
    expect(judgeWith('none', 1).verdict).toBe('missed');
  });

  it('fails when there is a change where nothing was changed, for better or worse', () => {
    expect(judgeWith('spr.same', 1.4).verdict).toBe('false-alarm');
    expect(judgeWith('spr.same', 0.6).verdict).toBe('false-alarm');
  });

  it('shows both judgements and the delay', () => {
    const text = renderSelftest({
      ...judgeWith('spr.slowed', 1.3),
      trials: 8,
      recoveryTimeMs: 60,
      delayMs: 9,
    });
    expect(text).toMatch(/median recovery 60.0 ms; delay put in: 9.0 ms \(\+15 %\)/);
    expect(text).toMatch(/nothing changed {4}same/);
    expect(text).toMatch(/slowed down {8}regressed/);
    expect(text).toMatch(/^pass/m);
  });
});

describe('the trials of a self-test', () => {
  it('are of SPR and three twins, of which one is loaded from the slowed module', async () => {
    const options = await parseRunOptions(
      { strategies: ['spr'], workloads: ['request-reply'], trials: 7 },
      1,
    );
    const planned = selftestOptions(options, 9.5);
    expect(planned.strategies.map(({ plugin }) => plugin.id)).toEqual(NAMES);
    const specifiers = planned.strategies.map(({ specifier }) => specifier);
    expect(specifiers.slice(0, 3)).toEqual(['spr', 'spr', 'spr']);
    expect(specifiers[3]).toMatch(/^file:.*slowed-spr\.[jt]s\?delayMs=9\.5$/);
    expect(selftestTrials(7)).toBe(planTrials(planned).length + 3);
  });

  it('carry the delay in the address of the module', () => {
    expect(new URL(slowedSprAddress(12.25)).searchParams.get('delayMs')).toBe('12.25');
  });
});

describe('slowDown', () => {
  const kept: KeptState = {
    established: { recordsRead: 2, recordsWritten: 4 },
    snapshot: undefined,
    outcomes: [],
  };
  const evidence: Evidence = {
    commit: { recordsRead: 3, recordsWritten: 5 },
    delivered: 6,
    received: 4,
    applicationState: false,
  };

  it('waits before the first takeover of each fault, and decides as the original does', () => {
    let nowMs = 0;
    const waits: number[] = [];
    const slowed = slowDown(
      spr,
      () => waits.push(nowMs),
      () => nowMs,
    );
    const takeOverAt = (atMs: number): void => {
      nowMs = atMs;
      expect(slowed.backup?.takeOver(kept, evidence)).toEqual(spr.backup?.takeOver(kept, evidence));
    };
    for (const atMs of [0, 1, 2, 500, 2000, 2003]) takeOverAt(atMs);
    expect(waits).toEqual([0, 2000]);
    expect({ ...slowed, backup: spr.backup }).toEqual(spr);
  });

  it('leaves a strategy alone that takes nothing over', () => {
    const { backup: _, ...reconnecting } = spr;
    const fail = (): never => {
      throw new Error('must not wait');
    };
    expect(slowDown(reconnecting, fail, () => 0)).toBe(reconnecting);
  });
});
