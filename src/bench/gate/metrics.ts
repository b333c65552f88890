/** What the gate compares: which metrics there are, which way each is worse, and their samples of one run. */
import type { MetricKind } from '../../contracts/gate.js';
import type { Comparison, TrialResult } from '../../contracts/results.js';
import { MIN_PAIRS_FOR_INTERVAL } from '../../stats/bootstrap.js';
import { PairedValues } from '../comparisons.js';

export interface MetricName {
  readonly kind: MetricKind;
  readonly metric: string;
  readonly strategy: string;
  readonly workload: string;
  readonly fault: string;
}

/** One value per completed trial (`count`, `time`) or per pair of trials (`ratio`), in the order of the blocks. */
export interface MetricSample extends MetricName {
  readonly samples: readonly number[];
}

type CompletedTrial = Extract<TrialResult, { status: 'completed' }>;
type TimedMetric = Comparison['metric'];

interface CountMetric {
  /** Change that is tolerated; null for a count that is compared exactly. */
  readonly tolerance: number | null;
  /** Trials of a baseline that have to agree before an exact count is taken for fixed; one when absent. */
  readonly agreeing?: number;
  measure(trial: CompletedTrial): number | null;
}

/**
 * Default thresholds of ratios and times. A change of a fourth is about what six trials on two cores can tell from none;
 * throughput is steadier. Times of two runs also differ by what else the machine did meanwhile.
 */
const TIMED_METRICS: Readonly<Record<TimedMetric, { readonly ratio: number; readonly time: number }>> = {
  recoveryTimeMs: { ratio: 0.25, time: 0.5 },
  replicaCpuMsPerRecovery: { ratio: 0.25, time: 0.5 },
  throughputBeforePerSecond: { ratio: 0.2, time: 0.5 },
  latencyBeforeP50Ms: { ratio: 0.25, time: 0.5 },
};

/**
 * What is counted. Most counts are fixed by design where they do not depend on how many requests fit into the time; they
 * are compared exactly, and only where no trial of the baseline differs from another. Requests that are not idempotent
 * and ran twice are left out: no strategy can exclude them, so that their number is chance.
 */
const COUNT_METRICS: Readonly<Record<string, CountMetric>> = {
  replicatedBytesPerConnection: {
    tolerance: null,
    // Where outcomes are replicated it goes by how many requests had one: a few trials agree by chance.
    agreeing: MIN_PAIRS_FOR_INTERVAL,
    measure: ({ measurements }) => measurements.replication.bytesPerConnection,
  },
  // The first message of a connection is not as long as the later ones, whose number is that of the requests.
  replicatedBytesPerMessage: {
    tolerance: 0.15,
    measure: ({ measurements: { replication } }) =>
      replication.messages === 0 ? null : replication.bytes / replication.messages,
  },
  fullHandshakesPerConnection: {
    tolerance: null,
    measure: ({ spec, measurements }) => measurements.handshakesAfterFault.full / spec.connections,
  },
  resumedHandshakesPerConnection: {
    tolerance: null,
    measure: ({ spec, measurements }) => measurements.handshakesAfterFault.resumed / spec.connections,
  },
  connectionsLost: {
    tolerance: null,
    measure: ({ measurements }) => measurements.connections.filter(({ fate }) => fate === 'lost').length,
  },
  // What is lost with its connection is chance; a connection that was kept has lost nothing.
  requestsWithoutReply: {
    tolerance: null,
    measure: ({ measurements: { connections, requests } }) =>
      connections.every(({ fate }) => fate === 'kept' || fate === 'opened')
        ? requests.failed + requests.unknown
        : null,
  },
  flowsRefused: {
    tolerance: null,
    measure: ({ measurements }) =>
      Object.values(measurements.refusals).reduce((sum, count) => sum + count, 0),
  },
};

/** Names that somebody may want to gate, and why that would be noise. */
const TAIL_METRIC = /p9\d|max/i;

/** The metrics of each kind. */
export const GATED_METRICS: Readonly<Record<MetricKind, readonly string[]>> = {
  ratio: Object.keys(TIMED_METRICS),
  count: Object.keys(COUNT_METRICS),
  time: Object.keys(TIMED_METRICS),
};

/** Whether more of it is better. */
export function isLargerBetter(metric: string): boolean {
  return metric === ('throughputBeforePerSecond' satisfies TimedMetric);
}

/** The threshold of a metric unless a file says otherwise; null for one that is compared exactly. */
export function defaultThreshold({ kind, metric }: Pick<MetricName, 'kind' | 'metric'>): number | null {
  if (kind === 'count') return COUNT_METRICS[metric]?.tolerance ?? null;
  return TIMED_METRICS[metric as TimedMetric]?.[kind] ?? null;
}

/** Whether a run can be compared with these samples of a baseline: a count that is compared exactly has to be fixed. */
export function isComparable({
  kind,
  metric,
  samples,
}: Omit<MetricSample, 'strategy' | 'workload' | 'fault'>): boolean {
  const counted = kind === 'count' ? COUNT_METRICS[metric] : undefined;
  if (counted?.tolerance !== null) return samples.length > 0;
  return samples.length >= (counted.agreeing ?? 1) && samples.every((value) => value === samples[0]);
}

/** Whether a name asks for a high quantile or a maximum. */
export function isTailMetric(metric: string): boolean {
  return TAIL_METRIC.test(metric);
}

/** Two metrics with the same key are about the same. */
export function keyOf({ kind, metric, strategy, workload, fault }: MetricName): string {
  return JSON.stringify([kind, metric, strategy, workload, fault]);
}

export function describeMetric({ kind, metric, strategy, workload, fault }: MetricName): string {
  return `${strategy} / ${workload} / ${fault}: ${metric} (${kind})`;
}

/** Collects the samples of a run, trial by trial. Only completed trials count. */
export class MetricCollector {
  readonly #paired = new PairedValues();
  readonly #counts = new Map<string, MetricName & { readonly values: Map<number, number> }>();

  add(trial: TrialResult): void {
    this.#paired.add(trial);
    if (trial.status !== 'completed') return;
    for (const [metric, { measure }] of Object.entries(COUNT_METRICS)) {
      const value = measure(trial);
      if (value !== null) this.#count(metric, trial, value);
    }
  }

  /** In an order that depends on the names alone, so that two baselines can be compared line by line. */
  samples(reference: string): MetricSample[] {
    const ratios = this.#paired.pairs(reference).map(({ pairs, ...name }) => ({
      kind: 'ratio' as const,
      ...name,
      samples: pairs.map((pair) => pair.value / pair.reference),
    }));
    const times = this.#paired
      .samples()
      .map(({ values, ...name }) => ({ kind: 'time' as const, ...name, samples: values }));
    const counts = [...this.#counts.values()].map(({ values, ...name }) => ({
      ...name,
      samples: [...values].sort(([a], [b]) => a - b).map(([, value]) => value),
    }));
    return [...ratios, ...counts, ...times].sort(compareNames);
  }

  #count(metric: string, { spec }: CompletedTrial, value: number): void {
    const { strategy, workload, fault, block } = spec;
    const name = { kind: 'count' as const, metric, strategy, workload, fault };
    const entry = this.#counts.get(keyOf(name)) ?? { ...name, values: new Map<number, number>() };
    entry.values.set(block, value);
    this.#counts.set(keyOf(name), entry);
  }
}

const KINDS: readonly MetricKind[] = ['ratio', 'count', 'time'];

function compareNames(a: MetricName, b: MetricName): number {
  const rank = ({ kind }: MetricName): number => KINDS.indexOf(kind);
  const text = ({ workload, fault, strategy, metric }: MetricName): string =>
    JSON.stringify([workload, fault, strategy, metric]);
  return rank(a) - rank(b) || (text(a) < text(b) ? -1 : 1);
}
