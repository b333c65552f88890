/** Runs steps of an action or a workflow as GitHub's runner does, and a stand-in for the runs that they would make. */
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMapping, type Yaml, type YamlMapping } from '../../fixtures/yaml.js';
import { CLI, type ProgramResult, ROOT, run } from './program.js';

export interface StepResult extends ProgramResult {
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

export interface StepOptions {
  /** The value of each `${{ ... }}` that the step may use. */
  readonly context: Readonly<Record<string, string>>;
  /** Working folder, and place of the runner's files. */
  readonly folder: string;
  /** Beside what the step sets itself. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Steps with a script, of a list of steps. */
export function scriptsOf(steps: Yaml | undefined): YamlMapping[] {
  if (!Array.isArray(steps)) throw new Error('no list of steps');
  return steps.filter((step: Yaml): step is YamlMapping => isMapping(step) && 'run' in step);
}

export async function runStep(step: YamlMapping, options: StepOptions): Promise<StepResult> {
  const { context, folder } = options;
  mkdirSync(folder, { recursive: true });
  const files = Object.fromEntries(
    ['GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY', 'script'].map((name) => [name, join(folder, name)]),
  );
  for (const file of ['GITHUB_OUTPUT', 'GITHUB_STEP_SUMMARY']) writeFileSync(files[file] ?? '', '');
  writeFileSync(files.script ?? '', textOf(step.run));
  const env = isMapping(step.env) ? step.env : {};
  const result = await run('bash', ['--noprofile', '--norc', '-eo', 'pipefail', files.script ?? ''], {
    cwd: folder,
    env: {
      ...{ GITHUB_ACTIONS: 'true', GITHUB_OUTPUT: files.GITHUB_OUTPUT ?? '' },
      GITHUB_STEP_SUMMARY: files.GITHUB_STEP_SUMMARY ?? '',
      ...Object.fromEntries(
        Object.entries(env).map(([name, value]) => [name, evaluate(textOf(value), context)]),
      ),
      ...options.env,
    },
  });
  return {
    ...result,
    outputs: readOutputs(readFileSync(files.GITHUB_OUTPUT ?? '', 'utf8')),
    summary: readFileSync(files.GITHUB_STEP_SUMMARY ?? '', 'utf8'),
  };
}

/** @throws Error for an expression that is not in the context */
export function evaluate(text: string, context: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{\{ *(.*?) *\}\}/g, (_, name: string) => {
    const value = context[name];
    if (value === undefined) throw new Error(`${name} is not known here`);
    return value;
  });
}

export function textOf(value: Yaml | undefined): string {
  if (typeof value !== 'string') throw new Error(`${JSON.stringify(value)} is no text`);
  return value;
}

/** One `name=value` per line; a line of another kind would be a value that has got out of its own. */
function readOutputs(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => line !== '');
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^([\w-]+)=(.*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined) throw new Error(`not an output: ${line}`);
      return [name, value];
    }),
  );
}

/**
 * Makes a folder that looks like a checkout of this repository. Its `spr-bench` is the real one but for `compare`, which
 * notes its arguments in `$STAND_IN_ARGUMENTS`, copies the stored run `$STAND_IN_RUN` and exits with `$STAND_IN_CODE`.
 * Without a stored run `compare` is the real one, too.
 */
export function makeStandIn(folder: string): string {
  const path = join(folder, 'stand-in');
  if (existsSync(path)) return path;
  mkdirSync(join(path, 'dist/src/main'), { recursive: true });
  symlinkSync(join(ROOT, 'examples'), join(path, 'examples'));
  const program = join(path, 'dist/src/main/cli.js');
  writeFileSync(program, STAND_IN);
  chmodSync(program, 0o755);
  return path;
}

const STAND_IN = `#!/usr/bin/env node
const { cpSync, writeFileSync } = require('node:fs');
const { spawnSync } = require('node:child_process');
const [command, ...rest] = process.argv.slice(2);
const { STAND_IN_RUN, STAND_IN_CODE, STAND_IN_ARGUMENTS } = process.env;
if (command === 'compare' && STAND_IN_RUN) {
  writeFileSync(STAND_IN_ARGUMENTS, JSON.stringify(rest));
  cpSync(STAND_IN_RUN, rest[rest.indexOf('--out') + 1], { recursive: true });
  process.exit(Number(STAND_IN_CODE || 0));
}
process.exit(spawnSync(process.execPath, [${JSON.stringify(CLI)}, command, ...rest], { stdio: 'inherit' }).status);
`;
