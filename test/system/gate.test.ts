/** `spr-bench baseline` and `spr-bench gate`, as a user runs them: files in, exit code and text out. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { baselineSchema, gateResultSchema } from '../../src/contracts/gate.js';
import type { TrialResult } from '../../src/contracts/results.js';
import { makeTrials, type RunModel, spread } from '../bench/gate/runs.js';
import { fixtureSummary } from '../fixtures/results.js';
import { suiteFolder } from './support/folder.js';
import { CLI, ROOT, run, runCli } from './support/program.js';
import { readTrials } from './support/results.js';

const folder = suiteFolder();
const baselinePath = join(folder, 'baseline.json');

/** Stores a run as `compare` does. */
function store(name: string, trials: readonly TrialResult[]): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'summary.json'), JSON.stringify(fixtureSummary()));
  writeFileSync(join(path, 'trials.ndjson'), trials.map((trial) => `${JSON.stringify(trial)}\n`).join(''));
  return path;
}

function storeRun(name: string, model: RunModel = {}): string {
  return store(name, makeTrials(model));
}

function slower(factor: number): RunModel {
  return { recoveryMs: (block) => 20 * factor * spread(block + 2) };
}

const gate = (run: string, ...args: string[]) => runCli(['gate', '--baseline', baselinePath, run, ...args]);

describe('baseline and gate', () => {
  beforeAll(async () => {
    const { code, stdout, stderr } = await runCli(['baseline', storeRun('first')]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    baselineSchema.parse(JSON.parse(stdout));
    writeFileSync(baselinePath, stdout);
  });

  it('exit with 0 for the same run, and say that nothing has regressed', async () => {
    const { code, stdout } = await gate(join(folder, 'first'));
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining('pass: no metric has regressed'),
    });
    expect(stdout).toContain('note: not calibrated');
    expect(stdout).toContain('p95, p99 and max cannot be gated');
  });

  it('exit with 4 for a regression', async () => {
    const { code, stdout } = await gate(storeRun('slow', slower(1.7)), '--json');
    expect(code).toBe(4);
    const { verdict, judgements } = gateResultSchema.parse(JSON.parse(stdout));
    expect(verdict).toBe('regression');
    const regressed = judgements.filter((each) => each.verdict === 'regressed');
    expect(new Set(regressed.map(({ metric }) => metric))).toEqual(new Set(['recoveryTimeMs']));
  });

  it('exit with 5 for too few trials, and with 3 for a violation, however fast', async () => {
    expect((await gate(storeRun('few', { blocks: 3 }))).code).toBe(5);
    const { code, stdout } = await gate(
      storeRun('wrong', { violations: ['1 wrong byte'], recoveryMs: () => 1 }),
    );
    expect({ code, stdout }).toEqual({ code: 3, stdout: expect.stringContaining('1 wrong byte') });
  });

  it('take thresholds from a file', async () => {
    const config = join(folder, 'config.json');
    writeFileSync(
      config,
      JSON.stringify({ thresholds: { ratio: { recoveryTimeMs: 2 }, time: { recoveryTimeMs: 2 } } }),
    );
    expect((await gate(storeRun('slow', slower(1.7)), '--config', config)).code).toBe(0);
  });
});

describe('output that nobody reads', () => {
  /** Runs a program whose output is read by one that has already ended. */
  const unread = (args: string, redirection: string) =>
    run('bash', [
      ...['-c', `"$0" "$1" ${args} ${redirection} | true; exit "\${PIPESTATUS[0]}"`],
      ...[process.execPath, CLI],
    ]);

  it('hides no regression', async () => {
    const slow = storeRun('slow', slower(1.7));
    const { code } = await unread(`gate --baseline '${baselinePath}' '${slow}'`, '');
    expect(code).toBe(4);
  });

  it('is no error where it is progress, or a reason', async () => {
    const { code } = await unread(`gate --baseline '${baselinePath}'`, '2>&1');
    expect(code).toBe(2);
  });
});

describe('the slow-down of the self-test', () => {
  it('takes place in a survivor, when the clients are back', async () => {
    const delayMs = 300;
    const address = `${pathToFileURL(join(ROOT, 'dist/src/bench/gate/slowed-full-handshake.js')).href}?delayMs=${delayMs}`;
    const out = join(folder, 'slowed');
    const { code, stderr } = await runCli([
      ...['compare', '--quick', '--trials', '1', '--connections', '8', '--rtt-ms', '50', '--out', out],
      ...['--strategies', 'spr', '--strategy', address],
    ]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const slowed = readTrials(out).find(({ spec }) => spec.strategy === 'full-handshake');
    const times = slowed?.measurements?.connections.map(({ recoveryTimeMs }) => recoveryTimeMs ?? 0) ?? [];
    expect(times).toHaveLength(8);
    // Standing still that long is certain, whatever else the machine does.
    for (const recoveryTimeMs of times) expect(recoveryTimeMs).toBeGreaterThanOrEqual(delayMs);
  });
});
