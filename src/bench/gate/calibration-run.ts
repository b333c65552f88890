/** An A/A run: each strategy against itself, and what its windows tell about the gate. */
import { createPrng } from '../../base/prng.js';
import { type Calibration, GATE_SCHEMA_VERSION } from '../../contracts/gate.js';
import type { TrialResult } from '../../contracts/results.js';
import { type RunContext, type RunHandler, runAll } from '../run.js';
import type { RunOptions } from '../run-options.js';
import { calibrateMetrics } from './calibration.js';
import { storedRunOf } from './stored-run.js';
import type { Thresholds } from './thresholds.js';
import { trialsOfOriginals, trialsOfTwins, twinOf } from './twins.js';

const TWIN = 'again';

export interface CalibrationPlan {
  /** Trials of a baseline, and of a run, that the figures are to hold for. */
  readonly trials: number;
  readonly windows: number;
  readonly thresholds: Thresholds;
}

/** The options of the A/A run: every strategy twice in each block, under its own name and under that of its twin. */
export function withTwins(options: RunOptions): RunOptions {
  return {
    ...options,
    strategies: [...options.strategies, ...options.strategies.map((strategy) => twinOf(strategy, TWIN))],
  };
}

/**
 * Makes the run and calibrates the gate with it; undefined when the signal ended the run.
 *
 * @param context with the options of {@link withTwins}
 */
export async function runCalibration(
  context: RunContext,
  plan: CalibrationPlan,
  handler: RunHandler,
): Promise<Calibration | undefined> {
  const trials: TrialResult[] = [];
  const { summary } = await runAll(context, {
    trialStarted: (spec) => handler.trialStarted(spec),
    trialEnded: (trial) => {
      trials.push(trial);
      handler.trialEnded(trial);
    },
  });
  if (!summary.complete) return undefined;
  const originals = storedRunOf(summary, trialsOfOriginals(trials));
  const twins = storedRunOf(summary, trialsOfTwins(trials, TWIN));
  const { seed } = context.options;
  return {
    schemaVersion: GATE_SCHEMA_VERSION,
    sprBench: summary.environment.sprBench,
    startedAt: summary.startedAt,
    seed,
    command: context.command,
    fingerprint: originals.fingerprint,
    conditions: [...originals.conditions],
    trials: plan.trials,
    blocks: context.options.trials,
    metrics: calibrateMetrics(
      { ...plan, originals: originals.samples, twins: twins.samples },
      createPrng(seed).fork('calibration'),
    ),
  };
}
