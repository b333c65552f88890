/** `spr-bench soak`: faults in a row on one cluster, under a load that lives through all of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SoakFault, SoakSummary } from '../../src/contracts/soak.js';
import { temporaryFolder } from './support/folder.js';
import { descendantsOf, untilGone } from './support/processes.js';
import { ROOT, runCli, startCli } from './support/program.js';

/** Director, three replicas and load client. */
const CHILDREN = 5;
const SOAK = ['soak', '--connections', '12', '--seed', '1'];

const isFault = compile('soak-fault.schema.json');
const isSummary = compile('soak.schema.json');

function compile(file: string) {
  const schema: object = JSON.parse(readFileSync(join(ROOT, 'schemas', file), 'utf8'));
  return new Ajv2020({ strict: true, strictTypes: false }).compile(schema);
}

/** The result files, checked against the published schemas. */
function readResults(folder: string): { faults: SoakFault[]; summary: SoakSummary } {
  const faults = readFileSync(join(folder, 'soak.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as SoakFault);
  for (const fault of faults) expect(isFault(fault), JSON.stringify(isFault.errors)).toBe(true);
  const summary = JSON.parse(readFileSync(join(folder, 'soak.json'), 'utf8')) as SoakSummary;
  expect(isSummary(summary), JSON.stringify(isSummary.errors)).toBe(true);
  return { faults, summary };
}

describe('a soak', () => {
  it.each(['spr', 'full-state-copy'])('of some seconds shows that nothing is lost: %s', async (strategy) => {
    const folder = temporaryFolder();
    const result = await runCli([
      ...SOAK,
      '--strategy',
      strategy,
      '--faults',
      'kill,hang',
      '--audit',
      '--duration-s',
      '10',
      '--out',
      folder,
    ]);
    expect(result).toMatchObject({ code: 0 });
    const { faults, summary } = readResults(folder);
    expect(faults.length).toBeGreaterThanOrEqual(2);
    expect(faults.filter(({ survived }) => !survived)).toEqual([]);
    expect(summary).toMatchObject({
      complete: true,
      strategy,
      seed: 1,
      connectionsNeverLost: 12,
      connections: { kept: 12 * faults.length, lost: 0, notRecoverable: 0 },
      requests: { failed: 0, unknown: 0 },
      corruptedBytes: 0,
      audit: { reusedNonces: 0, unnotedRecords: 0 },
      violations: [],
    });
    expect(summary.audit?.records).toBeGreaterThan(0);
    expect(summary.requests.ok).toBeGreaterThan(0);
    expect(summary.executions.zero).toBe(0);
    expect(summary.processes.map(({ name }) => name)).toEqual(['director', 'load client', 'largest replica']);
    expect(result.stderr.trim().split('\n')).toHaveLength(faults.length);
    expect(result.stdout).toContain('connections lost');
  });

  it('counts what nobody can keep apart, with the reason, and goes on', async () => {
    const folder = temporaryFolder();
    const result = await runCli([
      ...SOAK,
      '--faults',
      'double',
      '--duration-s',
      '4',
      '--json',
      '--out',
      folder,
    ]);
    expect(result).toMatchObject({ code: 0 });
    const { faults } = readResults(folder);
    const summary = JSON.parse(result.stdout) as SoakSummary;
    expect(faults.length).toBeGreaterThanOrEqual(1);
    expect(summary.connections).toMatchObject({ lost: 0, causes: expect.anything() });
    expect(summary.connections.notRecoverable).toBeGreaterThan(0);
    expect(summary.violations).toEqual([]);
  });

  it('at a fixed interval has the goodput of the faults that it stored', async () => {
    const folder = temporaryFolder();
    const options = ['--faults', 'kill', '--fault-every-ms', '900', '--duration-s', '5', '--quiet'];
    const result = await runCli([...SOAK, ...options, '--out', folder]);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const { faults, summary } = readResults(folder);
    const times = faults.map(({ atMs }) => atMs);
    const [firstMs = 0, ...later] = times;
    const lastMs = later.at(-1) ?? firstMs;
    // Timers count whole milliseconds, and may be early by one.
    expect(firstMs).toBeGreaterThan(2998);
    for (const [index, atMs] of later.entries()) expect(atMs - (times[index] ?? 0)).toBeGreaterThan(898);
    const { goodput, requests, workload } = summary;
    expect(workload).toBe('request-reply:think-ms=20');
    // A machine that is very busy may have no time for the second one.
    if (later.length === 0) {
      expect(goodput).toBeNull();
      return;
    }
    expect(goodput?.intervals).toBe(later.length);
    expect(goodput?.meanIntervalMs).toBeCloseTo((lastMs - firstMs) / later.length, 3);
    expect(goodput?.perSecond).toBeGreaterThan(0);
    expect((goodput?.perSecond ?? 0) * (lastMs - firstMs)).toBeLessThanOrEqual(requests.ok * 1000);
    expect(result.stdout).toContain('goodput');
  });

  it('that is interrupted keeps what it has, cleans up and exits with 130', async () => {
    const folder = temporaryFolder();
    const soak = startCli([...SOAK, '--faults', 'kill', '--duration-s', '600', '--out', folder]);
    onTestFinished(() => soak.kill('SIGKILL'));
    await soak.until('the first fault', ({ stderr }) => stderr.includes('fault 1 '));
    const children = descendantsOf(soak.pid);
    expect(children.length).toBeGreaterThanOrEqual(CHILDREN);
    soak.kill('SIGINT');
    const result = await soak.ended;
    expect(result.code).toBe(130);
    expect(result.stderr).not.toMatch(/error|at .*:\d+:\d+/i);
    await untilGone(children);
    const { faults, summary } = readResults(folder);
    expect(faults.length).toBeGreaterThanOrEqual(1);
    expect(summary).toMatchObject({ complete: false });
    expect(summary.faults[0]?.injected).toBe(faults.length);
    expect(result.stdout).toContain('not complete');
  });

  it('that is killed leaves whole faults, a summary, and no process', async () => {
    const folder = temporaryFolder();
    const soak = startCli([...SOAK, '--faults', 'kill', '--duration-s', '600', '--out', folder]);
    onTestFinished(() => soak.kill('SIGKILL'));
    await soak.until('the first fault', ({ stderr }) => stderr.includes('fault 1 '));
    const children = descendantsOf(soak.pid);
    soak.kill('SIGKILL');
    await soak.ended;
    await untilGone(children);
    const { faults, summary } = readResults(folder);
    expect(faults.length).toBeGreaterThanOrEqual(1);
    expect(summary.complete).toBe(false);
  });
});
