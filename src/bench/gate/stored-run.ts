/** A stored run, as far as the gate looks at it. */
import { join } from 'node:path';
import { UsageError } from '../../base/errors.js';
import type { Baseline, Fingerprint } from '../../contracts/gate.js';
import type { Environment, Summary, TrialResult, TrialSpec } from '../../contracts/results.js';
import { readSummary, readTrials, SUMMARY_FILE, TRIALS_FILE } from '../results-file.js';
import { MetricCollector, type MetricSample } from './metrics.js';

export type Conditions = Baseline['conditions'];

/** The trials of one strategy, workload and fault, and how many of them ended in which way. */
export interface StoredCell extends Pick<TrialSpec, 'strategy' | 'workload' | 'fault'> {
  readonly trials: Readonly<Record<TrialResult['status'], number>>;
}

export interface StoredRun {
  readonly summary: Summary;
  readonly fingerprint: Fingerprint;
  readonly conditions: Conditions;
  /** With at least one trial, completed or not. */
  readonly cells: readonly StoredCell[];
  readonly samples: readonly MetricSample[];
  /** Of all trials, also of those that do not count. */
  readonly violations: readonly string[];
  /** Trials that do not count, one line each. */
  readonly rejected: readonly string[];
}

/**
 * Reads `summary.json` and `trials.ndjson` of a folder; what trials tell comes from the trials.
 *
 * @throws UsageError when a file cannot be read, or a workload was run under different conditions within the run
 */
export async function readStoredRun(folder: string, warn: (message: string) => void): Promise<StoredRun> {
  const summary = readSummary(join(folder, SUMMARY_FILE));
  const reader = new RunReader();
  for await (const trial of readTrials(join(folder, TRIALS_FILE), warn)) reader.add(trial);
  return reader.finish(summary);
}

/** The same from trials that are already in memory. */
export function storedRunOf(summary: Summary, trials: Iterable<TrialResult>): StoredRun {
  const reader = new RunReader();
  for (const trial of trials) reader.add(trial);
  return reader.finish(summary);
}

/** The hard part of an environment: what must be the same for times to be comparable. */
export function fingerprintOf(environment: Environment): Fingerprint {
  const { platform, kernel, cpuModel, cores, node, openssl, cpuQuota = null, governor = null } = environment;
  return { platform, kernel, cpuModel, cores, node, openssl, cpuQuota, governor };
}

class RunReader {
  readonly #metrics = new MetricCollector();
  readonly #conditions = new Map<string, Conditions[number]>();
  readonly #cells = new Map<string, StoredCell>();
  readonly #violations: string[] = [];
  readonly #rejected: string[] = [];

  add(trial: TrialResult): void {
    const { index, strategy, workload, fault } = trial.spec;
    const place = `trial ${index} (${strategy}, ${workload}, ${fault})`;
    this.#metrics.add(trial);
    this.#countTrial(trial);
    this.#addConditions(trial.spec, place);
    for (const violation of trial.violations) this.#violations.push(`${place}: ${violation}`);
    if (trial.status !== 'completed') {
      this.#rejected.push(`${place} is ${trial.status}: ${trial.reasons.join('; ')}`);
    }
  }

  finish(summary: Summary): StoredRun {
    return {
      summary,
      fingerprint: fingerprintOf(summary.environment),
      conditions: [...this.#conditions.values()],
      cells: [...this.#cells.values()],
      samples: this.#metrics.samples(summary.reference),
      violations: this.#violations,
      rejected: this.#rejected,
    };
  }

  #countTrial({ spec: { strategy, workload, fault }, status }: TrialResult): void {
    const key = JSON.stringify([strategy, workload, fault]);
    const trials = this.#cells.get(key)?.trials ?? { completed: 0, invalid: 0, inconclusive: 0 };
    const counted = { ...trials, [status]: trials[status] + 1 };
    this.#cells.set(key, { strategy, workload, fault, trials: counted });
  }

  #addConditions(spec: TrialSpec, place: string): void {
    const { index: _, block: __, seed: ___, strategy: ____, workload, fault, ...options } = spec;
    const key = JSON.stringify([workload, fault]);
    const known = this.#conditions.get(key);
    if (known === undefined) this.#conditions.set(key, { workload, fault, options });
    else if (JSON.stringify(known.options) !== JSON.stringify(options)) {
      throw new UsageError(
        `${place}: run under other conditions than an earlier trial of ${workload}, ${fault}`,
      );
    }
  }
}
