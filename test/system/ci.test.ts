/** The action, the workflows and the examples for CI: they are read, and their scripts are run as CI services run them. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeTrials, type RunModel, spread } from '../bench/gate/runs.js';
import { fixtureSummary } from '../fixtures/results.js';
import { mappingAt, readYaml, type Yaml } from '../fixtures/yaml.js';
import { evaluate, makeStandIn, runStep, type StepResult, scriptsOf, textOf } from './support/ci-steps.js';
import { suiteFolder } from './support/folder.js';
import { isMissing, ROOT, run, runCli } from './support/program.js';

const read = (path: string): Yaml => readYaml(readFileSync(join(ROOT, path), 'utf8'));

const action = read('action.yml');
const workflow = read('.github/workflows/ci.yml');
const githubExample = read('examples/ci/github.yml');
const gitlabExample = read('examples/ci/gitlab.yml');
const actionSteps = scriptsOf(mappingAt(action, 'runs').steps);
const workflowSteps = ['all', 'action'].map((job) => mappingAt(workflow, 'jobs', job).steps);
const exampleSteps = mappingAt(githubExample, 'jobs', 'recovery').steps;
const SCRIPTS = ['.ci/run', '.ci/gate', 'examples/ci/recovery-gate.sh'];

const folder = suiteFolder();
const standIn = makeStandIn(folder);
const baselinePath = join(folder, 'baseline.json');
let cases = 0;

/** Stores a run as `compare` does. */
function storeRun(model: RunModel = {}): string {
  const path = join(folder, `run-${++cases}`);
  mkdirSync(path);
  writeFileSync(join(path, 'summary.json'), JSON.stringify(fixtureSummary()));
  const lines = makeTrials(model).map((trial) => `${JSON.stringify(trial)}\n`);
  writeFileSync(join(path, 'trials.ndjson'), lines.join(''));
  writeFileSync(join(path, 'report.html'), '<!doctype html><title>stored</title>');
  return path;
}

/** Twice as slow as the baseline, of a run that is as good as the baseline's: the same as a run that has become slower. */
function doctoredBaseline(): string {
  const path = join(folder, 'doctored.json');
  const doctored = JSON.parse(readFileSync(baselinePath, 'utf8')) as {
    metrics: { kind: string; metric: string; samples: number[] }[];
  };
  for (const metric of doctored.metrics) {
    if (metric.metric === 'recoveryTimeMs') metric.samples = metric.samples.map((value) => value / 2);
  }
  writeFileSync(path, JSON.stringify(doctored));
  return path;
}

interface ActionResult extends StepResult {
  readonly folder: string;
  /** What `compare` was called with. */
  readonly compared: readonly string[];
}

/** Calls the action: its second step, in a new folder, with its defaults but for `inputs`. */
async function callAction(
  inputs: Readonly<Record<string, string>>,
  stored: string | null = storeRun(),
  env: Readonly<Record<string, string>> = {},
): Promise<ActionResult> {
  const work = join(folder, `work-${++cases}`);
  const defaults = Object.entries(mappingAt(action, 'inputs')).map(([name, input]) => [
    `inputs.${name}`,
    textOf(mappingAt(input).default),
  ]);
  const given = Object.entries(inputs).map(([name, value]) => [`inputs.${name}`, value]);
  const noted = join(folder, `arguments-${cases}.json`);
  const [, gate] = actionSteps;
  if (gate === undefined) throw new Error('the action has no second step');
  const result = await runStep(gate, {
    context: { ...Object.fromEntries([...defaults, ...given]), 'github.action_path': standIn },
    folder: work,
    env: { ...(stored === null ? {} : { STAND_IN_RUN: stored, STAND_IN_ARGUMENTS: noted }), ...env },
  });
  const compared = existsSync(noted) ? (JSON.parse(readFileSync(noted, 'utf8')) as string[]) : [];
  return { ...result, folder: work, compared };
}

beforeAll(async () => {
  const { stdout, code } = await runCli(['baseline', storeRun()]);
  expect(code).toBe(0);
  writeFileSync(baselinePath, stdout);
});

describe('what GitHub reads', () => {
  const steps = [mappingAt(action, 'runs').steps, ...workflowSteps, exampleSteps];

  it('has no expression in a script: values come through the environment', () => {
    const scripts = steps.flatMap((list) => scriptsOf(list).map((step) => textOf(step.run)));
    expect(scripts.length).toBeGreaterThanOrEqual(5);
    expect(scripts.filter((script) => script.includes('${{'))).toEqual([]);
  });

  it('uses actions of GitHub only, and this one', () => {
    const used = steps
      .flatMap((list) => (Array.isArray(list) ? list : []))
      .map((step: Yaml) => mappingAt(step).uses);
    const known =
      /^(actions\/(checkout|setup-node|upload-artifact)@v4|\.\/|OWNER\/spr-bench@VERSION|undefined)$/;
    expect(used.map(String).filter((name) => !known.test(name))).toEqual([]);
  });

  it('is a composite action: every script names its shell, every input has an end, every output a source', () => {
    expect(mappingAt(action, 'runs').using).toBe('composite');
    expect(actionSteps.map(({ shell }) => shell)).toEqual(['bash', 'bash']);
    const text = readFileSync(join(ROOT, 'action.yml'), 'utf8');
    const inputs = Object.keys(mappingAt(action, 'inputs'));
    expect(inputs.filter((name) => !text.includes(`\${{ inputs.${name} }}`))).toEqual([]);
    for (const [name, output] of Object.entries(mappingAt(action, 'outputs'))) {
      expect(mappingAt(output).value).toBe(`\${{ steps.gate.outputs.${name} }}`);
    }
  });

  it('calls the action with inputs that it has', () => {
    const inputs = Object.keys(mappingAt(action, 'inputs'));
    const calls = [...workflowSteps, exampleSteps]
      .flatMap((list) => (Array.isArray(list) ? list : []))
      .filter((step: Yaml) => /^\.\/$|spr-bench/.test(String(mappingAt(step).uses)));
    expect(calls).toHaveLength(2);
    for (const call of calls)
      expect(Object.keys(mappingAt(call, 'with')).filter((name) => !inputs.includes(name))).toEqual([]);
  });
});

describe('the scripts', () => {
  it.each(SCRIPTS)('%s is bash', async (path) => {
    expect(await run('bash', ['-n', join(ROOT, path)])).toMatchObject({ code: 0, stderr: '' });
  });

  it.skipIf(isMissing('shellcheck'))('have no finding of shellcheck', async () => {
    expect(await run('shellcheck', SCRIPTS, { cwd: ROOT })).toMatchObject({ code: 0, stdout: '' });
  });

  it('of the action install spr-bench only where it is not built', async () => {
    const [install] = actionSteps;
    if (install === undefined) throw new Error('the action has no step');
    const bin = join(folder, 'npm-only');
    mkdirSync(bin);
    writeFileSync(join(bin, 'npm'), '#!/bin/sh\necho "npm $*"; pwd\n', { mode: 0o755 });
    const env = { PATH: `${bin}:${process.env.PATH}` };
    const installed = (path: string) =>
      runStep(install, { context: { 'github.action_path': path }, folder: join(folder, 'install'), env });
    expect((await installed(standIn)).stdout).toBe('');
    const fresh = join(folder, 'a fresh checkout');
    mkdirSync(fresh);
    expect((await installed(fresh)).stdout).toBe(`npm ci --no-audit --no-fund\n${fresh}\n`);
  });
});

describe('the action', () => {
  it('passes a run that is as the baseline, and says where the results are', async () => {
    const result = await callAction({ baseline: baselinePath, args: '--rtt-ms  10\n--rekey' });
    expect(result).toMatchObject({ code: 0, outputs: { verdict: 'pass', 'exit-code': '0' } });
    expect(result.compared).toEqual([
      ...['--strategies', 'full-handshake,spr', '--workloads', 'request-reply', '--trials', '12'],
      ...['--seed', '1', '--out', 'spr-bench-results', '--rtt-ms', '10', '--rekey'],
    ]);
    const { summary = '' } = result.outputs;
    expect(summary).toBe(join(result.folder, 'spr-bench-results/summary.md'));
    expect(result.summary).toBe(readFileSync(summary, 'utf8'));
    expect(result.summary).toContain('pass: no metric has regressed');
    expect(result.summary).toContain('| full-handshake |');
    expect(result.stdout).toContain('::notice title=spr-bench');
    const files = readdirSync(join(result.folder, 'spr-bench-results'));
    expect(files).toEqual(expect.arrayContaining(['baseline.json', 'gate.txt', 'junit.xml', 'report.md']));
  });

  it('fails a run that is slower than a doctored baseline', async () => {
    const result = await callAction({ baseline: doctoredBaseline() });
    expect(result).toMatchObject({ code: 4, outputs: { verdict: 'regression', 'exit-code': '4' } });
    expect(result.summary).toMatch(/^## spr-bench: gate\n\n~~~text\nregressed /);
  });

  it('takes thresholds from a file', async () => {
    const config = join(folder, 'thresholds.json');
    const wide = { recoveryTimeMs: 3 };
    writeFileSync(config, JSON.stringify({ comment: 'wide', thresholds: { ratio: wide, time: wide } }));
    expect(await callAction({ baseline: doctoredBaseline(), config })).toMatchObject({
      code: 0,
      outputs: { verdict: 'pass' },
    });
  });

  it('shows an inconclusive run, which fails only where that is asked for', async () => {
    const few = storeRun({ blocks: 3 });
    const shown = await callAction({ baseline: baselinePath }, few);
    expect(shown).toMatchObject({ code: 0, outputs: { verdict: 'inconclusive', 'exit-code': '5' } });
    expect(shown.stdout).toContain('it is not taken as a failure');
    expect(shown.summary).toContain('3 values are too few');
    const failed = await callAction({ baseline: baselinePath, 'fail-on-inconclusive': 'true' }, few);
    expect(failed).toMatchObject({ code: 5, outputs: { verdict: 'inconclusive', 'exit-code': '5' } });
  });

  it.each([['with', baselinePath] as const, ['without', ''] as const])(
    'fails a violation %s a baseline, however fast the run is, and makes no baseline of it',
    async (_, baseline) => {
      const wrong = storeRun({ violations: ['1 wrong byte'], recoveryMs: () => 1 });
      const result = await callAction({ baseline }, wrong, { STAND_IN_CODE: '3' });
      expect(result).toMatchObject({ code: 3, outputs: { verdict: 'violation', 'exit-code': '3' } });
      expect(result.stdout).toContain('::error');
      expect(readdirSync(join(result.folder, 'spr-bench-results'))).not.toContain('baseline.json');
    },
  );

  it('without a baseline measures, and leaves one', async () => {
    const result = await callAction({});
    expect(result).toMatchObject({ code: 0, outputs: { verdict: 'pass' } });
    expect(readFileSync(join(result.folder, 'spr-bench-results/baseline.json'), 'utf8')).toBe(
      readFileSync(baselinePath, 'utf8'),
    );
  });

  it('refuses bad input with exit code 2 and one reason, before it measures', async () => {
    const refused = async (inputs: Readonly<Record<string, string>>, reason: string): Promise<void> => {
      // Without a stored run, wrong options meet the real program.
      const result = await callAction(inputs, null);
      expect(result).toMatchObject({ code: 2, outputs: { verdict: '', 'exit-code': '2', report: '' } });
      expect(result.stderr.trim().split('\n')).toEqual([expect.stringContaining(reason)]);
      expect(existsSync(join(result.folder, 'spr-bench-results/trials.ndjson'))).toBe(false);
    };
    await refused({ baseline: 'nowhere.json' }, 'nowhere.json: no such file');
    await refused({ baseline: baselinePath, config: 'nowhere.json' }, 'nowhere.json: no such file');
    await refused({ config: baselinePath }, 'thresholds without a baseline');
    await refused({ 'fail-on-inconclusive': 'yes' }, 'must be true or false');
    await refused({ out: 'results\nverdict=pass' }, 'must have a name of one line');
    await refused({ trials: 'many' }, '--trials many');
    await refused({ strategies: 'none-such' }, 'none-such');
    await refused({ args: '--no-such-option' }, '--no-such-option');
  });

  it('takes what looks like a command for a value', async () => {
    const hostile = '$(touch pwned) `touch pwned`; touch pwned; *';
    const result = await callAction({ strategies: hostile, args: hostile });
    expect(result.compared[1]).toBe(hostile);
    expect(result.compared.slice(-hostile.split(' ').length)).toEqual(hostile.split(' '));
    expect(readdirSync(result.folder)).not.toContain('pwned');
  });

  it('does not show what an earlier run left', async () => {
    const first = await callAction({ baseline: baselinePath });
    const results = join(first.folder, 'spr-bench-results');
    const again = await callAction({ out: results }, storeRun({ blocks: 2 }));
    expect(again.outputs.verdict).toBe('pass');
    expect(readdirSync(results)).not.toContain('gate.txt');
    expect(again.summary).not.toContain('no metric has regressed');
  });

  it('measures for real', { timeout: 240_000 }, async () => {
    const inputs = { trials: '1', connections: '4', args: '--rtt-ms 1 --quick' };
    const first = await callAction(inputs, null);
    expect(first).toMatchObject({ code: 0, outputs: { verdict: 'pass' } });
    expect(statSync(first.outputs.report ?? '').size).toBeGreaterThan(10_000);
    const baseline = join(first.folder, 'spr-bench-results/baseline.json');
    // One pair decides nothing, however it turns out.
    const second = await callAction({ ...inputs, baseline }, null);
    expect(second).toMatchObject({ code: 0, outputs: { verdict: 'inconclusive' } });
  });
});

describe('the workflows', () => {
  it('read the outputs of the action', async () => {
    const { outputs } = await callAction({ baseline: baselinePath });
    const context = Object.fromEntries(
      Object.entries(outputs).map(([name, value]) => [`steps.gate.outputs.${name}`, value]),
    );
    const told = scriptsOf(exampleSteps);
    const checked = scriptsOf(workflowSteps[1]);
    expect([told.length, checked.length]).toEqual([1, 1]);
    for (const step of [...told, ...checked]) {
      const { code, stdout } = await runStep(step, { context, folder: join(folder, 'workflow') });
      expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('pass') });
    }
    const bad = { ...context, 'steps.gate.outputs.verdict': 'regression' };
    for (const step of checked)
      expect((await runStep(step, { context: bad, folder: join(folder, 'workflow') })).code).toBe(1);
  });

  it('run what can be run by hand', () => {
    expect(scriptsOf(workflowSteps[0]).map((step) => textOf(step.run))).toEqual(['bash .ci/run']);
  });
});

describe('the example for GitLab', () => {
  /** Runs the lines of the job as GitLab does, with an `npm install` that takes the stand-in. */
  async function runJob(stored: string, baseline: string) {
    const work = join(folder, `gitlab-${++cases}`);
    mkdirSync(join(work, 'bin'), { recursive: true });
    mkdirSync(join(work, 'node_modules/.bin'), { recursive: true });
    writeFileSync(join(work, 'bin/npm'), '#!/bin/sh\necho "npm $*"\n', { mode: 0o755 });
    symlinkSync(standIn, join(work, 'node_modules/spr-bench'));
    symlinkSync(join(standIn, 'dist/src/main/cli.js'), join(work, 'node_modules/.bin/spr-bench'));
    const job = mappingAt(gitlabExample, 'recovery');
    const script = Array.isArray(job.script) ? job.script.map(textOf).join('\n') : '';
    const variables = Object.entries(mappingAt(job, 'variables')).map(([name, value]) => [
      name,
      textOf(value),
    ]);
    return run('bash', ['-eo', 'pipefail', '-c', script], {
      cwd: work,
      env: {
        ...(Object.fromEntries(variables) as Record<string, string>),
        ...{ PATH: `${join(work, 'bin')}:${process.env.PATH}`, SPR_BENCH_BASELINE: baseline },
        ...{ STAND_IN_RUN: stored, STAND_IN_ARGUMENTS: join(work, 'arguments.json') },
      },
    });
  }

  it('installs the package, and passes, warns or fails', async () => {
    const passed = await runJob(storeRun(), baselinePath);
    expect(passed, passed.stderr).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('pass: no metric'),
    });
    expect(passed.stdout).toMatch(/^npm install .* spr-bench\n/);
    const slower = storeRun({ recoveryMs: (block) => 40 * spread(block) });
    expect((await runJob(slower, baselinePath)).code).toBe(4);
    const inconclusive = await runJob(storeRun({ blocks: 3 }), baselinePath);
    expect(String(inconclusive.code)).toBe(mappingAt(gitlabExample, 'recovery', 'allow_failure').exit_codes);
  });
});

describe('expressions', () => {
  it('that nothing gives a value are an error of these tests', () => {
    expect(() => evaluate(`\${{ inputs.none }}`, {})).toThrow('inputs.none is not known here');
  });
});
