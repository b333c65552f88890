/** What trials of busy connections, of idle ones and of single requests say about the goals. Pure. */
import type { Comparison, Measurements, Prng } from '../../src/index.js';
import { bootstrapMedianLogRatio, MIN_PAIRS_FOR_INTERVAL, type Pair } from '../../src/stats/bootstrap.js';
import { ascending, quantile } from '../../src/stats/quantile.js';
import {
  atLeast,
  atMost,
  type Figure,
  type Goal,
  missingRow,
  type Row,
  rowOfCount,
  rowOfFigure,
  rowOfFigures,
  rowOfInterval,
  rowOfTrials,
} from './goal.js';
import { type CompletedTrial, completed, type MeasuredRun } from './measured-run.js';

export const SPR = 'spr';
export const RECONNECTING = ['full-handshake', 'session-resumption'] as const;
export const BUSY_STRATEGIES = [...RECONNECTING, SPR] as const;

const BYTES_PER_KIB = 1024;
const US_PER_MS = 1000;
const P50 = 0.5;
const P99 = 0.99;

/** Stall of 1,000 busy connections, as their clients felt it. */
const STALL_P50 = atMost(40, 'ms');
const STALL_P99 = atMost(100, 'ms');
/** Of 10,000 connections, 1 % of which are active. */
const ACTIVE_SERVED = atMost(50, 'ms');
const DIRECTOR_MEMORY = atMost(4, 'KiB');
const BACKUP_MEMORY = atMost(1.2, 'KiB');
const CPU_SHARES = { 'full-handshake': atMost(0.2), 'session-resumption': atMost(0.25) } as const;

interface BusyRun extends Pick<MeasuredRun, 'trials'> {
  readonly comparisons: readonly Comparison[];
  readonly rttMs: number;
}

/** @param speedup of SPR against full handshakes that is wanted */
export function busyRows({ trials, comparisons, rttMs }: BusyRun, speedup: number): Row[] {
  const at = `RTT ${rttMs}`;
  const times = BUSY_STRATEGIES.flatMap((strategy) => {
    const recoveries = completed(trials, strategy).map(recoveryTimesMs);
    return [
      rowOfFigures(`${at}, ${strategy}: recovery p50`, quantiles(recoveries, P50), 'ms'),
      rowOfFigures(`${at}, ${strategy}: recovery p99`, quantiles(recoveries, P99), 'ms'),
    ];
  });
  const resumption = speedupOf(comparisons, 'session-resumption');
  const what = `${at}: recovery p50, full-handshake / spr`;
  const goal = atLeast(speedup, 'x');
  const found = speedupOf(comparisons, SPR);
  return [
    ...times,
    ...(resumption === null
      ? []
      : [rowOfFigure(`${at}: recovery p50, full-handshake / session-resumption`, resumption, 'x')]),
    found === null ? missingRow(what, goal) : rowOfInterval(what, found, goal),
  ];
}

/** Recovery time of the reference, the full handshake, over that of the strategy; null without a pair of trials. */
function speedupOf(comparisons: readonly Comparison[], wanted: string): Figure | null {
  const found = comparisons.find(
    ({ strategy, metric }) => strategy === wanted && metric === 'recoveryTimeMs',
  );
  if (found === undefined) return null;
  const value = 1 / found.ratio;
  return found.pairs < MIN_PAIRS_FOR_INTERVAL
    ? { value }
    : { value, low: 1 / found.high, high: 1 / found.low };
}

/** Stalls of each trial, and whether SPR kept every connection. */
export function stallRows(trials: MeasuredRun['trials']): Row[] {
  const rows = BUSY_STRATEGIES.flatMap((strategy) => {
    const stalls = completed(trials, strategy).map(interruptionsMs);
    const rowOf = (name: string, q: number, goal: Goal): Row => {
      const what = `${strategy}: stall ${name} of a trial`;
      const values = quantiles(stalls, q);
      return strategy === SPR ? rowOfTrials(what, values, goal) : rowOfFigures(what, values, goal.unit);
    };
    return [rowOf('p50', P50, STALL_P50), rowOf('p99', P99, STALL_P99)];
  });
  return [...rows, keptRow(trials)];
}

/** All trials of SPR that ended: one that lost a connection is not left out because something disturbed it as well. */
function keptRow(trials: MeasuredRun['trials']): Row {
  const connections = trials.flatMap(({ spec, measurements }) =>
    spec.strategy === SPR ? (measurements?.connections ?? []) : [],
  );
  const kept = connections.filter(({ fate }) => fate === 'kept').length;
  return rowOfCount('spr: connections kept', kept, connections.length);
}

export function idleRows(trials: MeasuredRun['trials']): Row[] {
  const measured = completed(trials, SPR).map(({ measurements }) => measurements);
  const memory = measured.flatMap((each) => each.memory ?? []);
  const kib = (of: (each: (typeof memory)[number]) => number): number[] =>
    memory.map((each) => of(each) / BYTES_PER_KIB);
  return [
    rowOfTrials('until all active are served', measured.flatMap(allServedMs), ACTIVE_SERVED),
    rowOfTrials(
      'director, per connection',
      kib((each) => each.directorBytesPerConnection),
      DIRECTOR_MEMORY,
    ),
    rowOfTrials(
      'backup, per connection',
      kib((each) => each.backupBytesPerConnection),
      BACKUP_MEMORY,
    ),
    rowOfFigures(
      'primary, per connection',
      kib((each) => each.primaryBytesPerConnection),
      'KiB',
    ),
    keptRow(trials),
  ];
}

function allServedMs({ lastRecoveredMs, faultInjectedMs }: Measurements): number[] {
  return lastRecoveredMs === null ? [] : [lastRecoveredMs - faultInjectedMs];
}

/**
 * Director and survivors together: with three replicas the new backup is one of them.
 *
 * @param prng for the bootstrap intervals
 */
export function cpuRows(trials: MeasuredRun['trials'], prng: Prng): Row[] {
  const figures = BUSY_STRATEGIES.map((strategy) =>
    rowOfFigures(
      `${strategy}: CPU per recovered connection`,
      completed(trials, strategy).flatMap(totalCpuUs),
      'us',
    ),
  );
  const ratios = RECONNECTING.map((reference) => {
    const what = `CPU, spr / ${reference}`;
    const pairs = pairsOf(trials, reference);
    if (pairs.length === 0) return missingRow(what, CPU_SHARES[reference]);
    const { ratio: value, low, high } = bootstrapMedianLogRatio(pairs, prng.fork(reference));
    const figure = pairs.length < MIN_PAIRS_FOR_INTERVAL ? { value } : { value, low, high };
    return rowOfInterval(what, figure, CPU_SHARES[reference]);
  });
  return [...figures, ...ratios];
}

/** Of trials of one block: they ran right after each other, with the same plan. */
function pairsOf(trials: MeasuredRun['trials'], reference: string): Pair[] {
  const references = completed(trials, reference);
  return completed(trials, SPR).flatMap((trial) => {
    const other = references.find(({ spec }) => spec.block === trial.spec.block);
    const [value] = totalCpuUs(trial);
    const [against] = other === undefined ? [] : totalCpuUs(other);
    return value === undefined || against === undefined ? [] : [{ value, reference: against }];
  });
}

function totalCpuUs({ measurements }: CompletedTrial): number[] {
  const { replicaCpuMsPerRecovery: replicas, directorCpuMsPerRecovery: director } = measurements;
  if (replicas === null || director === null || director === undefined) return [];
  return [(replicas + director) * US_PER_MS];
}

function recoveryTimesMs({ measurements }: CompletedTrial): number[] {
  return measurements.connections.flatMap(({ recoveryTimeMs }) => recoveryTimeMs ?? []);
}

function interruptionsMs({ measurements }: CompletedTrial): number[] {
  return measurements.connections.flatMap(({ interruptionMs }) => interruptionMs ?? []);
}

/** One per trial that has samples. */
function quantiles(samples: readonly (readonly number[])[], q: number): number[] {
  return samples.flatMap((sample) => (sample.length === 0 ? [] : quantile(ascending(sample), q)));
}
