import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { readResults } from '../../src/bench/read-results.js';
import { appendTrial, writeSummary } from '../../src/bench/results-file.js';
import type { TrialResult } from '../../src/contracts/results.js';
import { fixtureResults, fixtureSummary, fixtureTrial, fixtureTrials } from '../fixtures/results.js';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spr-bench-read-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function store(trials: readonly TrialResult[]): void {
  writeSummary(join(folder, 'summary.json'), fixtureSummary());
  writeFileSync(join(folder, 'trials.ndjson'), '');
  for (const trial of trials) appendTrial(join(folder, 'trials.ndjson'), trial);
}

describe('readResults', () => {
  it('computes everything again from the trials', async () => {
    store(fixtureTrials());
    const seen: number[] = [];
    const { summary, series, strategies } = await readResults(folder, {
      warn: (message) => expect.unreachable(message),
      onTrial: ({ spec }) => seen.push(spec.index),
    });
    // Intervals depend on the seed of the run, which the fixture does without.
    const exact = fixtureSummary().cells.map((cell) => ({ ...cell, recoveryP50IntervalMs: null }));
    expect(summary.cells.map((cell) => ({ ...cell, recoveryP50IntervalMs: null }))).toEqual(exact);
    expect(series).toEqual(fixtureResults().series);
    expect(strategies.map(({ id }) => id)).toContain('spr');
    expect(seen).toEqual(fixtureTrials().map((_, index) => index));
  });

  it('does not take the summary for what trials tell', async () => {
    store([fixtureTrial()]);
    const { summary } = await readResults(folder, { warn() {} });
    expect(summary.cells).toHaveLength(1);
    expect(summary.seed).toBe(fixtureSummary().seed);
  });

  it('calls a run incomplete whose last trial was cut short', async () => {
    store(fixtureTrials());
    expect((await readResults(folder, { warn() {} })).summary.complete).toBe(true);
    appendFileSync(join(folder, 'trials.ndjson'), '{"schemaVersion":');
    const warnings: string[] = [];
    const { summary } = await readResults(folder, { warn: (message) => warnings.push(message) });
    expect(summary.complete).toBe(false);
    expect(warnings).toEqual([expect.stringContaining('the last line is truncated')]);
  });

  it('names what is missing', async () => {
    const read = (path: string) => readResults(path, { warn() {} });
    await expect(read(join(folder, 'none'))).rejects.toThrow(
      `${join(folder, 'none')}: no such folder: allowed is`,
    );
    await expect(read(folder)).rejects.toThrow(`${join(folder, 'summary.json')} is missing: allowed is`);
    writeSummary(join(folder, 'summary.json'), fixtureSummary());
    await expect(read(folder)).rejects.toThrow(`${join(folder, 'trials.ndjson')} is missing: allowed is`);
    await expect(read(folder)).rejects.toThrow(UsageError);
  });

  it('names the trial whose values do not go with the others', async () => {
    const trial = fixtureTrial();
    const throughput = { ...trial.measurements.throughput, binMs: 20 };
    store([
      trial,
      {
        ...trial,
        spec: { ...trial.spec, index: 9 },
        measurements: { ...trial.measurements, throughput },
      },
    ]);
    const reading = readResults(folder, { warn() {} });
    await expect(reading).rejects.toThrow(UsageError);
    await expect(reading).rejects.toThrow(/trials\.ndjson: trial 9: .*bins are 20 ms wide/);
  });
});
