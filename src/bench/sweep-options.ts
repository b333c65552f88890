/** `--sweep`: one parameter of the run with several values, each of which makes cells of its own. */
import { UsageError } from '../base/errors.js';
import type { DetectorOptions } from '../cluster/director/failure-detector.js';
import type { Workload } from '../contracts/workload.js';

/** A setting of workloads whose trials take as long as so many bytes take. */
export const BYTES_BEFORE_FAULT = 'bytes-before-fault';

/** What a value of the swept parameter changes in the options of the run. */
export interface SweptOptions {
  readonly connections: number | undefined;
  readonly rttMs: number;
  readonly jitterMs: number;
  readonly bandwidthMbit: number | undefined;
  readonly detector: DetectorOptions;
  readonly warmUpMs: number | undefined;
  readonly sessionAgeMs: number | undefined;
}

/** A workload, and by what name other processes load it. */
interface LoadedWorkload {
  readonly specifier: string;
  readonly plugin: Workload;
}

export interface SweepPoint {
  readonly value: number;
  /** Of the options that are the same for all workloads. */
  readonly changes: SweptOptions;
  /** As they run with this value: their ids name it, so that their results stay apart. */
  readonly workloads: readonly SweptWorkload[];
}

export interface SweptWorkload extends LoadedWorkload {
  /** Id without the value. */
  readonly base: string;
}

export interface Sweep {
  readonly parameter: string;
  /** Ascending by value, at least two. */
  readonly points: readonly SweepPoint[];
}

/** A series is for a curve: more values than this belong into several runs. */
const MAX_VALUES = 32;

/** Parameters of the run; all others are settings of the workloads. Changes are checked as if they were given as options. */
const OPTIONS: Readonly<Record<string, (value: number) => Readonly<Record<string, number>>>> = {
  connections: (connections) => ({ connections }),
  'rtt-ms': (rttMs) => ({ rttMs }),
  'jitter-ms': (jitterMs) => ({ jitterMs }),
  'bandwidth-mbit': (bandwidthMbit) => ({ bandwidthMbit }),
  'warm-up-ms': (warmUpMs) => ({ warmUpMs }),
  'session-age-ms': (sessionAgeMs) => ({ sessionAgeMs }),
  'heartbeat-interval-ms': (heartbeatIntervalMs) => ({ heartbeatIntervalMs }),
  'heartbeat-missed': (heartbeatMissed) => ({ heartbeatMissed }),
};

/** `name=value,value,...` taken apart. */
export interface SweepText {
  readonly parameter: string;
  /** Ascending. */
  readonly values: readonly number[];
  /** What each value is as an option of the run, by its name in camel case; undefined for a setting of workloads. */
  readonly optionOf: ((value: number) => Readonly<Record<string, number>>) | undefined;
}

/** @throws UsageError naming what is wrong, and what is allowed */
export function parseSweep(text: string): SweepText {
  const [, parameter = '', list = ''] = /^([a-z][a-z0-9-]*)=(.+)$/.exec(text.trim()) ?? [];
  const values = list.split(',').map((word) => (word.trim() === '' ? Number.NaN : Number(word)));
  const unique = new Set(values);
  if (parameter === '' || values.some((value) => !(value >= 0) || !Number.isFinite(value))) {
    throw new UsageError(
      `--sweep ${text}: must be a parameter and its values, for example connections=10,100,1000`,
    );
  }
  if (unique.size < values.length) throw new UsageError(`--sweep ${text}: a value is there twice`);
  if (values.length < 2 || values.length > MAX_VALUES) {
    throw new UsageError(`--sweep ${text}: must have 2 to ${MAX_VALUES} values`);
  }
  return {
    parameter,
    values: values.sort((a, b) => a - b),
    optionOf: Object.hasOwn(OPTIONS, parameter) ? OPTIONS[parameter] : undefined,
  };
}

/**
 * The workloads as they run with one value of an option of the run.
 *
 * @param value of `parameter`
 */
export function nameSwept(
  workloads: readonly LoadedWorkload[],
  parameter: string,
  value: number,
): SweptWorkload[] {
  return workloads.map(({ specifier, plugin }) => ({
    specifier,
    base: plugin.id,
    // No colon: it is no setting of the workload.
    plugin: { ...plugin, id: `${plugin.id} ${parameter}=${value}` },
  }));
}

/** @throws UsageError when one of the workloads does not have the setting */
export function requireSetting(workloads: readonly LoadedWorkload[], parameter: string): void {
  for (const { plugin } of workloads) {
    const names = (plugin.parameters ?? []).flatMap((each) => (each.kind === 'number' ? each.name : []));
    if (names.includes(parameter)) continue;
    const allowed = [...Object.keys(OPTIONS), ...names].join(', ');
    throw new UsageError(
      `--sweep ${parameter}: ${plugin.id} has no such setting; with it, allowed are ${allowed}`,
    );
  }
}
