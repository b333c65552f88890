/** What programs that keep a history of numbers are told of a cell: one list, so that all formats name the same things. */
import type { Row } from './columns.js';
import { LIMITS } from './perception.js';

export interface Measure {
  /** Kebab-case. Measures of one family are parts of one thing, and have one unit. */
  readonly family: string;
  /** What sets it apart within its family, as the name and value of a label; undefined when it is alone. */
  readonly part: readonly [label: string, value: string] | undefined;
  /** Empty for a plain number. */
  readonly unit: 'ms' | 'bytes' | 'per second' | 'ratio' | '';
  readonly better: 'smaller' | 'bigger' | 'neither';
  /** What the family is, one line. */
  readonly help: string;
  /** Null when the cell has none. */
  value(row: Row): number | null | undefined;
  /** The 95 % interval of the value, where there is one. */
  interval?(row: Row): { readonly low: number; readonly high: number } | undefined;
}

type Quantile = 'p50' | 'p90' | 'p99' | 'max';

export const MEASURES: readonly Measure[] = [
  ...quantiles('recovery-time', ['p50', 'p90', 'p99', 'max'], {
    help: 'Time from the fault to the first verified reply of a connection.',
    value: ({ cell }) => cell.recoveryTimeMs,
  }),
  {
    family: 'recovery-to-reference',
    part: undefined,
    unit: 'ratio',
    better: 'smaller',
    help: 'Median of the paired ratios of recovery time, strategy / reference.',
    value: ({ comparison }) => comparison?.ratio,
    interval: ({ comparison }) => comparison,
  },
  ...quantiles('interruption', ['p50', 'p99'], {
    help: 'Time from the last verified reply before the fault to the first after it.',
    value: ({ cell }) => cell.interruptionMs,
  }),
  ...counts('connections', 'fate', 'Connections after the fault, over all completed trials.', {
    kept: ['neither', ({ cell }) => cell.connections.kept],
    reconnected: ['neither', ({ cell }) => cell.connections.reconnected],
    lost: ['smaller', ({ cell }) => cell.connections.lost],
    opened: ['neither', ({ cell }) => cell.connections.opened],
  }),
  ...counts('requests', 'outcome', 'Requests, over all completed trials.', {
    ok: ['neither', ({ cell }) => cell.requests.ok],
    failed: ['smaller', ({ cell }) => cell.requests.failed],
    unknown: ['smaller', ({ cell }) => cell.requests.unknown],
  }),
  ...(['connections', 'requests'] as const).flatMap(servedWithin),
  {
    ...alone('run-twice', '', 'All requests that were executed more than once.', ({ cell }) =>
      whenCompleted(cell.trials.completed, cell.executions?.more ?? null),
    ),
    // Replies to idempotent requests are computed again on purpose.
    better: 'neither',
  },
  alone(
    'posts-run-twice',
    '',
    'Requests that are not idempotent and were executed more than once.',
    ({ cell }) => whenCompleted(cell.trials.completed, cell.executions?.moreNonIdempotent ?? null),
  ),
  alone(
    'corrupted',
    'bytes',
    'Wrong, missing or superfluous bytes in replies that claim success.',
    ({ cell }) => whenCompleted(cell.trials.completed, cell.corruptedBytes),
  ),
  alone(
    'replica-cpu-per-recovery',
    'ms',
    'CPU time of the surviving replicas per recovered connection.',
    ({ cell }) => cell.replicaCpuMsPerRecovery,
  ),
  alone(
    'replicated-per-connection',
    'bytes',
    'What primaries sent to backups, per connection.',
    ({ cell }) => cell.replication?.bytesPerConnection,
  ),
  alone(
    'replicated-per-request',
    'bytes',
    'What primaries sent to backups, per answered request.',
    ({ cell }) => cell.replication?.bytesPerRequest,
  ),
  {
    ...alone(
      'replies-before',
      'per second',
      'Verified replies per second before the fault.',
      ({ cell }) => cell.throughput?.beforePerSecond,
    ),
    better: 'bigger',
  },
  alone(
    'dip-depth',
    'ratio',
    'Share of the replies before the fault that was missing in the worst 50 ms.',
    ({ cell }) => cell.throughput?.dipDepth,
  ),
  alone(
    'time-to-95-percent',
    'ms',
    'Time from the fault to 95 % of the rate before it.',
    ({ cell }) => cell.throughput?.timeTo95Ms,
  ),
  ...trials(),
];

/** `recovery-time-p50`: unique among all measures. */
export function measureId({ family, part }: Measure): string {
  return part === undefined ? family : `${family}-${part[1]}`;
}

function quantiles(
  family: string,
  names: readonly Quantile[],
  { help, value }: { help: string; value(row: Row): Readonly<Record<Quantile, number>> | null },
): Measure[] {
  return names.map((name) => ({
    family,
    part: ['quantile', name],
    unit: 'ms',
    better: 'smaller',
    help,
    value: (row) => value(row)?.[name],
  }));
}

function alone(family: string, unit: Measure['unit'], help: string, value: Measure['value']): Measure {
  return { family, part: undefined, unit, better: 'smaller', help, value };
}

/** A count of nothing is no 0: it has no value without a completed trial. */
function counts(
  family: string,
  label: string,
  help: string,
  parts: Readonly<Record<string, readonly [Measure['better'], (row: Row) => number]>>,
): Measure[] {
  return Object.entries(parts).map(([name, [better, value]]) => ({
    family,
    part: [label, name],
    unit: '',
    better,
    help,
    value: (row) => whenCompleted(row.cell.trials.completed, value(row)),
  }));
}

/** User-perceived quality: shares, one per limit. */
function servedWithin(of: 'connections' | 'requests'): Measure[] {
  return LIMITS.map(({ key, label }) => ({
    family: `${of}-served-in-time`,
    part: ['limit', label.replace(' s', 's').replace('.', '-')],
    unit: 'ratio',
    better: 'bigger',
    help: `Share of the ${of} that were served again after the fault in less than that.`,
    value: ({ cell }) => {
      const counts = cell.perceived?.[of];
      return counts == null || counts.total === 0 ? null : counts[key] / counts.total;
    },
  }));
}

function trials(): Measure[] {
  return (['completed', 'invalid', 'inconclusive'] as const).map((status) => ({
    family: 'trials',
    part: ['status', status],
    unit: '',
    better: status === 'completed' ? 'neither' : 'smaller',
    help: 'Trials that ended; only completed ones count.',
    value: ({ cell }) => cell.trials[status],
  }));
}

function whenCompleted(completed: number, value: number | null): number | null {
  return completed === 0 ? null : value;
}
