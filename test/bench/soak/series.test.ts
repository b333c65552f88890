import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runSoakSeries, type SeriesContext, type SeriesSoak } from '../../../src/bench/soak/series.js';
import type { SoakContext } from '../../../src/bench/soak/soak.js';
import { type SoakSummary, soakSeriesSchema } from '../../../src/contracts/soak.js';
import { parseSoakOptions } from '../../../src/main/commands/soak-options.js';
import { FIXTURE_ENVIRONMENT } from '../../fixtures/results.js';
import { SOAK_ARGUMENTS } from '../../fixtures/soak-arguments.js';

const GOODPUT = { intervals: 3, meanIntervalMs: 510, beforePerSecond: 100, perSecond: 90, share: 0.9 };

function summaryOf({ options, rawOptions, command }: SoakContext): SoakSummary {
  return {
    schemaVersion: 1,
    complete: true,
    startedAt: '2026-11-01T00:00:00.000Z',
    durationMs: options.durationMs,
    seed: options.seed,
    command,
    options: { ...rawOptions },
    environment: FIXTURE_ENVIRONMENT,
    strategy: options.strategy.plugin.id,
    workload: options.workload.specifier,
    replicas: options.replicas,
    connectionsOpened: 24,
    connectionsNeverLost: 24,
    faults: [
      { fault: 'kill', injected: 3, survived: 2, disturbed: 1 },
      { fault: 'hang', injected: 1, survived: 1, disturbed: 0 },
    ],
    connections: { kept: 96, lost: 0, notRecoverable: 0, causes: {} },
    requests: { ok: 1000, failed: 1, unknown: 2 },
    executions: { zero: 0, more: 0, moreNonIdempotent: 0 },
    corruptedBytes: 0,
    longestInterruptionMs: 30,
    goodput: GOODPUT,
    audit: null,
    processes: [],
    violations: [],
  };
}

async function contextOf(folder: string, signal: AbortSignal): Promise<SeriesContext> {
  const plan = await parseSoakOptions({
    ...SOAK_ARGUMENTS,
    strategies: 'spr,full-handshake',
    faultEveryMs: '500,2000',
    seed: '3',
  });
  if (plan.kind !== 'series') throw new Error('several strategies must be a series');
  const onSoak = (): void => {};
  return {
    soaks: plan.soaks,
    folder,
    command: 'c',
    rawOptions: { seed: '3' },
    signal,
    onFault: () => {},
    onSoak,
  };
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'spr-bench-series-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('a series of soaks', () => {
  it('runs each in a folder of its own, says what it was, and is stored', async () => {
    const folder = temporaryFolder();
    const contexts: SoakContext[] = [];
    const announced: string[] = [];
    const onSoak = ({ strategy, faultEveryMs }: SeriesSoak, index: number): void => {
      announced.push(`${index} ${strategy.plugin.id} ${faultEveryMs}`);
    };
    const context = await contextOf(folder, new AbortController().signal);
    const series = await runSoakSeries({ ...context, onSoak }, async (each) => {
      contexts.push(each);
      return summaryOf(each);
    });
    expect(announced).toEqual(['0 spr 500', '1 full-handshake 500', '2 spr 2000', '3 full-handshake 2000']);
    expect(contexts.map((each) => each.folder)).toEqual(
      ['spr-500ms', 'full-handshake-500ms', 'spr-2000ms', 'full-handshake-2000ms'].map((name) =>
        join(folder, name),
      ),
    );
    expect(contexts[1]?.rawOptions).toEqual({ seed: '3', strategies: 'full-handshake', faultEveryMs: 500 });
    expect(series).toMatchObject({ complete: true, seed: 3, faults: ['kill'] });
    expect(series.soaks[2]).toMatchObject({
      strategy: 'spr',
      faultEveryMs: 2000,
      folder: 'spr-2000ms',
      injected: 4,
      disturbed: 1,
      goodput: GOODPUT,
    });
    const stored: unknown = JSON.parse(readFileSync(join(folder, 'soak-series.json'), 'utf8'));
    expect(soakSeriesSchema.parse(stored)).toEqual(series);
  });

  it('that is interrupted has what ended before, and is not complete', async () => {
    const folder = temporaryFolder();
    const interruption = new AbortController();
    const context = await contextOf(folder, interruption.signal);
    const series = await runSoakSeries(context, async (each) => {
      if (each.options.strategy.plugin.id === 'spr') return summaryOf(each);
      interruption.abort();
      return { ...summaryOf(each), complete: false, goodput: null };
    });
    expect(series.soaks.map(({ folder: name, complete }) => [name, complete])).toEqual([
      ['spr-500ms', true],
      ['full-handshake-500ms', false],
    ]);
    expect(series.complete).toBe(false);
  });
});
