/** What all reports about several runs say, as text: names of runs and metrics, values, and what a change means. */
import type { Change, ComparedMetric, RunComparison, RunMetric } from '../../src/contracts/run-comparison.js';
import { MIN_PAIRS_FOR_INTERVAL } from '../../src/stats/bootstrap.js';
import type { Tone } from '../parts/columns.js';
import { formatBytes, formatCount, formatMs, formatNumberOf, formatRatio, NONE } from '../parts/format.js';

interface MetricText {
  /** With its unit. */
  readonly name: string;
  readonly better: 'smaller' | 'bigger';
  format(value: number | null): string;
}

export const METRICS: Readonly<Record<RunMetric, MetricText>> = {
  recoveryTimeMs: { name: 'recovery, ms', better: 'smaller', format: formatMs },
  recoveryTimeToReference: {
    name: 'recovery to reference',
    better: 'smaller',
    format: (value) => (value === null ? NONE : `${formatRatio(value)}x`),
  },
  replicaCpuMsPerRecovery: { name: 'CPU, ms per recovery', better: 'smaller', format: formatMs },
  throughputBeforePerSecond: { name: 'replies/s before', better: 'bigger', format: formatCount },
  latencyBeforeP50Ms: { name: 'latency before, ms', better: 'smaller', format: formatMs },
  replicatedBytesPerConnection: { name: 'replicated B/conn', better: 'smaller', format: formatBytes },
  replicatedBytesPerRequest: { name: 'replicated B/req', better: 'smaller', format: formatBytes },
  connectionsLost: { name: 'connections lost', better: 'smaller', format: formatCount },
  requestsFailed: { name: 'requests failed', better: 'smaller', format: formatCount },
  corruptedBytes: { name: 'corrupted bytes', better: 'smaller', format: formatCount },
};

/** `A` for the base, then `B`, `C`, ... */
export function runLetter(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}

export function describeRun({
  folder,
  startedAt,
  seed,
  trials,
  complete,
  violations,
}: RunComparison['runs'][number]): string {
  const rejected = trials.invalid + trials.inconclusive;
  return [
    `${folder}: started ${startedAt}, seed ${seed}, ${formatNumberOf(trials.completed, 'completed trial')}`,
    ...(rejected === 0 ? [] : [`${formatCount(rejected)} that did not count`]),
    ...(violations === 0 ? [] : [formatNumberOf(violations, 'violation')]),
    ...(complete ? [] : ['incomplete']),
  ].join(', ');
}

/** What to know before any number: first of all whether times can be compared. */
export function warnings({ timesNotComparable, differences }: RunComparison): string[] {
  if (timesNotComparable.length > 0) {
    return [
      `Absolute times of these runs do not compare: not the same ${timesNotComparable.join(', ')}. Ratios to the reference within each run do, as far as the conditions are the same.`,
    ];
  }
  return differences.length === 0
    ? ['The runs were made on the same machine, with the same software and options.']
    : [];
}

export const LEGEND =
  'Values are medians over trials; counts are totals. The ratio is run / base with its bootstrap 95 % interval; one that ' +
  'includes 1 shows no difference. Pairs: trials of the same seed under the same conditions. Otherwise two independent ' +
  `samples are compared. Fewer than ${MIN_PAIRS_FOR_INTERVAL} give no interval.`;

/** `1.06x [0.98, 1.15]`, or `1.06x` where an interval would promise too much. */
export function formatChange(change: Change | null): string {
  if (change === null) return NONE;
  const ratio = `${formatRatio(change.ratio)}x`;
  return hasInterval(change) ? `${ratio} [${formatRatio(change.low)}, ${formatRatio(change.high)}]` : ratio;
}

/** `6 pairs`, or `6, 8 trials` of run and base. */
export function formatTrials(change: Change | null): string {
  if (change === null) return '';
  const { paired, trials } = change;
  return paired
    ? formatNumberOf(trials.run, 'pair')
    : `${formatCount(trials.run)}, ${formatCount(trials.base)} trials`;
}

/** Good or bad only where the interval leaves 1 out. */
export function toneOf(metric: RunMetric, change: Change | null): Tone {
  if (change === null || !hasInterval(change) || (change.low <= 1 && change.high >= 1)) return 'plain';
  return change.ratio < 1 === (METRICS[metric].better === 'smaller') ? 'good' : 'bad';
}

/** Whether there are enough trials for an interval. */
export function hasInterval({ trials }: Change): boolean {
  return Math.min(trials.run, trials.base) >= MIN_PAIRS_FOR_INTERVAL;
}

/** One line of a cell: the base and one other run. */
export interface MetricRow {
  readonly name: string;
  readonly base: string;
  readonly run: string;
  readonly change: string;
  readonly trials: string;
  readonly tone: Tone;
}

/** @param run index of the run that is held against the base */
export function metricRow({ metric, values, changes }: ComparedMetric, run: number): MetricRow {
  const { name, format } = METRICS[metric];
  const change = changes[run] ?? null;
  return {
    name,
    base: format(values[0] ?? null),
    run: format(values[run] ?? null),
    change: formatChange(change),
    trials: formatTrials(change),
    tone: toneOf(metric, change),
  };
}

/** The runs that are held against the base. */
export function others({ runs }: RunComparison): number[] {
  return runs.map((_, index) => index).slice(1);
}

/** `spr, uploads, kill: only in A and C`. */
export function partialLines({ partial }: RunComparison): string[] {
  return partial.map(({ strategy, workload, fault, runs }) => {
    const where =
      runs.length === 0 ? 'a completed trial in no run' : `only in ${runs.map(runLetter).join(', ')}`;
    return `${strategy}, ${workload}, ${fault}: ${where}`;
  });
}
