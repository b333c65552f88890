/** A run: all planned trials one after the other, each stored as it ends. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../base/errors.js';
import { createPrng } from '../base/prng.js';
import { createIdentity, type Identity } from '../cluster/certificates.js';
import { SCHEMA_VERSION, type Summary, type TrialResult, type TrialSpec } from '../contracts/results.js';
import { captureEnvironment } from './environment.js';
import { readOpenFileLimit, requireOpenFiles } from './open-files.js';
import { withOwnServer } from './own-server-run.js';
import { planTrials } from './plan.js';
import { isEnough } from './precision.js';
import { appendTrial, SUMMARY_FILE, TRIALS_FILE, writeSummary } from './results-file.js';
import type { Loaded, RunOptions } from './run-options.js';
import { RunAccumulator } from './summarize.js';
import { runTrial, SERVERNAME } from './trial.js';

export interface RunHandler {
  trialStarted(spec: TrialSpec): void;
  trialEnded(result: TrialResult): void;
}

export interface RunContext {
  readonly options: RunOptions;
  /** Folder of the result files; made when it does not exist. */
  readonly folder: string;
  /** How the run was started, for the report. */
  readonly command: string;
  readonly rawOptions: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
}

export interface RunOutcome {
  readonly summary: Summary;
  readonly accumulator: RunAccumulator;
}

/** Runs all trials, or those that fit before the signal: the summary then says that it is not complete. */
export async function runAll(given: RunContext, handler: RunHandler): Promise<RunOutcome> {
  const identity = await createIdentity({ key: given.options.key, servername: SERVERNAME });
  const { options, end } = await withOwnServer(given.options, identity, given.signal);
  try {
    return await runTrials({ ...given, options }, identity, handler);
  } finally {
    await end();
  }
}

async function runTrials(context: RunContext, identity: Identity, handler: RunHandler): Promise<RunOutcome> {
  const { options, folder, signal } = context;
  const startedAt = new Date().toISOString();
  const specs = planTrials(options);
  requireOpenFiles(Math.max(...specs.map(({ connections }) => connections)), readOpenFileLimit());
  const trialsPath = prepareFolder(folder);
  const strategies = options.strategies.map(({ plugin }) => plugin);
  const accumulator = new RunAccumulator(strategies, createPrng(options.seed).fork('bootstrap'));
  let complete = false;
  const store = (): Summary => {
    const summary = { ...summaryHead(context, startedAt, complete), ...accumulator.summary() };
    writeSummary(join(folder, SUMMARY_FILE), summary);
    return summary;
  };
  // With it, the trials of a run that is killed can be reported all the same.
  store();
  for (const spec of specs) {
    if (signal.aborted) break;
    if (isEnough(spec, specs[spec.index - 1], options, () => accumulator.comparisons())) {
      complete = true;
      break;
    }
    handler.trialStarted(spec);
    const result = await runOne(spec, context, identity);
    if (result === undefined) break;
    appendTrial(trialsPath, result);
    accumulator.add(result);
    handler.trialEnded(result);
    complete = spec.index === specs.length - 1;
  }
  return { summary: store(), accumulator };
}

function summaryHead({ options, command, rawOptions }: RunContext, startedAt: string, complete: boolean) {
  return {
    schemaVersion: SCHEMA_VERSION,
    complete,
    startedAt,
    seed: options.seed,
    command,
    options: { ...rawOptions },
    environment: captureEnvironment(),
  } as const;
}

/** @returns undefined when the signal ended it. */
async function runOne(
  spec: TrialSpec,
  { options, signal }: RunContext,
  identity: Identity,
): Promise<TrialResult | undefined> {
  try {
    return await runTrial({
      spec,
      strategy: byId(options.strategies, spec.strategy),
      workload: byId(options.workloads, spec.workload),
      fault: entryById(options.faults, spec.fault),
      identity,
      external: options.external,
      signal,
    });
  } catch (error) {
    if (signal.aborted) return undefined;
    throw explain(error, spec);
  }
}

/** Limits of the machine, as the system names them, and what a user can do about them. */
const LIMITS: readonly (readonly [RegExp, string])[] = [
  [/EMFILE|ENFILE/, 'too many open files: raise the limit (ulimit -n) or lower --connections'],
  [
    /EADDRNOTAVAIL|EADDRINUSE/,
    'no free port is left on 127.0.0.1: wait for closed ones to expire, or lower --connections',
  ],
  [
    /EAGAIN|no process or no file descriptor/,
    'no further process can be started: raise the limit (ulimit -u)',
  ],
];

function explain(error: unknown, { strategy, workload }: TrialSpec): unknown {
  const text = error instanceof Error ? error.message : String(error);
  const limit = LIMITS.find(([pattern]) => pattern.test(text));
  if (limit === undefined) return error;
  return new UsageError(`${strategy} / ${workload}: ${limit[1]} (${text.split('\n')[0]})`, { cause: error });
}

/** The results of an earlier run in the same folder are replaced: two runs in one file would be neither. */
function prepareFolder(folder: string): string {
  const trialsPath = join(folder, TRIALS_FILE);
  try {
    mkdirSync(folder, { recursive: true });
    for (const name of [SUMMARY_FILE, 'report.html']) rmSync(join(folder, name), { force: true });
    writeFileSync(trialsPath, '');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--out ${folder} cannot be written: ${reason}`, { cause: error });
  }
  return trialsPath;
}

function byId<P extends { readonly id: string }>(loaded: readonly Loaded<P>[], id: string): Loaded<P> {
  const found = loaded.find(({ plugin }) => plugin.id === id);
  if (found === undefined) throw new Error(`no plugin "${id}" in this run`);
  return found;
}

function entryById<P extends { readonly id: string }>(entries: readonly P[], id: string): P {
  const found = entries.find((entry) => entry.id === id);
  if (found === undefined) throw new Error(`no entry "${id}" in this run`);
  return found;
}
