/** The values of a run that can be held against those of another: one per trial, found again by the trial's seed. */
import type { TrialResult, TrialSpec } from '../contracts/results.js';
import type { RunMetric } from '../contracts/run-comparison.js';
import { METRICS } from './comparisons.js';

export type CellName = Pick<TrialSpec, 'strategy' | 'workload' | 'fault'>;

/** What must be the same for two trials of one seed to be the same experiment. */
export type Conditions = Omit<TrialSpec, 'index' | 'block' | 'seed' | keyof CellName>;

export interface CellValues {
  readonly name: CellName;
  /** Of its trials: in a sane run the same for all. */
  readonly conditions: readonly Conditions[];
  /** By metric, then by the seed of the trial. Positive: what is 0 has no ratio. */
  readonly values: ReadonlyMap<RunMetric, ReadonlyMap<number, number>>;
}

interface Collected {
  readonly name: CellName;
  readonly conditions: Map<string, Conditions>;
  readonly values: Map<RunMetric, Map<number, number>>;
}

export class RunValues {
  readonly #cells = new Map<string, Collected>();

  /** Adds a trial; only completed ones are compared. */
  add(trial: TrialResult): void {
    if (trial.status !== 'completed') return;
    const { spec, measurements } = trial;
    const cell = this.#cellOf(spec);
    const conditions = conditionsOf(spec);
    cell.conditions.set(JSON.stringify(conditions), conditions);
    for (const [metric, measure] of METRICS) record(cell, metric, spec.seed, measure(measurements));
    record(cell, 'replicatedBytesPerConnection', spec.seed, measurements.replication.bytesPerConnection);
    record(cell, 'replicatedBytesPerRequest', spec.seed, measurements.replication.bytesPerRequest);
  }

  /** @param reference strategy that ratios are against */
  cells(reference: string): CellValues[] {
    return [...this.#cells.values()].map((cell) => {
      const ofReference = this.#cells.get(keyOf({ ...cell.name, strategy: reference }));
      const toReference = cell === ofReference ? undefined : ratios(cell, ofReference);
      const values = new Map<RunMetric, ReadonlyMap<number, number>>(cell.values);
      if (toReference !== undefined && toReference.size > 0)
        values.set('recoveryTimeToReference', toReference);
      return { name: cell.name, conditions: [...cell.conditions.values()], values };
    });
  }

  #cellOf({ strategy, workload, fault }: TrialSpec): Collected {
    const name = { strategy, workload, fault };
    const cell = this.#cells.get(keyOf(name)) ?? { name, conditions: new Map(), values: new Map() };
    this.#cells.set(keyOf(name), cell);
    return cell;
  }
}

/** The same for the same cell. */
export function keyOf({ strategy, workload, fault }: CellName): string {
  return JSON.stringify([workload, fault, strategy]);
}

function conditionsOf(spec: TrialSpec): Conditions {
  const { index: _, block: __, seed: ___, strategy: ____, workload: _____, fault: ______, ...rest } = spec;
  return rest;
}

function record(cell: Collected, metric: RunMetric, seed: number, value: number | null): void {
  if (value === null || value <= 0) return;
  const bySeed = cell.values.get(metric) ?? new Map<number, number>();
  cell.values.set(metric, bySeed.set(seed, value));
}

/** The trials of a block have one seed. */
function ratios(cell: Collected, reference: Collected | undefined): Map<number, number> {
  const references = reference?.values.get('recoveryTimeMs');
  const found = [...(cell.values.get('recoveryTimeMs') ?? [])].flatMap(([seed, value]) => {
    const ofReference = references?.get(seed);
    return ofReference === undefined ? [] : [[seed, value / ofReference] as const];
  });
  return new Map(found);
}
