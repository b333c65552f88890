/** `spr-bench compare`, as a user runs it: what each strategy claims is what clients see. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Cell, Summary, TrialResult } from '../../src/contracts/results.js';
import { suiteFolder, temporaryFolder } from './support/folder.js';
import { type ProgramResult, ROOT, runCli } from './support/program.js';
import { cellOf, parseSummary, readSummary, readTrials } from './support/results.js';

const CONNECTIONS = 16;
const STRATEGIES = ['full-handshake', 'session-resumption', 'full-state-copy', 'spr'];
const WORKLOADS = ['request-reply', 'bulk-download', 'idle-fleet'];
const KEEPING = ['full-state-copy', 'spr'];
/** Of one connection before the fault: its secrets, and with open arrivals the outcome of one or two POSTs. */
const MAX_SPR_BYTES_PER_CONNECTION = 1000;

function compare(folder: string, ...args: string[]): Promise<ProgramResult> {
  const common = ['--quick', '--trials', '1', '--connections', String(CONNECTIONS), '--seed', '1', '--audit'];
  return runCli(['compare', ...common, '--out', folder, ...args], { cwd: ROOT });
}

/** Runs it with `--json`; every cell must count. */
function compareWell(...args: string[]): Promise<Summary> {
  return compareWellInto(temporaryFolder(), ...args);
}

async function compareWellInto(folder: string, ...args: string[]): Promise<Summary> {
  const { code, stdout, stderr } = await compare(folder, '--json', ...args);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const summary = parseSummary(stdout);
  expect(summary.rejected).toEqual([]);
  expect(summary.violations).toEqual([]);
  return summary;
}

/** What every strategy owes its clients. */
function expectCorrect(cell: Cell): void {
  expect(cell.trials).toEqual({ completed: 1, invalid: 0, inconclusive: 0 });
  expect(cell.corruptedBytes).toBe(0);
  expect(cell.connections.lost).toBe(0);
  expect(cell.recoveryTimeMs?.count).toBeGreaterThan(0);
}

function expectKept(cell: Cell): void {
  expectCorrect(cell);
  expect(cell.connections).toEqual({ kept: CONNECTIONS, reconnected: 0, lost: 0, opened: 0 });
  expect(cell.handshakesAfterFault).toEqual({ full: 0, resumed: 0 });
  expect(cell.requests).toMatchObject({ failed: 0, unknown: 0 });
}

function expectReconnected(cell: Cell, handshakes: Cell['handshakesAfterFault']): void {
  expectCorrect(cell);
  expect(cell.connections).toEqual({ kept: 0, reconnected: CONNECTIONS, lost: 0, opened: 0 });
  expect(cell.handshakesAfterFault).toEqual(handshakes);
}

describe('all strategies and workloads', () => {
  const folder = suiteFolder();
  let result: ProgramResult;
  let summary: Summary;
  let trials: TrialResult[];

  beforeAll(async () => {
    result = await compare(folder, '--strategies', 'all', '--workloads', WORKLOADS.join(), '--json');
    summary = parseSummary(result.stdout);
    trials = readTrials(folder);
  });

  it('exits with 0, and every cell counts', () => {
    expect(result.code).toBe(0);
    expect(summary).toMatchObject({ complete: true, seed: 1, reference: 'full-handshake', violations: [] });
    const cells = summary.cells.map(({ strategy, workload }) => `${strategy} ${workload}`);
    expect(cells.sort()).toEqual(WORKLOADS.flatMap((w) => STRATEGIES.map((s) => `${s} ${w}`)).sort());
  });

  it('stores what it prints', () => {
    expect(readSummary(folder)).toEqual(summary);
    expect(trials.map(({ spec }) => spec.index)).toEqual(trials.map((_, index) => index));
    expect(readdirSync(folder).sort()).toEqual(['report.html', 'summary.json', 'trials.ndjson']);
    const report = readFileSync(join(folder, 'report.html'), 'utf8');
    expect(report).toMatch(/^<!doctype html>/i);
    expect(report).not.toMatch(/<script/i);
  });

  it.each(WORKLOADS)('full-handshake makes one full handshake for each connection: %s', (workload) => {
    expectReconnected(cellOf(summary, 'full-handshake', workload), { full: CONNECTIONS, resumed: 0 });
  });

  it.each(WORKLOADS)('session-resumption resumes each connection: %s', (workload) => {
    expectReconnected(cellOf(summary, 'session-resumption', workload), { full: 0, resumed: CONNECTIONS });
  });

  it.each(KEEPING.flatMap((strategy) => WORKLOADS.map((workload) => [strategy, workload] as const)))(
    '%s keeps each connection, and no request fails: %s',
    (strategy, workload) => expectKept(cellOf(summary, strategy, workload)),
  );

  it('no client repeats a request that is not idempotent', () => {
    for (const trial of trials) expect(trial.measurements?.executions?.moreNonIdempotent).toBe(0);
  });

  it('spr replicates far less than a full copy', () => {
    for (const workload of WORKLOADS) {
      const bytes = (strategy: string): number =>
        cellOf(summary, strategy, workload).replication?.bytesPerRequest ?? Number.NaN;
      expect(bytes('spr')).toBeGreaterThan(0);
      expect(bytes('spr')).toBeLessThan(bytes('full-state-copy') / 5);
      expect(bytes('full-handshake')).toBe(0);
      expect(bytes('session-resumption')).toBe(0);
    }
  });

  it('the phases of each recovery add up to its recovery time', () => {
    const connections = trials.flatMap(({ measurements }) => measurements?.connections ?? []);
    for (const { phases, recoveryTimeMs } of connections) {
      const sum = phases === null ? null : Object.values(phases).reduce((total, ms) => total + ms, 0);
      if (sum === null) expect(recoveryTimeMs).toBeNull();
      else expect(sum).toBeCloseTo(recoveryTimeMs ?? Number.NaN, 6);
    }
  });

  it('report draws the same results again', async () => {
    const report = await runCli(['report', folder, '--format', 'json']);
    expect(report.code).toBe(0);
    expect(parseSummary(report.stdout)).toEqual(summary);
  });
});

describe('options', () => {
  it('TLS 1.2, ChaCha20-Poly1305 and an RSA key', async () => {
    const tls = ['--tls', '1.2', '--suite', 'chacha20-poly1305', '--key', 'rsa-2048'];
    const summary = await compareWell(...tls, '--strategies', 'spr,session-resumption');
    expectKept(cellOf(summary, 'spr', 'request-reply'));
    const resumed = { full: 0, resumed: CONNECTIONS };
    expectReconnected(cellOf(summary, 'session-resumption', 'request-reply'), resumed);
  });

  it('a strategy from a file, and open arrivals', async () => {
    const file = './examples/strategies/eager-spr.js';
    const summary = await compareWell('--strategies', 'spr', '--strategy', file, '--arrivals', 'open');
    expect(summary.strategies.map(({ id }) => id)).toEqual(['spr', 'eager-spr']);
    for (const { id } of summary.strategies) {
      const cell = cellOf(summary, id, 'request-reply');
      expectKept(cell);
      expect(cell.replication?.bytesPerConnection).toBeLessThan(MAX_SPR_BYTES_PER_CONNECTION);
    }
  });

  it('the native engine', async () => {
    const strategies = 'full-handshake,session-resumption';
    const summary = await compareWell('--engine', 'native', '--strategies', strategies);
    const cell = (strategy: string): Cell => cellOf(summary, strategy, 'request-reply');
    expectReconnected(cell('full-handshake'), { full: CONNECTIONS, resumed: 0 });
    expectReconnected(cell('session-resumption'), { full: 0, resumed: CONNECTIONS });
  });

  it('a round-trip time: a reconnect takes at least two more, a takeover does not', async () => {
    const rttMs = 20;
    const summary = await compareWell('--rtt-ms', String(rttMs), '--strategies', 'full-handshake,spr');
    expectKept(cellOf(summary, 'spr', 'request-reply'));
    const reconnect = cellOf(summary, 'full-handshake', 'request-reply').recoveryTimeMs;
    // TCP, the handshake and the request, after the half round trip of the RST: never less.
    expect(reconnect?.p50).toBeGreaterThan(3 * rttMs);
  });

  it('a configuration file, which the command line overrides', async () => {
    const folder = temporaryFolder();
    const config = join(ROOT, 'test/system/fixtures/config.json');
    const args = ['--config', config, '--connections', '3', '--out', folder];
    const result = await runCli(['compare', ...args], { cwd: folder });
    expect(result.code).toBe(0);
    const [trial] = readTrials(folder);
    expect(trial?.spec).toMatchObject({ strategy: 'spr', connections: 3, tls: { version: '1.2' } });
    expect(readSummary(folder)).toMatchObject({ seed: 99 });
  });
});

describe('a run in the folder of an earlier one', () => {
  it('replaces it, and runs the same trials when it has the same seed, on three replicas', async () => {
    const folder = temporaryFolder();
    const runs = [];
    for (let round = 0; round < 2; round++) {
      const summary = await compareWellInto(folder, '--strategies', 'spr', '--replicas', '3', '--quiet');
      expectKept(cellOf(summary, 'spr', 'request-reply'));
      runs.push({ trials: readTrials(folder), summary: readSummary(folder) });
    }
    const [first, second] = runs;
    expect(second?.trials.map(({ spec }) => spec)).toEqual(first?.trials.map(({ spec }) => spec));
    expect(second?.summary.startedAt).not.toBe(first?.summary.startedAt);
    expect(second?.trials[0]?.startedAt).not.toBe(first?.trials[0]?.startedAt);
  });
});
