/** Which change of which metric is tolerated: the defaults, and what a file says. */
import { UsageError } from '../../base/errors.js';
import {
  type Calibration,
  type GateConfig,
  gateConfigSchema,
  type MetricKind,
} from '../../contracts/gate.js';
import { samplesForQuantile } from '../../stats/quantile-interval.js';
import { readDocument } from '../results-file.js';
import {
  defaultThreshold,
  describeMetric,
  GATED_METRICS,
  isTailMetric,
  keyOf,
  type MetricName,
} from './metrics.js';

const NO_CONFIG: GateConfig = { thresholds: {} };
const KINDS: readonly MetricKind[] = ['ratio', 'count', 'time'];

/** A limit, `exact`, or `off` for a metric that a file takes out. */
export type Threshold = number | 'exact' | 'off';

export class Thresholds {
  readonly #config: GateConfig;

  constructor(config: GateConfig = NO_CONFIG) {
    this.#config = config;
  }

  of({ kind, metric }: Pick<MetricName, 'kind' | 'metric'>): Threshold {
    const configured = this.#config.thresholds[kind]?.[metric];
    if (configured === null) return 'off';
    return configured ?? defaultThreshold({ kind, metric }) ?? 'exact';
  }
}

/** @throws UsageError naming the file, the metric and what is allowed */
export function readThresholds(path: string): Thresholds {
  const config = readDocument(gateConfigSchema, path, 'gate configuration');
  for (const kind of KINDS) {
    for (const metric of Object.keys(config.thresholds[kind] ?? {})) checkMetric(path, kind, metric);
  }
  return new Thresholds(config);
}

function checkMetric(path: string, kind: MetricKind, metric: string): void {
  const allowed = GATED_METRICS[kind];
  if (allowed.includes(metric)) return;
  const place = `${path}: thresholds.${kind}.${metric}`;
  if (isTailMetric(metric)) throw new UsageError(`${place}: ${whyNoTail()}`);
  throw new UsageError(`${place}: unknown, allowed are ${allowed.join(', ')}`);
}

/** Why high quantiles and maxima are not gated. */
export function whyNoTail(): string {
  return (
    'p95, p99 and max cannot be gated: the connections of a trial share one fault, so that each trial is one sample, ' +
    `and a 95 % interval of p95 takes ${samplesForQuantile(0.95)} of them, of p99 ${samplesForQuantile(0.99)}, of the maximum no number`
  );
}

/**
 * A threshold below what this machine can tell from noise would promise what nobody can keep.
 *
 * @throws UsageError naming the metric, the threshold and the smallest change that the calibration found
 */
export function requireDetectable(
  thresholds: Thresholds,
  gated: readonly MetricName[],
  calibration: Calibration,
): void {
  const names = new Set(gated.map(keyOf));
  for (const metric of calibration.metrics) {
    const threshold = thresholds.of(metric);
    if (typeof threshold !== 'number' || !names.has(keyOf(metric))) continue;
    if (threshold >= metric.smallestDetectableChange) continue;
    const least = Math.ceil(metric.smallestDetectableChange * 100) / 100;
    throw new UsageError(
      `${describeMetric(metric)}: a threshold of ${threshold} is below ${least}, the smallest change that the calibration ` +
        `could detect with ${calibration.trials} trials: raise it, or calibrate and run with more trials`,
    );
  }
}
