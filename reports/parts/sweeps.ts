/** Runs that vary a parameter: what is drawn of each series, and its law in words. */
import type { Law, Summary, SweepResult } from '../../src/contracts/results.js';
import { formatBytes, formatMs, NONE } from './format.js';
import { printable } from './printable.js';

type Metric = Law['metric'];
type Point = SweepResult['points'][number];

export interface SweepMetric {
  readonly key: Metric;
  readonly title: string;
  readonly unit: string;
  value(point: Point): number | null;
  format(value: number | null): string;
  /** The 95 % interval of the value, where there is one. */
  interval?(point: Point): { readonly low: number; readonly high: number } | null;
  /** What the options of the run lead to, whatever the strategy; null where they say nothing of it. */
  expected?(point: Point): number | null;
}

/** What a recovery takes and costs, in the order in which it is shown. */
export const SWEEP_METRICS: readonly SweepMetric[] = [
  {
    key: 'recoveryTimeMs',
    title: 'Recovery time (p50)',
    unit: 'ms',
    value: ({ recoveryTimeMs }) => recoveryTimeMs?.p50 ?? null,
    format: formatMs,
    interval: ({ recoveryP50IntervalMs }) => recoveryP50IntervalMs ?? null,
    expected: ({ expectedDetectionMs }) => expectedDetectionMs ?? null,
  },
  {
    key: 'detectionMs',
    title: 'Detection time',
    unit: 'ms',
    value: ({ detectionMs }) => detectionMs ?? null,
    format: formatMs,
    expected: ({ expectedDetectionMs }) => expectedDetectionMs ?? null,
  },
  {
    key: 'recoveryAfterDetectionMs',
    title: 'Recovery after detection',
    unit: 'ms',
    value: ({ recoveryTimeMs, detectionMs }) =>
      recoveryTimeMs === null || detectionMs == null ? null : Math.max(0, recoveryTimeMs.p50 - detectionMs),
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

/** What takes part in a recovery only where silence has to be noticed first; elsewhere detection takes next to nothing. */
const OF_SILENCE: readonly Metric[] = ['detectionMs', 'recoveryAfterDetectionMs'];

/** Whether nothing but missed heartbeats showed the failures. */
export function isSilent({ series }: SweepGroup): boolean {
  return series.some(({ points }) => points.some(({ expectedDetectionMs }) => expectedDetectionMs != null));
}

/** Those of {@link SWEEP_METRICS} that tell something of the group. */
export function metricsOf(group: SweepGroup): SweepMetric[] {
  return SWEEP_METRICS.filter(({ key }) => isSilent(group) || !OF_SILENCE.includes(key));
}

/** What the options of the run lead to, by the value of the parameter; empty where they say nothing of the metric. */
export function expectedValues({ series }: SweepGroup, { expected }: SweepMetric): Map<number, number> {
  const found = new Map<number, number>();
  for (const point of series.flatMap(({ points }) => points)) {
    const value = expected?.(point) ?? null;
    if (value !== null) found.set(point.value, value);
  }
  return found;
}

/** What {@link expectedValues} are called. */
export const EXPECTED_NAME = 'interval x missed';

export const EXPECTED_NOTE =
  'A failure that only silence shows is seen after the heartbeat interval times the heartbeats that may be missed, give or take ' +
  'one interval; recovery is detection and what the strategy needs after it.';

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

/** `20.2`, or `20.2 [18.9, 22.4]` with its interval. */
export function formatPoint(metric: SweepMetric, point: Point): string {
  const value = metric.format(metric.value(point));
  const interval = metric.interval?.(point) ?? null;
  return interval === null
    ? value
    : `${value} [${metric.format(interval.low)}, ${metric.format(interval.high)}]`;
}

export function lawOf({ laws }: SweepResult, metric: Metric): Law | undefined {
  return laws.find((law) => law.metric === metric);
}

/** An exponent below that is less than a fourth over a power of ten: nobody would plan for it. */
const FLAT_EXPONENT = 0.1;

/** Claims no more than the interval: a law that may be flat is not said to grow, and only a narrow one is called flat. */
export function describeLaw(law: Law | undefined, metric: SweepMetric, parameter: string): string {
  if (law === undefined) return NONE;
  const { kind, slope, low, high, r2 } = law;
  if (r2 === null) return 'flat';
  const sure = `R² ${r2.toFixed(2)}`;
  const bounds = boundsOf(law, metric);
  if (kind === 'power' && low > -FLAT_EXPONENT && high < FLAT_EXPONENT) return `flat (${bounds})`;
  if (low <= 0 && high >= 0) return `no growth shown (${bounds}, ${sure})`;
  const name = printable(parameter);
  const { format, unit } = metric;
  return kind === 'power'
    ? `${slope > 0 ? 'grows' : 'falls'} with ${name}^${exponent(slope)} [${exponent(low)}, ${exponent(high)}], ${sure}`
    : `${steep(slope, format)} ${unit} per ${name} [${steep(low, format)}, ${steep(high, format)}], ${sure}`;
}

function boundsOf({ kind, low, high }: Law, { format, unit }: SweepMetric): string {
  return kind === 'power'
    ? `exponent ${exponent(low)} to ${exponent(high)}`
    : `slope ${steep(low, format)} to ${steep(high, format)} ${unit}`;
}

function exponent(value: number): string {
  return value.toFixed(2);
}

/** As the values are shown; below 1 with two significant digits, because a small slope is not none. */
function steep(slope: number, format: (value: number) => string): string {
  const size = Math.abs(slope);
  const text = size < 1 ? String(Number(size.toPrecision(2))) : format(size);
  return slope < 0 ? `-${text}` : text;
}

export const SWEEP_NOTE =
  'Laws: least squares over the trials, with the 95 % interval of the slope. Where the parameter spans a power of ten both axes ' +
  'are logarithmic and the law is a power of it: an exponent of 1 is proportional, of 0 flat. Heartbeats and round trips add a time ' +
  'of their own: their laws are always straight lines.';
