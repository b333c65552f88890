/** The baseline: a small file, one line per metric, that is committed and that later runs are compared with. */
import { UsageError } from '../../base/errors.js';
import {
  type Baseline,
  type BaselineMetric,
  baselineSchema,
  GATE_SCHEMA_VERSION,
} from '../../contracts/gate.js';
import { median } from '../../stats/average.js';
import { ascending } from '../../stats/quantile.js';
import { quantileInterval } from '../../stats/quantile-interval.js';
import { readDocument } from '../results-file.js';
import { isComparable, type MetricSample } from './metrics.js';
import type { StoredRun } from './stored-run.js';

/** Rounding to four digits moves a value by 0.05 % at most: far less than any threshold. Counts are kept as they are. */
const DIGITS = 4;

/**
 * What later runs are compared with. Counts that the design fixes, but that differed from trial to trial, are left out:
 * here they depend on how many requests fitted into the time.
 *
 * @throws UsageError for a run with violations, one that was cut short, or one without a completed trial
 */
export function makeBaseline({ summary, violations, samples, conditions, fingerprint }: StoredRun): Baseline {
  if (violations.length > 0) {
    throw new UsageError(`a run with violations is no baseline: ${violations[0]}`);
  }
  if (!summary.complete) throw new UsageError('the run was cut short: a baseline needs all of its trials');
  const metrics = samples.filter(isComparable).map(describeSample);
  if (metrics.length === 0)
    throw new UsageError('the run has no completed trial: there is nothing to compare with');
  return {
    schemaVersion: GATE_SCHEMA_VERSION,
    sprBench: summary.environment.sprBench,
    startedAt: summary.startedAt,
    seed: summary.seed,
    command: summary.command,
    fingerprint,
    reference: summary.reference,
    conditions: [...conditions],
    metrics,
  };
}

/** The text of the file: one metric per line, so that a change shows as one. */
export function formatBaseline({ conditions, metrics, ...head }: Baseline): string {
  const lines = Object.entries(head).map(([name, value]) => `  ${JSON.stringify(name)}: ${spaced(value)},`);
  return [
    '{',
    ...lines,
    '  "conditions": [',
    listOf(conditions),
    '  ],',
    '  "metrics": [',
    listOf(metrics),
    '  ]',
    '}',
    '',
  ].join('\n');
}

/** @throws UsageError naming the file and the reason when it cannot be read or is not a baseline */
export function readBaseline(path: string): Baseline {
  return readDocument(baselineSchema, path, 'baseline');
}

function describeSample({ samples, ...name }: MetricSample): BaselineMetric {
  const kept = name.kind === 'count' ? [...samples] : samples.map(round);
  const interval = quantileInterval(ascending(kept), 0.5);
  return {
    ...{ kind: name.kind, metric: name.metric },
    ...{ strategy: name.strategy, workload: name.workload, fault: name.fault },
    median: round(median(kept) ?? 0),
    low: interval === null ? null : round(interval.low),
    high: interval === null ? null : round(interval.high),
    samples: kept,
  };
}

function round(value: number): number {
  return Number(value.toPrecision(DIGITS));
}

function listOf(entries: readonly unknown[]): string {
  return entries.map((entry) => `    ${spaced(entry)}`).join(',\n');
}

/** JSON on one line, with a space where the indented form begins a line. Texts hold no line end of their own. */
function spaced(value: unknown): string {
  return JSON.stringify(value, null, 1)
    .replace(/([[{])\n\s*/g, '$1')
    .replace(/\n\s*([\]}])/g, '$1')
    .replace(/\n\s*/g, ' ');
}
