import { describe, expect, it } from 'vitest';
import { createPrng } from '../../src/base/prng.js';
import { RunAccumulator, type TrialSummary } from '../../src/bench/summarize.js';
import { type ConnectionOutcome, summarySchema, type TrialResult } from '../../src/contracts/results.js';
import {
  FIXTURE_STRATEGIES,
  fixtureSummary,
  fixtureTrial,
  fixtureTrials,
  INCONCLUSIVE_INDEX,
  INVALID_INDEX,
} from '../fixtures/results.js';

type Completed = Extract<TrialResult, { status: 'completed' }>;

const BASE = fixtureTrial();
const [CONNECTION] = BASE.measurements.connections;

function outcome(changes: Partial<ConnectionOutcome>): ConnectionOutcome {
  if (CONNECTION === undefined) throw new Error('fixture: the trial must have a connection');
  return { ...CONNECTION, ...changes };
}

function trial(
  spec: Partial<Completed['spec']>,
  measurements: Partial<Completed['measurements']> = {},
): Completed {
  return {
    ...BASE,
    spec: { ...BASE.spec, ...spec },
    measurements: { ...BASE.measurements, ...measurements },
  };
}

function summarize(
  trials: Iterable<TrialResult>,
  strategies: readonly { id: string; title: string }[] = [],
): TrialSummary {
  const accumulator = new RunAccumulator(strategies, createPrng(1));
  for (const one of trials) accumulator.add(one);
  return accumulator.summary();
}

function recoveredAfter(...timesMs: number[]) {
  return { connections: timesMs.map((recoveryTimeMs) => outcome({ recoveryTimeMs })) };
}

describe('RunAccumulator', () => {
  it('makes a summary that the schema accepts', () => {
    expect(summarySchema.safeParse(fixtureSummary()).error).toBeUndefined();
  });

  it('does not depend on the order of the trials', () => {
    const trials = fixtureTrials();
    const forth = summarize(trials, FIXTURE_STRATEGIES);
    const back = summarize([...trials].reverse(), FIXTURE_STRATEGIES);
    expect(back.comparisons).toEqual(forth.comparisons);
    expect(back.rejected).toEqual(forth.rejected);
    expect(back.cells.map(({ strategy, workload }) => [workload, strategy])).toEqual(
      forth.cells.map(({ strategy, workload }) => [workload, strategy]),
    );
    expect(back.cells.map(({ recoveryTimeMs }) => recoveryTimeMs)).toEqual(
      forth.cells.map(({ recoveryTimeMs }) => recoveryTimeMs),
    );
  });

  it('lists the cells by workload, then in the order of the strategies', () => {
    const { cells } = summarize(fixtureTrials(), FIXTURE_STRATEGIES);
    const ids = FIXTURE_STRATEGIES.map(({ id }) => id);
    expect(cells.map(({ workload, strategy }) => `${workload} ${strategy}`)).toEqual(
      ['downloads', 'small-replies', 'uploads'].flatMap((workload) => ids.map((id) => `${workload} ${id}`)),
    );
  });

  it('pools recovery times over connections and trials', () => {
    const { cells } = summarize([
      trial({ block: 0 }, recoveredAfter(1, 2)),
      trial({ block: 1 }, recoveredAfter(3)),
    ]);
    expect(cells[0]?.recoveryTimeMs).toMatchObject({ p50: 2, max: 3, count: 3 });
    expect(cells[0]?.timeToRecoveredMs).toEqual({ first: 1, half: 2, all: 3 });
  });

  it('adds the counts up', () => {
    const one = trial(
      {},
      {
        requests: { ok: 5, failed: 2, unknown: 1 },
        executions: { zero: 1, once: 5, more: 2, moreNonIdempotent: 1, byFencedPrimary: 3 },
        notRecoverable: { connections: 2, reason: 'all are dead' },
        handshakesAfterFault: { full: 1, resumed: 2 },
        corruptedBytes: 3,
        refusals: { 'state-missing': 2 },
        connections: [outcome({ fate: 'kept' }), outcome({ fate: 'lost' }), outcome({ fate: 'reconnected' })],
      },
    );
    expect(summarize([one, one]).cells[0]).toMatchObject({
      requests: { ok: 10, failed: 4, unknown: 2 },
      executions: { zero: 2, once: 10, more: 4, moreNonIdempotent: 2, byFencedPrimary: 6 },
      notRecoverable: { connections: 4, reason: 'all are dead' },
      handshakesAfterFault: { full: 2, resumed: 4 },
      corruptedBytes: 6,
      refusals: { 'state-missing': 4 },
      connections: { kept: 2, reconnected: 2, lost: 2 },
      trials: { completed: 2, invalid: 0, inconclusive: 0 },
    });
  });

  it('counts invalid and inconclusive trials, and takes nothing else from them', () => {
    const { cells, rejected } = summarize(fixtureTrials(), FIXTURE_STRATEGIES);
    const invalid = cells.find(({ trials }) => trials.invalid > 0);
    expect(invalid).toMatchObject({
      strategy: 'session-resumption',
      workload: 'uploads',
      connections: { reconnected: 200 },
    });
    expect(rejected.map(({ index, status }) => [index, status])).toEqual([
      [INVALID_INDEX, 'invalid'],
      [INCONCLUSIVE_INDEX, 'inconclusive'],
    ]);
  });

  it('has nulls for a cell without a completed trial', () => {
    const rejected: TrialResult = { ...BASE, status: 'invalid', reasons: ['no fault was injected'] };
    expect(summarize([rejected]).cells[0]).toMatchObject({
      trials: { completed: 0, invalid: 1 },
      recoveryTimeMs: null,
      phasesMs: null,
      replication: null,
      throughput: null,
      timeToRecoveredMs: null,
      replicaCpuMsPerRecovery: null,
    });
  });

  it('takes the medians of the memory of an idle connection over the trials that have it', () => {
    const withMemory = (director: number | null): TrialResult => ({
      ...BASE,
      measurements: {
        ...BASE.measurements,
        memory:
          director === null
            ? null
            : {
                directorBytesPerConnection: director,
                primaryBytesPerConnection: 40_000,
                backupBytesPerConnection: -20,
              },
      },
    });
    const { cells, strategies } = summarize([9000, null, 12_000, 10_000].map(withMemory));
    const expected = {
      directorBytesPerConnection: 10_000,
      primaryBytesPerConnection: 40_000,
      backupBytesPerConnection: -20,
    };
    expect(cells[0]?.memory).toEqual(expected);
    expect(strategies.find(({ id }) => id === BASE.spec.strategy)?.memory).toEqual(expected);
    expect(summarize([withMemory(null)]).cells[0]?.memory).toBeNull();
  });

  it('says that not all recovered when a lost connection never did', () => {
    const lost = outcome({ fate: 'lost', recoveryTimeMs: null, phases: null });
    const idle = outcome({ fate: 'kept', recoveryTimeMs: null, phases: null });
    const { connections } = recoveredAfter(1, 2);
    expect(
      summarize([trial({}, { connections: [...connections, lost] })]).cells[0]?.timeToRecoveredMs?.all,
    ).toBeNull();
    expect(
      summarize([trial({}, { connections: [...connections, idle] })]).cells[0]?.timeToRecoveredMs?.all,
    ).toBe(2);
  });

  it('collects violations of every trial with the name of the trial', () => {
    const invalid: TrialResult = {
      ...trial({ index: 8, strategy: 'spr', workload: 'w', fault: 'kill' }),
      status: 'invalid',
      reasons: ['no reason'],
      violations: ['7 bytes corrupted'],
    };
    expect(summarize([invalid]).violations).toEqual(['trial 8 (spr, w, kill): 7 bytes corrupted']);
  });

  it('measures the rate before the fault, and the rate after the last recovery', () => {
    const replies = [
      ...Array<number>(10).fill(4),
      ...Array<number>(10).fill(0),
      ...Array<number>(10).fill(2),
    ];
    const { cells } = summarize([
      trial(
        { beforeMs: 100, afterMs: 200 },
        { faultInjectedMs: 100, lastRecoveredMs: 200, throughput: { binMs: 10, firstBin: -10, replies } },
      ),
    ]);
    expect(cells[0]?.throughput).toEqual({
      beforePerSecond: 400,
      afterPerSecond: 200,
      dipDepth: 1,
      dipAreaReplies: 60,
      timeTo95Ms: null,
    });
  });

  describe('reference', () => {
    it('is full-handshake when it takes part, else the first strategy', () => {
      const named = (id: string) => ({ id, title: id });
      expect(summarize([], [named('spr'), named('full-handshake')]).reference).toBe('full-handshake');
      expect(summarize([], [named('spr'), named('full-state-copy')]).reference).toBe('spr');
      expect(summarize([trial({ strategy: 'mine' })]).reference).toBe('mine');
    });
  });

  describe('comparisons', () => {
    const pair = (block: number, reference: number, spr: number): TrialResult[] => [
      trial({ block, strategy: 'full-handshake' }, recoveredAfter(reference)),
      trial({ block, strategy: 'spr' }, recoveredAfter(spr)),
    ];

    it('pair the trials of a block: a slow block does not change the ratio', () => {
      const trials = [1, 10, 100, 3, 30, 7].flatMap((ms, block) => pair(block, ms, ms / 4));
      const comparison = summarize(trials).comparisons.find(({ metric }) => metric === 'recoveryTimeMs');
      expect(comparison).toMatchObject({ strategy: 'spr', reference: 'full-handshake', pairs: 6 });
      for (const bound of [comparison?.ratio, comparison?.low, comparison?.high])
        expect(bound).toBeCloseTo(0.25, 9);
    });

    it('leave out blocks in which one of the two is missing', () => {
      const trials = [...pair(0, 4, 1), trial({ block: 1, strategy: 'spr' }, recoveredAfter(9))];
      expect(summarize(trials).comparisons.find(({ metric }) => metric === 'recoveryTimeMs')?.pairs).toBe(1);
    });

    it('leave out values that have no ratio', () => {
      const trials = [
        trial({ strategy: 'full-handshake' }, { replicaCpuMsPerRecovery: 0 }),
        trial({ strategy: 'spr' }, { replicaCpuMsPerRecovery: 1 }),
      ];
      expect(summarize(trials).comparisons.map(({ metric }) => metric)).not.toContain(
        'replicaCpuMsPerRecovery',
      );
    });

    it('do not change when another strategy joins', () => {
      const trials = [1, 2, 3, 4, 5, 6].flatMap((ms, block) => pair(block, ms, ms / 4 + block / 10));
      const more = [...trials, trial({ block: 0, strategy: 'mine' }, recoveredAfter(3))];
      const ofSpr = (summary: TrialSummary) =>
        summary.comparisons.filter(({ strategy }) => strategy === 'spr');
      expect(ofSpr(summarize(more))).toEqual(ofSpr(summarize(trials)));
    });
  });

  it('pools the cells of a strategy', () => {
    const trials = [
      trial({ strategy: 'spr', workload: 'a' }, recoveredAfter(1, 2, 3)),
      trial({ strategy: 'spr', workload: 'b' }, recoveredAfter(4, 5)),
    ];
    const [spr] = summarize(trials, [{ id: 'spr', title: 'SPR' }]).strategies;
    expect(spr).toMatchObject({
      id: 'spr',
      title: 'SPR',
      trials: { completed: 2 },
      recoveryTimeMs: { p50: 3, count: 5 },
    });
  });
});
