/** What a run that varies a parameter says about it: points from its cells, laws from its trials. */
import type { Cell, Law, Measurements, SweepResult, TrialResult, TrialSpec } from '../contracts/results.js';
import { median } from '../stats/average.js';
import { fitLine, type Point } from '../stats/linear-fit.js';

type Metric = Law['metric'];

interface Series extends Pick<SweepResult, 'strategy' | 'workload' | 'fault' | 'parameter'> {
  /** By the value of the parameter: the workload id of its cell. */
  readonly cells: Map<number, string>;
  /** One sample per completed trial that has one. */
  readonly samples: Readonly<Record<Metric, Point[]>>;
}

/** One number of a trial; null when it has none. */
const METRICS: Readonly<Record<Metric, (measurements: Measurements) => number | null>> = {
  recoveryTimeMs: ({ connections }) =>
    median(connections.flatMap(({ recoveryTimeMs }) => recoveryTimeMs ?? [])),
  replicaCpuMsPerRecovery: ({ replicaCpuMsPerRecovery }) => replicaCpuMsPerRecovery,
  replicatedBytesPerConnection: ({ replication }) => replication.bytesPerConnection,
  replicatedBytesPerRequest: ({ replication }) => replication.bytesPerRequest,
};
const METRIC_NAMES = Object.keys(METRICS) as Metric[];

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
      samples: {
        recoveryTimeMs: [],
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

function resultOf({ cells: workloads, samples, ...name }: Series, cells: readonly Cell[]): SweepResult {
  const values = [...workloads.keys()].sort((a, b) => a - b);
  const points = values.flatMap((value) => {
    const cell = cells.find(({ strategy, workload, fault }) => {
      return strategy === name.strategy && workload === workloads.get(value) && fault === name.fault;
    });
    return cell === undefined ? [] : [pointOf(value, cell)];
  });
  const laws = METRIC_NAMES.flatMap((metric) => lawOf(metric, samples[metric], isLogarithmic(values)) ?? []);
  return { ...name, points, laws };
}

function pointOf(value: number, cell: Cell): SweepResult['points'][number] {
  const { recoveryTimeMs, replication } = cell;
  return {
    value,
    trials: cell.trials.completed,
    recoveryTimeMs: recoveryTimeMs && { p50: recoveryTimeMs.p50, p99: recoveryTimeMs.p99 },
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
