/** Runs that vary a parameter: what is drawn of each series, and its law in words. */
import type { Law, Summary, SweepResult } from '../../src/contracts/results.js';
import { formatBytes, formatMs, NONE } from './format.js';
import { printable } from './printable.js';

type Metric = Law['metric'];

export interface SweepMetric {
  readonly key: Metric;
  readonly title: string;
  readonly unit: string;
  value(point: SweepResult['points'][number]): number | null;
  format(value: number | null): string;
}

/** What a recovery takes and costs, in the order in which it is shown. */
export const SWEEP_METRICS: readonly SweepMetric[] = [
  {
    key: 'recoveryTimeMs',
    title: 'Recovery time (p50)',
    unit: 'ms',
    value: ({ recoveryTimeMs }) => recoveryTimeMs?.p50 ?? null,
    format: formatMs,
  },
  {
    key: 'replicaCpuMsPerRecovery',
    title: 'CPU time of the survivors per recovery',
    unit: 'ms',
    value: ({ replicaCpuMsPerRecovery }) => replicaCpuMsPerRecovery,
    format: formatMs,
  },
  {
    key: 'replicatedBytesPerConnection',
    title: 'Replicated per connection',
    unit: 'bytes',
    value: ({ replicatedBytesPerConnection }) => replicatedBytesPerConnection,
    format: formatBytes,
  },
  {
    key: 'replicatedBytesPerRequest',
    title: 'Replicated per request',
    unit: 'bytes',
    value: ({ replicatedBytesPerRequest }) => replicatedBytesPerRequest,
    format: formatBytes,
  },
];

/** The series of one workload and fault, in the order of the strategies. */
export interface SweepGroup {
  readonly workload: string;
  readonly fault: string;
  readonly parameter: string;
  readonly series: readonly SweepResult[];
}

/** In the order of the summary. */
export function groupSweeps({ sweeps = [] }: Summary): SweepGroup[] {
  const groups = new Map<string, SweepGroup & { readonly series: SweepResult[] }>();
  for (const sweep of sweeps) {
    const { workload, fault, parameter } = sweep;
    const key = JSON.stringify([workload, fault, parameter]);
    const group = groups.get(key) ?? { workload, fault, parameter, series: [] };
    groups.set(key, group);
    group.series.push(sweep);
  }
  return [...groups.values()];
}

export function lawOf({ laws }: SweepResult, metric: Metric): Law | undefined {
  return laws.find((law) => law.metric === metric);
}

/** Claims no more than the interval: a law that may be flat is called that. */
export function describeLaw(law: Law | undefined, { format, unit }: SweepMetric, parameter: string): string {
  if (law === undefined) return NONE;
  const { kind, slope, low, high, r2 } = law;
  const name = printable(parameter);
  const sure = r2 === null ? '' : `, R² ${r2.toFixed(2)}`;
  if (r2 === null || (low <= 0 && high >= 0)) {
    const bounds =
      kind === 'power'
        ? `${exponent(low)} to ${exponent(high)}`
        : `${signed(low, format)} to ${signed(high, format)} ${unit}`;
    return r2 === null
      ? 'flat'
      : `no growth shown (${kind === 'power' ? 'exponent' : 'slope'} ${bounds}${sure})`;
  }
  return kind === 'power'
    ? `~ ${name}^${exponent(slope)} [${exponent(low)}, ${exponent(high)}]${sure}`
    : `${signed(slope, format)} ${unit} per ${name} [${signed(low, format)}, ${signed(high, format)}]${sure}`;
}

function exponent(value: number): string {
  return value.toFixed(2);
}

function signed(value: number, format: (value: number) => string): string {
  return value < 0 ? `-${format(-value)}` : format(value);
}

export const SWEEP_NOTE =
  'Laws: least squares over the trials, with the 95 % interval of the slope. Where the parameter spans a power of ten both axes ' +
  'are logarithmic and the law is a power of it: an exponent of 1 is proportional, of 0 flat.';
