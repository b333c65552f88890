/** A run that is ended in the middle: what is stored stays readable, and no process is left. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from './support/folder.js';
import { descendantsOf, untilGone } from './support/processes.js';
import { type Program, runCli, startCli } from './support/program.js';
import { readSummary, readTrials } from './support/results.js';

/** Director, two replicas and load client. */
const CHILDREN = 4;
const RUN_OPTIONS = ['--quick', '--connections', '4', '--strategies', 'spr', '--seed', '1'];

/** Starts a run of many trials; resolves in the middle of its second one, when all of its processes run. */
async function startRun(folder: string): Promise<{ compare: Program; children: number[] }> {
  const compare = startCli(['compare', ...RUN_OPTIONS, '--trials', '50', '--out', folder]);
  onTestFinished(() => compare.kill('SIGKILL'));
  await compare.until('the end of the first trial', ({ stderr }) => stderr.includes('trial 1/50'));
  let children: number[] = [];
  await compare.until('all processes of the second trial', ({ pid }) => {
    children = descendantsOf(pid);
    return children.length === CHILDREN;
  });
  return { compare, children };
}

describe('a run that is interrupted', () => {
  it.each<[NodeJS.Signals, number]>([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])('by %s cleans up, keeps what it has and exits with %i', async (signal, code) => {
    const folder = temporaryFolder();
    const { compare, children } = await startRun(folder);
    compare.kill(signal);
    const result = await compare.ended;
    expect(result.code).toBe(code);
    expect(result.stderr).not.toMatch(/error|at .*:\d+:\d+/i);
    await untilGone(children);
    const trials = readTrials(folder);
    expect(trials.length).toBeGreaterThanOrEqual(1);
    expect(readSummary(folder)).toMatchObject({ complete: false, seed: 1 });
    expect(result.stdout).toContain('spr');
    await expectReportWorks(folder);
  });

  it('by SIGINT to the whole process group, as a terminal sends it, does the same', async () => {
    const folder = temporaryFolder();
    const { compare, children } = await startRun(folder);
    for (const pid of [...children, compare.pid]) process.kill(pid, 'SIGINT');
    expect((await compare.ended).code).toBe(130);
    await untilGone(children);
    expect(readSummary(folder).complete).toBe(false);
  });

  it('before the first trial ends leaves a summary of nothing', async () => {
    const folder = temporaryFolder();
    const compare = startCli(['compare', ...RUN_OPTIONS, '--out', folder]);
    await compare.until('a process', ({ pid }) => descendantsOf(pid).length > 0);
    const children = descendantsOf(compare.pid);
    compare.kill('SIGINT');
    expect((await compare.ended).code).toBe(130);
    await untilGone(children);
    expect(readSummary(folder)).toMatchObject({ complete: false, cells: [] });
    await expectReportWorks(folder);
  });

  it('by SIGKILL takes its processes with it, and leaves whole trials', async () => {
    const folder = temporaryFolder();
    const { compare, children } = await startRun(folder);
    compare.kill('SIGKILL');
    await compare.ended;
    await untilGone(children);
    expect(readTrials(folder).length).toBeGreaterThanOrEqual(1);
    expect(readSummary(folder)).toMatchObject({ complete: false, seed: 1 });
    await expectReportWorks(folder);
  });
});

async function expectReportWorks(folder: string): Promise<void> {
  const report = await runCli(['report', folder]);
  expect(report).toMatchObject({ code: 0 });
  expect(existsSync(join(folder, 'report.html'))).toBe(true);
}
