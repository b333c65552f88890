import { describe, expect, it } from 'vitest';
import { renderSelftest } from '../../../src/bench/gate/gate-text.js';
import {
  judgeSelftest,
  judgeWindows,
  selftestOptions,
  selftestTrials,
} from '../../../src/bench/gate/selftest.js';
import { slowDown } from '../../../src/bench/gate/slowed-full-handshake.js';
import { planTrials } from '../../../src/bench/plan.js';
import { parseRunOptions } from '../../../src/bench/run-options.js';
import type { Moment } from '../../../src/contracts/strategy.js';
import { fullHandshake } from '../../../strategies/full-handshake.js';
import { fixtureSummary } from '../../fixtures/results.js';
import { makeTrials, spread } from './runs.js';

const ID = fullHandshake.id;
const NAMES = [ID, `${ID}.baseline`, `${ID}.same`, `${ID}.slowed`];

/** Trials of which those with the name `slow` take `factor` times as long. */
function trialsWith(slow: string, factor: number, blocks = 8) {
  return NAMES.flatMap((strategy, place) =>
    makeTrials({
      blocks,
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
    const { verdict, same, slowed } = judgeWith(`${ID}.slowed`, 1.3);
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
    expect(judgeWith(`${ID}.same`, 1.4).verdict).toBe('false-alarm');
    expect(judgeWith(`${ID}.same`, 0.6).verdict).toBe('false-alarm');
  });

  it('shows both judgements and the delay', () => {
    const text = renderSelftest({
      ...judgeWith(`${ID}.slowed`, 1.3),
      trials: 8,
      recoveryTimeMs: 60,
      delayMs: 9,
      windows: null,
    });
    expect(text).toMatch(/median recovery 60.0 ms; delay put in: 9.0 ms \(\+15 %\)/);
    expect(text).toMatch(/nothing changed {4}same/);
    expect(text).toMatch(/slowed down {8}regressed/);
    expect(text).toMatch(/^pass/m);
    expect(text).not.toContain('windows');
  });
});

describe('judgeWindows', () => {
  const plan = { trials: 8, windows: 20, seed: 7 };
  const judge = (slow: string, factor: number) =>
    judgeWindows(fixtureSummary(), trialsWith(slow, factor, 32), plan);

  it('counts the verdicts on windows of either twin', () => {
    const { same, slowed } = judge(`${ID}.slowed`, 1.3);
    expect(slowed).toEqual({ regressed: 20, improved: 0, same: 0, inconclusive: 0 });
    expect(same.regressed + same.improved).toBe(0);
    expect(same.same + same.inconclusive).toBe(20);
  });

  it('counts what is missed, and false alarms', () => {
    expect(judge('none', 1).slowed.regressed).toBe(0);
    expect(judge(`${ID}.same`, 1.3).same.regressed).toBe(20);
  });

  it('refuses trials that are too few for two windows', () => {
    expect(() => judgeWindows(fixtureSummary(), trialsWith('none', 1, 15), plan)).toThrow(/15 blocks/);
  });

  it('is told in one line for each twin', () => {
    const text = renderSelftest({
      ...judgeWith(`${ID}.slowed`, 1.3),
      ...{ trials: 32, recoveryTimeMs: 60, delayMs: 9 },
      windows: judge(`${ID}.slowed`, 1.3),
    });
    expect(text).toContain('of 20 windows of 8 trials, drawn from 32 blocks:');
    expect(text).toMatch(/nothing changed {4}0 false alarms, \d+ inconclusive/);
    expect(text).toMatch(/slowed down {8}20 found, 0 inconclusive/);
  });
});

describe('the trials of a self-test', () => {
  it('are of a strategy and three twins, of which one is slowed down', async () => {
    const options = await parseRunOptions({ strategies: [ID], workloads: ['request-reply'], trials: 7 }, 1);
    const planned = selftestOptions(options, 9.5);
    expect(planned.strategies.map(({ plugin }) => plugin.id)).toEqual(NAMES);
    const specifiers = planned.strategies.map(({ specifier }) => specifier);
    expect(specifiers[0]).toBe(ID);
    for (const [place, delayMs] of [0, 0, 9.5].entries()) {
      const address = new URL(specifiers[place + 1] ?? '');
      expect(address.pathname).toMatch(/\/slowed-full-handshake\.[jt]s$/);
      expect(address.searchParams.get('delayMs')).toBe(String(delayMs));
    }
    expect(selftestTrials({ trials: 7, windows: 0 })).toBe(planTrials(planned).length + 3);
    const fourfold = planTrials({ ...planned, trials: 28 });
    expect(selftestTrials({ trials: 7, windows: 100 })).toBe(fourfold.length + 3);
  });
});

describe('slowDown', () => {
  it('waits at the first handshake of each fault, and at nothing else', () => {
    let nowMs = 0;
    const waits: number[] = [];
    const slowed = slowDown(
      fullHandshake,
      () => waits.push(nowMs),
      () => nowMs,
    );
    const seeAt = (atMs: number, moment: Moment): void => {
      nowMs = atMs;
      expect(slowed.primary?.decide({ moment, idempotent: true })).toEqual({});
    };
    for (const atMs of [0, 1, 2, 500]) seeAt(atMs, 'established');
    seeAt(1800, 'input');
    for (const atMs of [2000, 2003]) seeAt(atMs, 'established');
    expect(waits).toEqual([0, 2000]);
    expect({ ...slowed, primary: undefined }).toEqual({ ...fullHandshake, primary: undefined });
  });
});
