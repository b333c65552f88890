/** `spr-bench micro`, as a user runs it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { captureEnvironment } from '../../src/bench/environment.js';
import { microSchema } from '../../src/contracts/micro.js';
import { requestReplyTrials } from '../fixtures/micro.js';
import { fixtureSummary } from '../fixtures/results.js';
import { temporaryFolder } from './support/folder.js';
import { runCli } from './support/program.js';

/** A stored run of this machine. */
function storedRun(): string {
  const folder = join(temporaryFolder(), 'run');
  mkdirSync(folder);
  const summary = { ...fixtureSummary(), environment: captureEnvironment() };
  writeFileSync(join(folder, 'summary.json'), JSON.stringify(summary));
  const lines = requestReplyTrials().map((trial) => `${JSON.stringify(trial)}\n`);
  writeFileSync(join(folder, 'trials.ndjson'), lines.join(''));
  return folder;
}

describe('spr-bench micro', () => {
  it('prints a table of the steps that were asked for', async () => {
    const { code, stdout, stderr } = await runCli(['micro', '--filter', 'deframe', '--time-ms', '1']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Records +us +95 % interval +CPU us\n {2}deframe 128 B[^\n]+\n$/);
    expect(stderr).toContain('micro: 50 % done');
  });

  it('prints one document with --json, and writes the same with --out', async () => {
    const out = join(temporaryFolder(), 'a');
    const args = ['micro', '--filter', 'serialize', '--time-ms', '1', '--json', '--quiet', '--out', out];
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const result = microSchema.parse(JSON.parse(stdout));
    expect(result.steps).toHaveLength(6);
    expect(result.command).toContain('micro --filter serialize');
    expect(readFileSync(join(out, 'micro.json'), 'utf8')).toBe(stdout);
  });

  it('starts processes for first takeovers, holds a run against its steps, and the report of that run shows it', async () => {
    const folder = storedRun();
    const args = ['micro', '--filter', 'tls13', '--time-ms', '1', '--quiet', '--against', folder];
    const { code, stdout } = await runCli(args);
    expect(code).toBe(0);
    const { steps } = microSchema.parse(JSON.parse(readFileSync(join(folder, 'micro.json'), 'utf8')));
    const cold = steps.filter(({ id }) => id.endsWith('.cold'));
    expect(cold.map(({ id, samples }) => [id, samples])).toEqual([
      ['takeover.idle.tls13.cold', 6],
      ['takeover.busy.tls13.cold', 6],
    ]);
    expect(stdout).toMatch(/^spr, request-reply, kill +us$/m);
    expect(stdout).toMatch(/^ {2}sum of the steps +[\d,.]+$/m);
    expect(stdout).toContain('no sum: no step answers as the workload downloads does');
    await runCli(['report', folder]);
    expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('What a recovery is made of');
  });
});
