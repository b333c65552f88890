/** Pairs of trials of one block: each strategy's value against the reference's, per workload, fault and metric. */
import type { Comparison, Measurements, TrialResult } from '../contracts/results.js';
import type { Prng } from '../contracts/workload.js';
import { median } from '../stats/average.js';
import { bootstrapMedianLogRatio, type Pair } from '../stats/bootstrap.js';
import { rateBefore } from '../stats/dip.js';

type Metric = Comparison['metric'];

/** What values belong to. */
interface SampleName {
  readonly strategy: string;
  readonly workload: string;
  readonly fault: string;
  readonly metric: Metric;
}

/** Pairs of one strategy and the reference, in the order of the blocks. */
export interface PairedSample extends SampleName {
  readonly pairs: readonly Pair[];
}

/** One value per trial that has one, in the order of the blocks. */
export interface TrialSample extends SampleName {
  readonly values: readonly number[];
}

/** Values of one workload, fault and metric. */
interface Group {
  readonly workload: string;
  readonly fault: string;
  readonly metric: Metric;
  /** By strategy, then by block. */
  readonly values: Map<string, Map<number, number>>;
}

/** Each metric of one trial; null (or 0, which has no ratio) when the trial has none. */
export const METRICS: readonly (readonly [Metric, (measurements: Measurements) => number | null])[] = [
  ['recoveryTimeMs', medianRecoveryTime],
  ['replicaCpuMsPerRecovery', (measurements) => measurements.replicaCpuMsPerRecovery],
  ['throughputBeforePerSecond', throughputBefore],
  ['latencyBeforeP50Ms', ({ latencyMs }) => latencyMs.beforeP50],
];

export class PairedValues {
  readonly #groups = new Map<string, Group>();

  /** Adds a trial; only completed ones are compared. */
  add(trial: TrialResult): void {
    if (trial.status !== 'completed') return;
    for (const [metric, measure] of METRICS) {
      const value = measure(trial.measurements);
      if (value !== null && value > 0) this.#record(trial.spec, metric, value);
    }
  }

  /** Every strategy against the reference, where both have a trial in at least one block. */
  comparisons(reference: string, prng: Prng): Comparison[] {
    return this.pairs(reference).map(({ strategy, workload, fault, metric, pairs }) => {
      // A generator of its own makes an interval independent of which other comparisons there are.
      const interval = bootstrapMedianLogRatio(
        pairs,
        prng.fork(JSON.stringify([strategy, workload, fault, metric])),
      );
      return { strategy, reference, workload, fault, metric, ...interval, pairs: pairs.length };
    });
  }

  /** What the comparisons are made of. */
  pairs(reference: string): PairedSample[] {
    return [...this.#groups.values()].flatMap((group) => pairGroup(group, reference));
  }

  /** The values of each strategy, in the order of the blocks. */
  samples(): TrialSample[] {
    return [...this.#groups.values()].flatMap(({ values, ...name }) =>
      [...values].map(([strategy, byBlock]) => ({
        ...name,
        strategy,
        values: inBlockOrder(byBlock).map(([, value]) => value),
      })),
    );
  }

  #record({ strategy, workload, fault, block }: TrialResult['spec'], metric: Metric, value: number): void {
    const key = JSON.stringify([workload, fault, metric]);
    const group = this.#groups.get(key) ?? { workload, fault, metric, values: new Map() };
    this.#groups.set(key, group);
    const ofStrategy = group.values.get(strategy) ?? new Map<number, number>();
    group.values.set(strategy, ofStrategy.set(block, value));
  }
}

function pairGroup({ values, ...name }: Group, reference: string): PairedSample[] {
  const ofReference = values.get(reference);
  if (ofReference === undefined) return [];
  return [...values].flatMap(([strategy, ofStrategy]) => {
    const pairs = pairByBlock(ofStrategy, ofReference);
    return strategy === reference || pairs.length === 0 ? [] : [{ ...name, strategy, pairs }];
  });
}

function pairByBlock(values: ReadonlyMap<number, number>, references: ReadonlyMap<number, number>): Pair[] {
  return inBlockOrder(values).flatMap(([block, value]) => {
    const reference = references.get(block);
    return reference === undefined ? [] : [{ value, reference }];
  });
}

/** So that the result does not depend on the order of the trials. */
function inBlockOrder(values: ReadonlyMap<number, number>): [block: number, value: number][] {
  return [...values].sort(([a], [b]) => a - b);
}

function medianRecoveryTime({ connections }: Measurements): number | null {
  return median(
    connections.flatMap(({ recoveryTimeMs }) => (recoveryTimeMs === null ? [] : [recoveryTimeMs])),
  );
}

function throughputBefore({ throughput: { binMs, firstBin, replies } }: Measurements): number {
  return rateBefore({ binMs, firstBin, perSecond: replies.map((count) => count * (1000 / binMs)) });
}
