import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatBaseline, makeBaseline, readBaseline } from '../../../src/bench/gate/baseline.js';
import { storedRunOf } from '../../../src/bench/gate/stored-run.js';
import { baselineSchema } from '../../../src/contracts/gate.js';
import { fixtureSummary, fixtureTrials } from '../../fixtures/results.js';
import { temporaryFolder } from '../../system/support/folder.js';
import { makeRun, REFERENCE, STRATEGY } from './runs.js';

describe('makeBaseline', () => {
  it('has the ratio of each metric, its interval and the samples', () => {
    const baseline = makeBaseline(makeRun());
    expect(baselineSchema.safeParse(baseline).error).toBeUndefined();
    expect(baseline.metrics[0]).toEqual({
      kind: 'ratio',
      metric: 'latencyBeforeP50Ms',
      strategy: STRATEGY,
      workload: 'request-reply',
      fault: 'kill',
      median: 1,
      low: 1,
      high: 1,
      samples: [1, 1, 1, 1, 1, 1],
    });
    const recovery = baseline.metrics.find(({ metric }) => metric === 'recoveryTimeMs');
    expect(recovery).toMatchObject({ median: 0.199, low: 0.192, high: 0.208 });
    expect(recovery?.samples).toEqual([0.204, 0.194, 0.2, 0.208, 0.198, 0.192]);
  });

  it('says under which conditions, on which machine and from which seed', () => {
    const { conditions, fingerprint, seed, reference } = makeBaseline(makeRun());
    expect(conditions).toEqual([
      {
        workload: 'request-reply',
        fault: 'kill',
        options: expect.objectContaining({ rttMs: 10, connections: 40 }),
      },
    ]);
    for (const name of ['index', 'block', 'seed', 'strategy', 'workload']) {
      expect(conditions[0]?.options).not.toHaveProperty(name);
    }
    expect(fingerprint).toMatchObject({ cores: 2, cpuModel: 'Example CPU @ 2.10GHz' });
    expect(fingerprint).not.toHaveProperty('loadAverage');
    expect({ seed, reference }).toEqual({ seed: 20260, reference: REFERENCE });
  });

  it('gives no interval of fewer than six samples', () => {
    const [metric] = makeBaseline(makeRun({ blocks: 5 })).metrics;
    expect(metric).toMatchObject({ low: null, high: null });
  });

  it('does not depend on the order of the trials', () => {
    const trials = fixtureTrials();
    const forth = makeBaseline(storedRunOf(fixtureSummary(), trials));
    const back = makeBaseline(storedRunOf(fixtureSummary(), [...trials].reverse()));
    expect(back.metrics).toEqual(forth.metrics);
  });

  it('refuses a run that is no standard', () => {
    expect(() => makeBaseline(makeRun({ violations: ['a byte was wrong'] }))).toThrow('a byte was wrong');
    expect(() => makeBaseline(makeRun({ summary: { complete: false } }))).toThrow('cut short');
    expect(() => makeBaseline(makeRun({ blocks: 0 }))).toThrow('no completed trial');
  });

  it('refuses trials of one workload under different conditions', () => {
    const [first, second] = fixtureTrials();
    if (first === undefined || second === undefined) throw new Error('fixture: there must be trials');
    const changed = { ...second, spec: { ...second.spec, rttMs: 77 } };
    expect(() => storedRunOf(fixtureSummary(), [first, changed])).toThrow('under other conditions');
  });
});

describe('the file of a baseline', () => {
  const baseline = makeBaseline(
    makeRun({ summary: { command: 'spr-bench compare --out "a [ b, c ] { d"' } }),
  );

  it('is read as it was written, with one metric per line', () => {
    const path = join(temporaryFolder(), 'baseline.json');
    const text = formatBaseline(baseline);
    writeFileSync(path, text);
    expect(readBaseline(path)).toEqual(baseline);
    const lines = text.split('\n').filter((line) => line.includes('"metric"'));
    expect(lines).toHaveLength(baseline.metrics.length);
  });

  it('is refused when it is missing, broken or of another version', () => {
    const path = join(temporaryFolder(), 'baseline.json');
    expect(() => readBaseline(path)).toThrow('cannot be read');
    writeFileSync(path, '{');
    expect(() => readBaseline(path)).toThrow('not JSON');
    writeFileSync(path, JSON.stringify({ ...baseline, schemaVersion: 99 }));
    expect(() => readBaseline(path)).toThrow('schemaVersion is 99');
    writeFileSync(path, JSON.stringify({ ...baseline, metrics: [] }));
    expect(() => readBaseline(path)).toThrow('not a baseline: metrics');
  });
});
