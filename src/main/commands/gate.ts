/** `spr-bench gate`: whether a run is worse than a baseline. */
import { randomInt } from 'node:crypto';
import type { Command } from 'commander';
import pc from 'picocolors';
import { UsageError } from '../../base/errors.js';
import { readBaseline } from '../../bench/gate/baseline.js';
import { readCalibration } from '../../bench/gate/calibration.js';
import { gate } from '../../bench/gate/gate.js';
import { renderGate, renderSelftest } from '../../bench/gate/gate-text.js';
import type { SelftestContext } from '../../bench/gate/selftest.js';
import { readStoredRun } from '../../bench/gate/stored-run.js';
import { readThresholds, Thresholds } from '../../bench/gate/thresholds.js';
import type { GateResult } from '../../contracts/gate.js';
import { MIN_PAIRS_FOR_INTERVAL } from '../../stats/bootstrap.js';
import { ExitCode, onInterruption } from '../exit-codes.js';
import { createProgress } from '../progress.js';
import { MAX_RANDOM_SEED, MAX_WINDOWS, wholeNumber } from './run-arguments.js';

interface GateOptions {
  readonly baseline?: string;
  readonly config?: string;
  readonly calibration?: string;
  readonly json?: boolean;
  readonly selftest?: boolean;
  readonly trials?: string;
  readonly windows?: string;
}

/** On a quiet machine enough to find 15 %; each takes about 16 seconds. */
const SELFTEST_TRIALS = 12;
const MAX_SELFTEST_TRIALS = 200;

const EXIT_CODES: Readonly<Record<GateResult['verdict'], number>> = {
  pass: ExitCode.ok,
  regression: ExitCode.regression,
  inconclusive: ExitCode.inconclusive,
  violation: ExitCode.violation,
};

export function gateCommand(command: Command): Command {
  return command
    .argument('[run-dir]', 'folder with trials.ndjson and summary.json')
    .option('--baseline <file>', 'what `spr-bench baseline` wrote')
    .option('--config <file>', 'JSON file with thresholds by kind and metric')
    .option('--calibration <file>', 'what `spr-bench calibrate` wrote: thresholds below it are refused')
    .option('--json', 'print one JSON document')
    .option('--selftest', 'instead: find a slow-down of 15 % that is put in, and none where there is none')
    .option('--trials <n>', `with --selftest: trials of each kind (default: ${SELFTEST_TRIALS})`)
    .option(
      '--windows <n>',
      'with --selftest: how often both are told right, in windows drawn from 4 times the trials',
    )
    .action(async (folder: string | undefined, options: GateOptions) => {
      process.exitCode = await (options.selftest === true
        ? selftest(folder, options)
        : gateRun(folder, options));
    });
}

async function gateRun(folder: string | undefined, options: GateOptions): Promise<number> {
  for (const name of ['trials', 'windows'] as const) {
    if (options[name] === undefined) continue;
    throw new UsageError(`--${name} is for --selftest: a run has its trials`);
  }
  if (folder === undefined) throw new UsageError('gate: the folder of a run is missing');
  if (options.baseline === undefined) throw new UsageError('gate: --baseline <file> is missing');
  const warn = (message: string): void => void process.stderr.write(`spr-bench: warning: ${message}\n`);
  const result = gate({
    baseline: readBaseline(options.baseline),
    thresholds: options.config === undefined ? new Thresholds() : readThresholds(options.config),
    calibration: options.calibration === undefined ? undefined : readCalibration(options.calibration),
    run: await readStoredRun(folder, warn),
  });
  const colour = process.stdout.isTTY === true && pc.isColorSupported;
  process.stdout.write(
    options.json === true ? `${JSON.stringify(result, null, 2)}\n` : renderGate(result, { colour }),
  );
  return EXIT_CODES[result.verdict];
}

async function selftest(folder: string | undefined, options: GateOptions): Promise<number> {
  refuseRun(folder, options);
  const json = options.json === true;
  const plan = readPlan(options);
  // Makes runs, which needs everything that a run needs; to gate one does not.
  const { runSelftest, selftestTrials } = await import('../../bench/gate/selftest.js');
  const interruption = onInterruption();
  const progress = createProgress({
    total: selftestTrials(plan),
    quiet: json,
    stream: process.stderr,
    nowMs: () => performance.now(),
  });
  try {
    const seed = randomInt(MAX_RANDOM_SEED);
    const result = await runSelftest({ ...plan, seed, signal: interruption.signal, handler: progress });
    progress.close();
    if (result === undefined) return interruption.exitCode() ?? ExitCode.internal;
    process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : renderSelftest(result));
    return result.verdict === 'pass' ? ExitCode.ok : ExitCode.inconclusive;
  } finally {
    progress.close();
    interruption.release();
  }
}

function readPlan({ trials, windows }: GateOptions): Pick<SelftestContext, 'trials' | 'windows'> {
  return {
    trials: wholeNumber(
      'trials',
      trials ?? String(SELFTEST_TRIALS),
      MIN_PAIRS_FOR_INTERVAL,
      MAX_SELFTEST_TRIALS,
    ),
    windows: windows === undefined ? 0 : wholeNumber('windows', windows, 1, MAX_WINDOWS),
  };
}

/** @throws UsageError: a self-test that went by without looking at a run would look as if it had gated it */
function refuseRun(folder: string | undefined, options: GateOptions): void {
  const given = (['baseline', 'config', 'calibration'] as const).filter(
    (name) => options[name] !== undefined,
  );
  const [first] = [...(folder === undefined ? [] : [folder]), ...given.map((name) => `--${name}`)];
  if (first !== undefined) throw new UsageError(`--selftest makes runs of its own and takes no ${first}`);
}
