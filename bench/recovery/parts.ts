/** The goals by parts: what is run for each, and what the runs say about them. */
import { fileURLToPath } from 'node:url';
import { createPrng } from '../../src/base/prng.js';
import { EAGER_SPR } from './eager-spr.js';
import type { Row } from './goal.js';
import { connectionRows, flatRows } from './growth-rows.js';
import { type MeasuredRun, measureRun, type RunPlace, type RunSettings } from './measured-run.js';
import { runMemoryRounds } from './memory-rounds.js';
import { memoryRows } from './memory-rows.js';
import { BEFORE_FAULT_MS } from './one-request.js';
import {
  BUSY_STRATEGIES,
  busyRows,
  cpuRows,
  idleRows,
  RECONNECTING,
  SPR,
  stallRows,
} from './recovery-rows.js';

/** How many of each cell, or rounds. */
interface Counts {
  /** Of strategies that are compared in pairs. */
  readonly paired: number;
  readonly stalls: number;
  /** With 10,000 connections a trial takes half a minute, and its connections are a large sample. */
  readonly large: number;
  /** Takeovers of few connections take some ms, and differ by a third: many show what changes by less than a quarter. */
  readonly small: number;
  /** Of sessions of each age: up to 10 s of waiting in a trial. */
  readonly ageing: number;
  readonly memoryRounds: number;
}

/** How large everything is; `QUICK` only shows that it works. */
export interface Sizes {
  readonly counts: Counts;
  readonly busyConnections: number;
  readonly stalledConnections: number;
  readonly idleConnections: number;
  readonly growingConnections: readonly number[];
  readonly bytesBeforeFault: readonly number[];
  readonly sessionAgesMs: readonly number[];
  readonly memoryConnections: number;
}

export const FULL: Sizes = {
  // As many pairs as an interval of their ratio takes, and as many stalls and rounds as the goals name.
  counts: { paired: 6, stalls: 20, large: 3, small: 12, ageing: 6, memoryRounds: 10 },
  busyConnections: 500,
  stalledConnections: 1000,
  idleConnections: 10_000,
  growingConnections: [10, 30, 100, 300, 1000, 3000, 10_000],
  bytesBeforeFault: [0, 100_000, 1_000_000, 3_000_000, 10_000_000],
  sessionAgesMs: [500, 2000, 5000, 10_000],
  memoryConnections: 10_000,
};

export const QUICK: Sizes = {
  counts: { paired: 2, stalls: 3, large: 2, small: 2, ageing: 2, memoryRounds: 6 },
  busyConnections: 50,
  stalledConnections: 100,
  // A process takes some memory once, which is not to be told from that of fewer connections.
  idleConnections: 300,
  growingConnections: [10, 30, 100, 300],
  bytesBeforeFault: [0, 100_000, 1_000_000],
  sessionAgesMs: [500, 1000, 2000],
  memoryConnections: 300,
};

export interface PartContext extends RunPlace {
  readonly sizes: Sizes;
  /** Of each cell, or rounds of memory; undefined for those of the sizes. */
  readonly trials: number | undefined;
}

export interface Part {
  readonly id: string;
  readonly title: string;
  measure(context: PartContext): Promise<readonly Row[]>;
}

/** Wanted of SPR against full handshakes, by round-trip time, ms. */
const SPEEDUPS = [
  [0, 10],
  [50, 5],
] as const;
const ACTIVE_SHARE = 0.01;
/** A primary, the backup that takes over, and the one that it replicates to from then on. */
const WITH_NEXT_BACKUP = 3;
/** Few: 16 times 10 MB are sent before each fault of the longest trials. */
const DOWNLOADING_CONNECTIONS = 16;
const AGEING_CONNECTIONS = 200;

const EAGER_SPR_MODULE = modulePath('eager-spr');
const ONE_REQUEST_MODULE = modulePath('one-request');

export const PARTS: readonly Part[] = [
  { id: 'busy', title: 'busy connections', measure: measureBusy },
  { id: 'stall', title: 'stall of busy connections, trial by trial', measure: measureStall },
  { id: 'idle', title: 'idle fleet, 1 % active', measure: measureIdle },
  { id: 'cpu', title: 'processor time of a recovery, one request included', measure: measureCpu },
  { id: 'growth', title: 'takeover of all connections', measure: measureGrowth },
  { id: 'bytes', title: 'takeover of all, by what was exchanged before', measure: measureBytes },
  { id: 'age', title: 'takeover of all, by the age of their sessions', measure: measureAge },
  { id: 'memory', title: 'memory of processes that live on', measure: measureMemory },
];

async function measureBusy(context: PartContext): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [rttMs, speedup] of SPEEDUPS) {
    const run = await measureRun(
      `busy-rtt-${rttMs}`,
      {
        ...busySettings(context.sizes.busyConnections),
        strategies: [...BUSY_STRATEGIES],
        rttMs,
        trials: context.trials ?? context.sizes.counts.paired,
      },
      context,
    );
    rows.push(...busyRows({ ...run, comparisons: run.summary.comparisons, rttMs }, speedup));
  }
  return rows;
}

/** All strategies in turns, then as many more trials of SPR as the goal names. */
async function measureStall(context: PartContext): Promise<Row[]> {
  const { counts, stalledConnections } = context.sizes;
  const trials = context.trials ?? counts.stalls;
  const paired = Math.min(trials, counts.paired);
  const settings = busySettings(stalledConnections);
  const together = await measureRun(
    'stall',
    { ...settings, strategies: [...BUSY_STRATEGIES], trials: paired },
    context,
  );
  if (trials === paired) return stallRows(together.trials);
  const alone = await measureRun(
    'stall-spr',
    { ...settings, strategies: [SPR], trials: trials - paired },
    // Other seeds than those of the first trials.
    { ...context, seed: context.seed + 1 },
  );
  return stallRows([...together.trials, ...alone.trials]);
}

function busySettings(connections: number): RunSettings {
  return { workloads: ['request-reply'], connections };
}

async function measureIdle(context: PartContext): Promise<Row[]> {
  const run = await measureRun(
    'idle',
    {
      strategies: [SPR],
      workloads: [`idle-fleet:active-share=${ACTIVE_SHARE}`],
      connections: context.sizes.idleConnections,
      trials: context.trials ?? context.sizes.counts.large,
    },
    context,
  );
  return idleRows(run.trials);
}

async function measureCpu(context: PartContext): Promise<Row[]> {
  const run = await measureRun(
    'cpu',
    {
      strategies: [...RECONNECTING, SPR],
      workloads: [ONE_REQUEST_MODULE],
      connections: context.sizes.busyConnections,
      replicas: WITH_NEXT_BACKUP,
      sessionAgeMs: BEFORE_FAULT_MS,
      trials: context.trials ?? context.sizes.counts.paired,
    },
    context,
  );
  return cpuRows(run.trials, createPrng(context.seed));
}

async function measureGrowth(context: PartContext): Promise<Row[]> {
  const run = await measureEagerSpr('growth', context, {
    workloads: [`idle-fleet:active-share=${ACTIVE_SHARE}`],
    sweep: `connections=${context.sizes.growingConnections.join(',')}`,
    trials: context.trials ?? context.sizes.counts.large,
  });
  return connectionRows(run.trials, EAGER_SPR);
}

async function measureBytes(context: PartContext): Promise<Row[]> {
  const run = await measureEagerSpr('bytes', context, {
    workloads: ['request-reply'],
    connections: DOWNLOADING_CONNECTIONS,
    sweep: `bytes-before-fault=${context.sizes.bytesBeforeFault.join(',')}`,
    trials: context.trials ?? context.sizes.counts.small,
  });
  return flatRows(run.trials, EAGER_SPR, 'bytes before the fault');
}

async function measureAge(context: PartContext): Promise<Row[]> {
  const run = await measureEagerSpr('age', context, {
    workloads: ['request-reply'],
    connections: AGEING_CONNECTIONS,
    sweep: `session-age-ms=${context.sizes.sessionAgesMs.join(',')}`,
    trials: context.trials ?? context.sizes.counts.ageing,
  });
  return flatRows(run.trials, EAGER_SPR, 'session age, ms');
}

function measureEagerSpr(name: string, context: PartContext, settings: RunSettings): Promise<MeasuredRun> {
  return measureRun(name, { strategies: [EAGER_SPR_MODULE], ...settings }, context);
}

async function measureMemory({ sizes, trials, seed, signal }: PartContext): Promise<Row[]> {
  const rounds = trials ?? sizes.counts.memoryRounds;
  return memoryRows(await runMemoryRounds({ connections: sizes.memoryConnections, rounds, seed, signal }));
}

/** Trials load plugins in processes of their own, compiled, from beside this file. */
function modulePath(name: string): string {
  return fileURLToPath(new URL(`./${name}.js`, import.meta.url));
}
