/** `spr-bench calibrate`: what the gate can tell on this machine. */
import { randomInt } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { runCalibration, withTwins } from '../../bench/gate/calibration-run.js';
import { renderCalibration } from '../../bench/gate/calibration-text.js';
import { readThresholds, Thresholds } from '../../bench/gate/thresholds.js';
import { BLOCKS_PER_TRIAL } from '../../bench/gate/windows.js';
import { planTrials } from '../../bench/plan.js';
import { parseRunOptions } from '../../bench/run-options.js';
import type { Calibration } from '../../contracts/gate.js';
import { MIN_PAIRS_FOR_INTERVAL } from '../../stats/bootstrap.js';
import { ExitCode, onInterruption } from '../exit-codes.js';
import { createProgress } from '../progress.js';
import {
  commandLine,
  MAX_RANDOM_SEED,
  MAX_WINDOWS,
  readConfig,
  wholeNumber,
  withRunOptions,
} from './run-arguments.js';

const DEFAULT_FOLDER = 'spr-bench-calibration';
const CALIBRATION_FILE = 'calibration.json';
const DEFAULT_TRIALS = 6;
/** Rates of 1 % can be told from 5 %. */
const DEFAULT_WINDOWS = 100;
const MAX_TRIALS = 250;

interface CalibrateOptions {
  readonly out: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly config?: string;
  readonly trials?: string;
  readonly blocks?: string;
  readonly windows: string;
  readonly thresholds?: string;
}

export function calibrateCommand(command: Command): Command {
  return withRunOptions(command)
    .option('--trials <n>', `trials of a run that is to be gated (default: ${DEFAULT_TRIALS})`)
    .option(
      '--blocks <n>',
      `blocks to measure; windows are drawn from them (default: ${BLOCKS_PER_TRIAL} times the trials)`,
    )
    .option('--windows <n>', 'windows to judge', String(DEFAULT_WINDOWS))
    .option('--thresholds <file>', "thresholds, as gate's --config has them")
    .option('--out <folder>', `folder of ${CALIBRATION_FILE} and of the trials`, DEFAULT_FOLDER)
    .option('--json', 'print the calibration as one JSON document')
    .option('--quiet', 'no progress')
    .action(async (options: CalibrateOptions) => {
      process.exitCode = await calibrate(options);
    });
}

async function calibrate(given: CalibrateOptions): Promise<number> {
  const { out, json, quiet, config, trials, blocks, windows, thresholds, ...raw } = given;
  const { configured, configuredTrials } = readRunConfig(config);
  const plan = {
    trials: wholeNumber('trials', trials ?? configuredTrials, MIN_PAIRS_FOR_INTERVAL, MAX_TRIALS),
    windows: wholeNumber('windows', windows, 1, MAX_WINDOWS),
    thresholds: thresholds === undefined ? new Thresholds() : readThresholds(thresholds),
  };
  const least = 2 * plan.trials;
  const blockCount =
    blocks === undefined
      ? BLOCKS_PER_TRIAL * plan.trials
      : wholeNumber('blocks', blocks, least, 4 * MAX_TRIALS);
  const rawOptions = { ...configured, ...raw, trials: blockCount };
  const options = withTwins(await parseRunOptions(rawOptions, randomInt(MAX_RANDOM_SEED)));
  // It belongs to the trials that are about to be replaced.
  rmSync(join(out, CALIBRATION_FILE), { force: true });
  const interruption = onInterruption();
  const progress = createProgress({
    total: planTrials(options).length,
    quiet: quiet === true,
    stream: process.stderr,
    nowMs: () => performance.now(),
  });
  try {
    const context = {
      options,
      folder: out,
      command: commandLine(options.seed),
      rawOptions,
      signal: interruption.signal,
    };
    const calibration = await runCalibration(context, plan, progress);
    progress.close();
    if (calibration === undefined) return interruption.exitCode() ?? ExitCode.internal;
    report(calibration, out, json === true);
    return calibration.metrics.length === 0 ? ExitCode.inconclusive : ExitCode.ok;
  } finally {
    progress.close();
    interruption.release();
  }
}

/** The file that `compare` is run with: its conditions are calibrated, its output and its number of trials are its own. */
function readRunConfig(path: string | undefined): {
  readonly configured: Record<string, unknown>;
  readonly configuredTrials: string;
} {
  const {
    trials,
    out: _,
    json: __,
    quiet: ___,
    precision: ____,
    maxTrials: _____,
    ...configured
  } = readConfig(path);
  return { configured, configuredTrials: String(trials ?? DEFAULT_TRIALS) };
}

function report(calibration: Calibration, folder: string, json: boolean): void {
  const text = `${JSON.stringify(calibration, null, 2)}\n`;
  writeFileSync(join(folder, CALIBRATION_FILE), text);
  process.stdout.write(json ? text : renderCalibration(calibration));
}
