import { describe, expect, it } from 'vitest';
import { compareRuns } from '../../src/bench/compare-runs.js';
import {
  type Change,
  type RunComparison,
  type RunMetric,
  runComparisonSchema,
} from '../../src/contracts/run-comparison.js';
import { fixtureComparison, fixtureRun, slower, withOtherSeeds } from '../fixtures/runs.js';

function changeOf(
  comparison: RunComparison,
  metric: RunMetric,
  { strategy = 'spr', workload = 'small-replies', run = 1 } = {},
): Change | null | undefined {
  const cell = comparison.cells.find((one) => one.strategy === strategy && one.workload === workload);
  return cell?.metrics.find((one) => one.metric === metric)?.changes[run];
}

describe('compareRuns', () => {
  it('makes what the schema accepts', () => {
    expect(runComparisonSchema.safeParse(fixtureComparison()).error).toBeUndefined();
  });

  it('compares trials of the same seed and conditions in pairs', () => {
    const comparison = compareRuns([fixtureRun(), fixtureRun({ trial: slower(1.5) })]);
    const change = changeOf(comparison, 'recoveryTimeMs');
    expect(change).toMatchObject({ paired: true, trials: { run: 6, base: 6 } });
    // Every pair has the same ratio: pairs do not see what differs from trial to trial.
    for (const bound of [change?.ratio, change?.low, change?.high]) expect(bound).toBeCloseTo(1.5, 9);
  });

  it('compares trials of other seeds as independent samples', () => {
    const comparison = compareRuns([
      fixtureRun(),
      fixtureRun({ trial: (trial) => withOtherSeeds(slower(1.5)(trial)) }),
    ]);
    const change = changeOf(comparison, 'recoveryTimeMs');
    expect(change).toMatchObject({ paired: false, trials: { run: 6, base: 6 } });
    expect(change?.ratio).toBeCloseTo(1.5, 9);
    expect(change?.low).toBeLessThan(1.5);
    expect(change?.high).toBeGreaterThan(1.5);
  });

  it('does not pair trials under other conditions', () => {
    const comparison = compareRuns([
      fixtureRun(),
      fixtureRun({ trial: (trial) => ({ ...trial, spec: { ...trial.spec, rttMs: 20 } }) }),
    ]);
    expect(changeOf(comparison, 'recoveryTimeMs')?.paired).toBe(false);
    expect(comparison.differences).toEqual([{ kind: 'condition', name: 'rttMs', values: ['10', '20'] }]);
    expect(comparison.timesNotComparable).toEqual(['rttMs']);
  });

  it('compares what is relative to the reference apart from the machine', () => {
    const comparison = compareRuns([fixtureRun(), fixtureRun({ trial: slower(3) })]);
    expect(changeOf(comparison, 'recoveryTimeMs')?.ratio).toBeCloseTo(3, 9);
    expect(changeOf(comparison, 'recoveryTimeToReference')?.ratio).toBeCloseTo(1, 9);
    const sprAlone = compareRuns([fixtureRun(), fixtureRun({ trial: slower(3, 'spr') })]);
    expect(changeOf(sprAlone, 'recoveryTimeToReference')?.ratio).toBeCloseTo(3, 9);
    const reference = changeOf(comparison, 'recoveryTimeToReference', { strategy: 'full-handshake' });
    expect(reference).toBeUndefined();
  });

  it('does not compare ratios to different references', () => {
    const comparison = compareRuns([fixtureRun(), fixtureRun({ summary: { reference: 'full-state-copy' } })]);
    expect(changeOf(comparison, 'recoveryTimeToReference')).toBeNull();
    expect(comparison.differences.map(({ name }) => name)).toEqual(['reference']);
    expect(comparison.timesNotComparable).toEqual([]);
  });

  it('finds no difference between a run and itself', () => {
    const comparison = compareRuns([fixtureRun(), fixtureRun()]);
    expect(comparison.differences).toEqual([]);
    expect(comparison.partial).toEqual([]);
    for (const { metrics } of comparison.cells) {
      for (const { changes, values } of metrics) {
        expect(values[1]).toEqual(values[0]);
        expect(changes[1]?.ratio ?? 1).toBe(1);
      }
    }
  });

  it('names what differs, and of that what spoils absolute times', () => {
    const { differences, timesNotComparable } = fixtureComparison();
    expect(differences).toEqual([
      { kind: 'environment', name: 'cpuModel', values: ['Example CPU @ 2.10GHz', 'Other CPU'] },
      { kind: 'environment', name: 'node', values: ['20.20.2', '24.1.0'] },
      { kind: 'condition', name: 'rttMs', values: ['10', '20'] },
    ]);
    expect(timesNotComparable).toEqual(['cpuModel', 'node', 'rttMs']);
    const { environment } = fixtureRun().summary;
    const upgraded = fixtureRun({ summary: { environment: { ...environment, sprBench: '0.2.0' } } });
    expect(compareRuns([fixtureRun(), upgraded])).toMatchObject({
      differences: [{ name: 'sprBench', values: ['0.1.0', '0.2.0'] }],
      timesNotComparable: [],
    });
  });

  it('names the cells that are not in every run', () => {
    const { cells, partial } = fixtureComparison();
    expect(cells.map(({ strategy }) => strategy)).not.toContain('session-resumption');
    expect(partial).toHaveLength(3);
    expect(partial[0]).toMatchObject({ strategy: 'session-resumption', runs: [0] });
  });

  it('compares more than two runs with the first', () => {
    const comparison = compareRuns([1, 2, 4].map((factor) => fixtureRun({ trial: slower(factor) })));
    const ratios = [0, 1, 2].map((run) => changeOf(comparison, 'recoveryTimeMs', { run })?.ratio);
    expect(ratios[0]).toBeUndefined();
    expect(ratios[1]).toBeCloseTo(2, 9);
    expect(ratios[2]).toBeCloseTo(4, 9);
  });

  it('counts trials that do not count, and takes nothing else from them', () => {
    const [base] = fixtureComparison().runs;
    expect(base?.trials).toEqual({ completed: 70, invalid: 1, inconclusive: 1 });
    const comparison = compareRuns([fixtureRun(), fixtureRun()]);
    const uploads = { strategy: 'session-resumption', workload: 'uploads' };
    expect(changeOf(comparison, 'recoveryTimeMs', uploads)?.trials).toEqual({ run: 5, base: 5 });
  });
});
