import { describe, expect, it } from 'vitest';
import { createPrng } from '../../src/base/prng.js';
import { RunAccumulator } from '../../src/bench/summarize.js';
import { isLogarithmic } from '../../src/bench/sweep-samples.js';
import type { SweepResult, TrialResult } from '../../src/contracts/results.js';
import { fixtureTrials } from '../fixtures/results.js';
import { heartbeatTrials, INTERVALS_MS, MISSED, SWEPT_VALUES, sweepTrials } from '../fixtures/sweeps.js';

function sweepsOf(trials: readonly TrialResult[]): readonly SweepResult[] | undefined {
  const accumulator = new RunAccumulator([], createPrng(1));
  for (const trial of trials) accumulator.add(trial);
  return accumulator.summary().sweeps;
}

function law(sweeps: readonly SweepResult[] | undefined, strategy: string, metric: string) {
  return sweeps?.find((sweep) => sweep.strategy === strategy)?.laws.find((each) => each.metric === metric);
}

describe('a summary of a run that varies something', () => {
  it('has a point per value, from its cell', () => {
    const [reference, spr] = sweepsOf(sweepTrials()) ?? [];
    expect(reference).toMatchObject({
      strategy: 'full-handshake',
      workload: 'request-reply',
      fault: 'kill',
      parameter: 'connections',
    });
    expect(reference?.points.map(({ value }) => value)).toEqual(SWEPT_VALUES);
    expect(reference?.points.map(({ recoveryTimeMs }) => recoveryTimeMs?.p50)).toEqual([20.2, 202, 2020]);
    expect(spr?.points.map(({ trials }) => trials)).toEqual([3, 3, 3]);
    expect(spr?.points.map(({ replicatedBytesPerConnection }) => replicatedBytesPerConnection)).toEqual([
      129, 129, 129,
    ]);
  });

  it('has what became of the load, and how sure the median is, of each value', () => {
    const [reference] = sweepsOf(heartbeatTrials()) ?? [];
    const [point] = reference?.points ?? [];
    expect(point).toMatchObject({
      cellWorkload: 'request-reply heartbeat-interval-ms=20',
      connections: { kept: 6 + 0, lost: 0 },
    });
    expect(point?.requests?.ok).toBeGreaterThan(0);
    const { low = 0, high = 0 } = point?.recoveryP50IntervalMs ?? {};
    expect(low).toBeLessThan(high);
    expect(low).toBeLessThanOrEqual(point?.recoveryTimeMs?.p50 ?? 0);
    expect(high).toBeGreaterThanOrEqual(point?.recoveryTimeMs?.p50 ?? 0);
  });

  it('sets what the options lead to beside the detection that was seen, where only silence showed the failure', () => {
    const [, spr] = sweepsOf(heartbeatTrials()) ?? [];
    expect(spr?.points.map(({ expectedDetectionMs }) => expectedDetectionMs)).toEqual(
      INTERVALS_MS.map((intervalMs) => intervalMs * MISSED),
    );
    expect(spr?.points.map(({ detectionMs }) => detectionMs)).toEqual([212.5, 527.5, 1052.5, 2102.5]);
    const [killed] = sweepsOf(sweepTrials()) ?? [];
    expect(killed?.points.map(({ expectedDetectionMs }) => expectedDetectionMs)).toEqual([null, null, null]);
  });

  it('fits a straight line to what heartbeats add, though they span a power of ten', () => {
    const sweeps = sweepsOf(heartbeatTrials());
    const found = law(sweeps, 'spr', 'recoveryTimeMs');
    expect(found?.kind).toBe('linear');
    expect(found?.slope).toBeCloseTo(MISSED + 0.5, 1);
    // At no interval: what the takeover takes, and the trials' own few ms.
    expect(found?.intercept).toBeGreaterThan(5);
    expect(found?.intercept).toBeLessThan(12);
    const after = law(sweeps, 'spr', 'recoveryAfterDetectionMs');
    expect(after?.low).toBeLessThanOrEqual(0);
    expect(after?.high).toBeGreaterThanOrEqual(0);
  });

  it('finds what grows with it: exponent 1 where it is proportional', () => {
    const found = law(sweepsOf(sweepTrials()), 'full-handshake', 'recoveryTimeMs');
    expect(found?.kind).toBe('power');
    expect(found?.slope).toBeCloseTo(1, 6);
    expect(found?.intercept).toBeCloseTo(2.02, 2);
    expect(found?.r2).toBeGreaterThan(0.99);
    expect(found?.trials).toBe(9);
  });

  it('finds what does not grow: 0 is in the interval', () => {
    const { low = 1, high = 0 } = law(sweepsOf(sweepTrials()), 'spr', 'recoveryTimeMs') ?? {};
    expect(low).toBeLessThanOrEqual(0);
    expect(high).toBeGreaterThanOrEqual(0);
  });

  it('has no power law of what is 0, and a linear one on a short axis', () => {
    const trials = sweepTrials();
    expect(law(sweepsOf(trials), 'full-handshake', 'replicaCpuMsPerRecovery')).toBeUndefined();
    const short = trials.map((trial) => {
      const { sweep } = trial.spec;
      if (sweep === undefined) throw new Error('fixture: the trial must vary something');
      return { ...trial, spec: { ...trial.spec, sweep: { ...sweep, value: Math.log10(sweep.value) } } };
    });
    expect(law(sweepsOf(short), 'full-handshake', 'replicaCpuMsPerRecovery')).toMatchObject({
      kind: 'linear',
      slope: 0,
      r2: null,
    });
  });

  it('counts only trials that completed', () => {
    const [first, ...rest] = sweepTrials();
    if (first === undefined) throw new Error('fixture: there must be trials');
    const invalid: TrialResult = { ...first, status: 'invalid', reasons: ['a test'] };
    const sweeps = sweepsOf([invalid, ...rest]);
    expect(law(sweeps, 'full-handshake', 'recoveryTimeMs')?.trials).toBe(8);
    expect(sweeps?.[0]?.points[0]?.trials).toBe(2);
  });

  it('does not depend on the order of the trials', () => {
    expect(sweepsOf([...sweepTrials()].reverse())?.map(({ points }) => points)).toEqual(
      expect.arrayContaining(sweepsOf(sweepTrials())?.map(({ points }) => points) ?? []),
    );
  });

  it('is as it was where nothing is varied', () => {
    expect(sweepsOf(fixtureTrials())).toBeUndefined();
  });
});

describe('isLogarithmic', () => {
  it.each([
    [[1, 10], true],
    [[1, 9.9], false],
    [[0, 10, 100], false],
  ])('of %j is %s', (values, expected) => {
    expect(isLogarithmic(values)).toBe(expected);
  });
});
