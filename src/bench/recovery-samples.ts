/** The recovery times of a cell, by trial: connections of one trial share a fault, and are no independent samples. */
import type { RecoveryExample } from '../contracts/report.js';
import type { ConnectionOutcome, TrialResult } from '../contracts/results.js';
import type { Prng } from '../contracts/workload.js';
import { MIN_PAIRS_FOR_INTERVAL } from '../stats/bootstrap.js';
import { bootstrapMedianInterval, type Stratum } from '../stats/median-interval.js';
import { ascending, quantile } from '../stats/quantile.js';
import { Sample } from '../stats/sample.js';
import { thin } from '../stats/thin.js';

/** Of a trial, for the interval: its median moves by less than 0.3 % of the ranks, whatever the number of connections. */
const MAX_SAMPLES_PER_TRIAL = 200;

export class RecoverySamples {
  readonly #all = new Sample();
  /** Ascending samples of each trial, one list of trials per cell: cells are resampled each by itself. */
  readonly #cells: Stratum[] = [];
  readonly #ownTrials: number[][] = [];
  /** Of each trial the connection with its median recovery time. */
  readonly #examples: RecoveryExample[] = [];

  addTrial({ index }: TrialResult['spec'], connections: readonly ConnectionOutcome[]): void {
    const sorted = ascending(connections.flatMap(({ recoveryTimeMs }) => recoveryTimeMs ?? []));
    if (sorted.length === 0) return;
    for (const recoveryTimeMs of sorted) this.#all.add(recoveryTimeMs);
    this.#ownTrials.push(thin(sorted, MAX_SAMPLES_PER_TRIAL));
    const example = medianConnection(connections, sorted);
    if (example?.phases) this.#examples.push({ trial: index, ...example, phases: example.phases });
  }

  /** Adds the samples of another cell. */
  merge(other: RecoverySamples): void {
    this.#all.merge(other.#all);
    append(this.#cells, other.#strata());
    append(this.#examples, other.#examples);
  }

  /** Connections that recovered. */
  get count(): number {
    return this.#all.count;
  }

  /** ms, ascending; of very many a part, evenly spaced by rank. */
  sorted(): Float64Array {
    return this.#all.sorted();
  }

  /**
   * The 95 % interval of the median over all connections, ms: trials are drawn with replacement, each with all of its
   * connections. Null when a cell has too few trials to vouch for it.
   */
  medianInterval(prng: Prng): { low: number; high: number } | null {
    const strata = this.#strata();
    if (strata.length === 0 || strata.some((trials) => trials.length < MIN_PAIRS_FOR_INTERVAL)) return null;
    return bootstrapMedianInterval(strata, prng);
  }

  /** The connection that stands for the cell: of the medians of all trials the one nearest to the median of all. */
  example(): RecoveryExample | null {
    if (this.#examples.length === 0) return null;
    const medianMs = quantile(this.sorted(), 0.5);
    const distance = ({ recoveryTimeMs }: RecoveryExample): number => Math.abs(recoveryTimeMs - medianMs);
    return this.#examples.reduce((best, one) => (distance(one) < distance(best) ? one : best));
  }

  #strata(): Stratum[] {
    return this.#ownTrials.length === 0 ? this.#cells : [...this.#cells, this.#ownTrials];
  }
}

/** The one in the middle, the lower of two. */
function medianConnection(
  connections: readonly ConnectionOutcome[],
  sorted: Float64Array,
): (Omit<RecoveryExample, 'trial' | 'phases'> & Pick<ConnectionOutcome, 'phases'>) | undefined {
  const medianMs = sorted[Math.ceil(sorted.length / 2) - 1];
  const found = connections.find(({ recoveryTimeMs }) => recoveryTimeMs === medianMs);
  if (found === undefined || medianMs === undefined) return undefined;
  const { index, fate, handshakes, interruptionMs, phases } = found;
  return { connection: index, fate, handshakes, recoveryTimeMs: medianMs, interruptionMs, phases };
}

/** A loop, as `push(...values)` overflows the stack from about 100,000 values on. */
function append<T>(into: T[], values: Iterable<T>): void {
  for (const value of values) into.push(value);
}
