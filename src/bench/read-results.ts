/** The results of a stored run, read again: what reports draw. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { STRATEGIES } from '../../strategies/index.js';
import { UsageError } from '../base/errors.js';
import { createPrng } from '../base/prng.js';
import type { Results } from '../contracts/report.js';
import type { TrialResult } from '../contracts/results.js';
import { describeStrategies } from './describe-strategies.js';
import { readMicro } from './micro/micro-file.js';
import { RecoveryCosts } from './micro/recovery-cost.js';
import { readSummary, readTrials, SUMMARY_FILE, TRIALS_FILE } from './results-file.js';
import { RunAccumulator } from './summarize.js';

export interface ReadingHandler {
  /** Something is missing that can be done without. */
  warn(message: string): void;
  /** So many bytes of the trials have been read. */
  onRead?(bytes: number): void;
  /** Each trial, as it is read. */
  onTrial?(trial: TrialResult): void;
}

/** Path of the trials of a run: by far the longest of its files. */
export function trialsPath(folder: string): string {
  return join(folder, TRIALS_FILE);
}

/**
 * Reads a run, trial by trial, in memory bounded by the number of trials, not of connections. Everything that trials tell
 * comes from the trials: a run that was cut short has no better source.
 *
 * @throws UsageError naming the folder, the file and the line of what cannot be read
 */
export async function readResults(folder: string, handler: ReadingHandler): Promise<Results> {
  const stored = readSummary(requireFile(folder, SUMMARY_FILE));
  const accumulator = new RunAccumulator(stored.strategies, createPrng(stored.seed).fork('bootstrap'));
  const micro = readMicro(folder);
  const costs = new RecoveryCosts();
  const path = requireFile(folder, TRIALS_FILE);
  let truncated = false;
  const onTruncated = (message: string): void => {
    truncated = true;
    handler.warn(message);
  };
  for await (const trial of readTrials(path, onTruncated, handler.onRead)) {
    addTo(accumulator, trial, path);
    costs.add(trial);
    handler.onTrial?.(trial);
  }
  return {
    summary: { ...stored, ...accumulator.summary(), complete: stored.complete && !truncated },
    series: accumulator.series(),
    strategies: describeStrategies(
      STRATEGIES.filter(({ id }) => stored.strategies.some((entry) => entry.id === id)),
    ),
    ...(micro && { micro: { ...micro, recoveryCosts: costs.against(micro, stored.environment) } }),
  };
}

/** @returns its path */
function requireFile(folder: string, name: string): string {
  const path = join(folder, name);
  if (existsSync(path)) return path;
  const allowed = `allowed is the folder of a run, with ${TRIALS_FILE} and ${SUMMARY_FILE}`;
  throw new UsageError(
    existsSync(folder) ? `${path} is missing: ${allowed}` : `${folder}: no such folder: ${allowed}`,
  );
}

/** Values that fit the schema can still not go together: bins of another width, for example. */
function addTo(accumulator: RunAccumulator, trial: TrialResult, path: string): void {
  try {
    accumulator.add(trial);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`${path}: trial ${trial.spec.index}: ${error.message}`, { cause: error });
  }
}
