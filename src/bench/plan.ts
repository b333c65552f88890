/** The trials of a run, in the order of their execution. */
import { createPrng } from '../base/prng.js';
import { longestRoundTripMs } from '../cluster/director/link-direction.js';
import type { Fault } from '../contracts/fault.js';
import type { TrialSpec } from '../contracts/results.js';
import type { RecoveryStrategy } from '../contracts/strategy.js';
import type { Prng } from '../contracts/workload.js';
import { runsOnOwnServer } from './external-options.js';
import type { RunOptions } from './run-options.js';
import { BYTES_BEFORE_FAULT } from './sweep-options.js';

/**
 * Blocks one after the other; within a block every cell once, in an order drawn from the seed, so that a drift of the
 * machine meets all strategies alike. All strategies of a block have the same workload seed: they are compared in pairs.
 * A run that ends when it is precise enough leaves the last blocks out.
 */
export function planTrials(options: RunOptions): TrialSpec[] {
  const prng = createPrng(options.seed).fork('order');
  const specs: TrialSpec[] = [];
  const blocks = options.precision?.maxTrials ?? options.trials;
  for (let block = 0; block < blocks; block++) {
    for (const cell of shuffled(allCells(options), prng)) {
      specs.push({ index: specs.length, block, seed: seedOf(options.seed, block, cell), ...cell });
    }
  }
  return specs;
}

type CellSpec = Omit<TrialSpec, 'index' | 'block' | 'seed'>;

/** Long enough for a rate to be read off it, and for a 16 MiB reply to be under way. */
const BEFORE_MS = 400;
/** Beyond the first ones, whose first requests take less than that: all have had theirs when the fault strikes. */
const FEW_CONNECTIONS = 1000;
const BEFORE_MS_PER_CONNECTION = 0.3;
/** Several times the longest recovery of a few connections on loopback. */
const AFTER_MS = 600;
/** A full handshake takes about 1 ms of processor time on each side, one after the other. */
const AFTER_MS_PER_CONNECTION = 2;
/** Each round trip is part of a reconnect several times, and of every request. */
const MS_PER_RTT_MS = 20;
/** More connections than recover in this time are not given more: the closing check counts them all the same. */
const MAX_AFTER_MS = 10_000;

/** One set of cells, or one for each value of the swept parameter. */
function allCells(options: RunOptions): CellSpec[] {
  const { sweep } = options;
  if (sweep === undefined) return cells(options);
  return sweep.points.flatMap(({ value, changes, workloads }) => {
    const bases = new Map(workloads.map(({ plugin, base }) => [plugin.id, base]));
    return cells({ ...options, ...changes, workloads }).map((cell) => ({
      ...cell,
      beforeMs: cell.beforeMs + transferMs(cell, sweep.parameter === BYTES_BEFORE_FAULT ? value : 0),
      sweep: { workload: bases.get(cell.workload) ?? cell.workload, parameter: sweep.parameter, value },
    }));
  });
}

/** What loopback carries to all connections together on a machine that has other things to do: 20 MB/s. */
const TRANSFER_BYTES_PER_MS = 20_000;
/** Mbit/s in bytes per ms. */
const BYTES_PER_MS_PER_MBIT = 125;

/** Until each connection has been sent so many bytes. */
function transferMs(
  { connections, bandwidthMbit = Number.POSITIVE_INFINITY }: CellSpec,
  bytes: number,
): number {
  return Math.max(
    (connections * bytes) / TRANSFER_BYTES_PER_MS,
    bytes / (bandwidthMbit * BYTES_PER_MS_PER_MBIT),
  );
}

function cells(options: RunOptions): CellSpec[] {
  return options.workloads.flatMap(({ plugin: workload }) =>
    options.faults.flatMap((fault) =>
      options.strategies.map(({ plugin: strategy }) => {
        const connections = options.connections ?? workload.defaultConnections;
        return {
          strategy: strategy.id,
          workload: workload.id,
          fault: fault.id,
          connections,
          arrivals: options.arrivals ?? workload.arrivals,
          ...common(options),
          ...engineOf(strategy, options),
          ...durations(connections, fault, options),
        };
      }),
    ),
  );
}

function durations(
  connections: number,
  fault: Fault,
  { detector, replicas, sessionAgeMs, ...link }: RunOptions,
): Pick<TrialSpec, 'beforeMs' | 'afterMs'> {
  const linkMs = MS_PER_RTT_MS * longestRoundTripMs(link);
  const recoveryMs = AFTER_MS + AFTER_MS_PER_CONNECTION * connections + linkMs;
  const faultMs = fault.durationMs(detector.intervalMs * detector.missedLimit, replicas);
  return {
    beforeMs:
      sessionAgeMs ??
      BEFORE_MS + BEFORE_MS_PER_CONNECTION * Math.max(0, connections - FEW_CONNECTIONS) + linkMs,
    afterMs: faultMs + Math.min(MAX_AFTER_MS, recoveryMs),
  };
}

function common(options: RunOptions) {
  const { suite, key, rekey, audit, replicas, detector, warmUpMs, faultPhase } = options;
  const tls = { version: suite.version, suite: suite.name, key };
  return {
    ...{ tls, rekey, audit, replicas, ...linkOf(options), heartbeats: { ...detector } },
    ...(warmUpMs !== undefined && { warmUpMs }),
    ...(faultPhase !== undefined && { faultPhase }),
  };
}

function engineOf(
  strategy: RecoveryStrategy,
  { engine, external }: RunOptions,
): Pick<TrialSpec, 'engine' | 'replicaCommand'> {
  if (external === undefined || !runsOnOwnServer(strategy)) return { engine };
  return { engine: 'external', replicaCommand: external.command.text };
}

/** What is not asked for stays out, as it does in files of earlier releases: baselines hold conditions against each other. */
function linkOf({ rttMs, jitterMs, bandwidthMbit }: RunOptions) {
  return { rttMs, ...(jitterMs > 0 && { jitterMs }), ...(bandwidthMbit !== undefined && { bandwidthMbit }) };
}

/** 31 bits: safe wherever a seed is stored. */
const MAX_SEED = 2 ** 31 - 1;

/** The same for all values of a swept parameter. */
function seedOf(seed: number, block: number, { workload, fault, sweep }: CellSpec): number {
  return createPrng(seed)
    .fork(`${block} ${sweep?.workload ?? workload} ${fault}`)
    .integer(0, MAX_SEED);
}

/** Sorting by a random rank: every order is equally likely. */
function shuffled<T>(items: readonly T[], prng: Prng): T[] {
  const order = items.map((item) => ({ item, rank: prng.uniform() }));
  return order.sort((a, b) => a.rank - b.rank).map(({ item }) => item);
}
