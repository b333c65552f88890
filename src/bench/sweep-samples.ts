/** What a run that varies a parameter says about it: points from its cells, laws from its trials. */
import type { Cell, Law, Measurements, SweepResult, TrialResult, TrialSpec } from '../contracts/results.js';
import { median } from '../stats/average.js';
import { fitLine, type Point } from '../stats/linear-fit.js';

type Metric = Law['metric'];

interface Series extends Pick<SweepResult, 'strategy' | 'workload' | 'fault' | 'parameter'> {
  /** By the value of the parameter: the workload id of its cell. */
  readonly cells: Map<number, string>;
  /** By the value of the parameter: when silence was to be seen; only of trials in which nothing else showed the failure. */
  readonly expectedDetectionsMs: Map<number, number>;
  /** One sample per completed trial that has one. */
  readonly samples: Readonly<Record<Metric, Point[]>>;
}

/** One number of a trial; null when it has none. */
const METRICS: Readonly<Record<Metric, (measurements: Measurements) => number | null>> = {
  recoveryTimeMs: medianRecoveryMs,
  detectionMs: detectionMsOf,
  recoveryAfterDetectionMs: (measurements) => {
    const recoveryMs = medianRecoveryMs(measurements);
    const detectionMs = detectionMsOf(measurements);
    return recoveryMs === null || detectionMs === null ? null : recoveryMs - detectionMs;
  },
  replicaCpuMsPerRecovery: ({ replicaCpuMsPerRecovery }) => replicaCpuMsPerRecovery,
  replicatedBytesPerConnection: ({ replication }) => replication.bytesPerConnection,
  replicatedBytesPerRequest: ({ replication }) => replication.bytesPerRequest,
};
const METRIC_NAMES = Object.keys(METRICS) as Metric[];

function medianRecoveryMs({ connections }: Measurements): number | null {
  return median(connections.flatMap(({ recoveryTimeMs }) => recoveryTimeMs ?? []));
}

function detectionMsOf({ failureDetectedMs, faultInjectedMs }: Measurements): number | null {
  return failureDetectedMs === null ? null : failureDetectedMs - faultInjectedMs;
}

/** What is stopped, or cut off, neither says nor closes anything: only the heartbeats that are missing show it. */
const SILENT_ACTIONS: readonly string[] = ['SIGSTOP', 'partition'];

/** Null where the failure was not seen, or was to be seen by anything but silence. */
function expectedDetectionMsOf(
  { heartbeats }: TrialSpec,
  { faultEvents, failureDetectedMs }: Measurements,
): number | null {
  const isSilent = SILENT_ACTIONS.includes(faultEvents[0]?.action ?? '');
  return isSilent && failureDetectedMs !== null ? heartbeats.intervalMs * heartbeats.missedLimit : null;
}

/** They add a time of their own to every recovery: a sum has no power law, whatever they span. */
const ADDING_PARAMETERS: readonly string[] = ['heartbeat-interval-ms', 'heartbeat-missed', 'rtt-ms'];

/** A parameter that spans less is drawn, and fitted, on a linear axis. */
const MIN_LOG_SPAN = 10;

/** Whether these values of a parameter belong on a logarithmic axis. */
export function isLogarithmic(values: readonly number[]): boolean {
  const low = Math.min(...values);
  return low > 0 && Math.max(...values) / low >= MIN_LOG_SPAN;
}

export class SweepSamples {
  readonly #series = new Map<string, Series>();

  /** Trials that vary nothing are passed over. */
  add({ spec, status, measurements }: TrialResult): void {
    if (spec.sweep === undefined) return;
    const { value } = spec.sweep;
    const series = this.#seriesOf(spec, spec.sweep);
    series.cells.set(value, spec.workload);
    if (status !== 'completed') return;
    for (const name of METRIC_NAMES) {
      const y = METRICS[name](measurements);
      if (y !== null) series.samples[name].push({ x: value, y });
    }
    const expectedMs = expectedDetectionMsOf(spec, measurements);
    if (expectedMs !== null) series.expectedDetectionsMs.set(value, expectedMs);
  }

  /** @param cells of the same trials, in the order in which the results are to be */
  results(cells: readonly Cell[]): SweepResult[] {
    const order = (series: Series): number =>
      cells.findIndex(({ strategy, workload, fault }) => {
        return strategy === series.strategy && fault === series.fault && has(series.cells.values(), workload);
      });
    return [...this.#series.values()]
      .sort((a, b) => order(a) - order(b))
      .map((each) => resultOf(each, cells));
  }

  #seriesOf(
    { strategy, fault }: TrialSpec,
    { workload, parameter }: NonNullable<TrialSpec['sweep']>,
  ): Series {
    const key = JSON.stringify([workload, fault, strategy, parameter]);
    const series = this.#series.get(key) ?? {
      ...{ strategy, workload, fault, parameter },
      cells: new Map(),
      expectedDetectionsMs: new Map(),
      samples: {
        recoveryTimeMs: [],
        detectionMs: [],
        recoveryAfterDetectionMs: [],
        replicaCpuMsPerRecovery: [],
        replicatedBytesPerConnection: [],
        replicatedBytesPerRequest: [],
      },
    };
    this.#series.set(key, series);
    return series;
  }
}

function has(values: Iterable<string>, wanted: string): boolean {
  for (const value of values) if (value === wanted) return true;
  return false;
}

function resultOf(series: Series, cells: readonly Cell[]): SweepResult {
  const { strategy, workload, fault, parameter, samples } = series;
  const values = [...series.cells.keys()].sort((a, b) => a - b);
  const points = values.flatMap((value) => {
    const cell = cells.find((each) => {
      return each.strategy === strategy && each.workload === series.cells.get(value) && each.fault === fault;
    });
    return cell === undefined ? [] : [pointOf(value, cell, series)];
  });
  const logarithmic = isLogarithmic(values) && !ADDING_PARAMETERS.includes(parameter);
  const laws = METRIC_NAMES.flatMap((metric) => lawOf(metric, samples[metric], logarithmic) ?? []);
  return { strategy, workload, fault, parameter, points, laws };
}

function pointOf(value: number, cell: Cell, series: Series): SweepResult['points'][number] {
  const { recoveryTimeMs, replication, connections, requests } = cell;
  const detectionsMs = series.samples.detectionMs.flatMap(({ x, y }) => (x === value ? [y] : []));
  return {
    value,
    cellWorkload: cell.workload,
    trials: cell.trials.completed,
    recoveryTimeMs: recoveryTimeMs && {
      p50: recoveryTimeMs.p50,
      p90: recoveryTimeMs.p90,
      p99: recoveryTimeMs.p99,
    },
    recoveryP50IntervalMs: cell.recoveryP50IntervalMs ?? null,
    detectionMs: median(detectionsMs),
    expectedDetectionMs: series.expectedDetectionsMs.get(value) ?? null,
    connections: { kept: connections.kept, reconnected: connections.reconnected, lost: connections.lost },
    requests: { ...requests },
    replicaCpuMsPerRecovery: cell.replicaCpuMsPerRecovery,
    replicatedBytesPerConnection: replication?.bytesPerConnection ?? null,
    replicatedBytesPerRequest: replication?.bytesPerRequest ?? null,
    memory: cell.memory ?? null,
  };
}

/** Null for too few samples, and for a power law of something that is 0. */
function lawOf(metric: Metric, samples: readonly Point[], logarithmic: boolean): Law | null {
  const fit = fitLine(
    logarithmic ? samples.map(({ x, y }) => ({ x: Math.log(x), y: Math.log(y) })) : samples,
  );
  if (fit === null) return null;
  const { slope, slopeLow: low, slopeHigh: high, intercept, r2, points: trials } = fit;
  return {
    metric,
    kind: logarithmic ? 'power' : 'linear',
    ...{ slope, low, high, r2, trials },
    intercept: logarithmic ? Math.exp(intercept) : intercept,
  };
}
