/** Runs of two strategies and one workload, with the values that a test asks for. Nothing in them was measured. */
import { type StoredRun, storedRunOf } from '../../../src/bench/gate/stored-run.js';
import type { Measurements, Summary, TrialResult, TrialSpec } from '../../../src/contracts/results.js';
import { fixtureSummary, fixtureTrial } from '../../fixtures/results.js';

type Completed = Extract<TrialResult, { status: 'completed' }>;

/** Made once: each call makes a whole run. */
const BASE = fixtureTrial();

export const REFERENCE = 'full-handshake';
export const STRATEGY = 'spr';

export interface RunModel {
  readonly blocks?: number;
  /** Recovery time of the strategy in each block, ms; the reference's is 100. */
  readonly recoveryMs?: (block: number) => number;
  /** Replies in each 10 ms before the fault, of the strategy; the reference has 30. */
  readonly replies?: (block: number) => number;
  readonly replication?: (block: number) => { bytes: number; messages: number };
  readonly fullHandshakes?: (block: number) => number;
  readonly corruptedBytes?: number;
  readonly spec?: Partial<TrialSpec>;
  readonly summary?: Partial<Summary>;
  readonly violations?: readonly string[];
}

/** Spread of the values over the blocks, by a few per cent around 1. */
const SPREAD = [1.02, 0.97, 1.0, 1.04, 0.99, 0.96, 1.01, 1.03];

export function spread(block: number): number {
  return SPREAD[block % SPREAD.length] ?? 1;
}

export function makeRun(model: RunModel = {}): StoredRun {
  return storedRunOf({ ...fixtureSummary(), ...model.summary }, makeTrials(model));
}

export function makeTrials(model: RunModel = {}): Completed[] {
  return Array.from({ length: model.blocks ?? 6 }, (_, block) => block).flatMap((block) =>
    [REFERENCE, STRATEGY].map((strategy, place) => makeTrial(model, block, strategy, 2 * block + place)),
  );
}

function makeTrial(model: RunModel, block: number, strategy: string, index: number): Completed {
  const base = BASE;
  const isReference = strategy === REFERENCE;
  const recoveryTimeMs = isReference ? 100 : (model.recoveryMs?.(block) ?? 20 * spread(block));
  const replies = isReference ? 30 : (model.replies?.(block) ?? 27);
  return {
    ...base,
    spec: { ...base.spec, index, block, strategy, workload: 'request-reply', ...model.spec },
    violations: isReference ? [] : [...(model.violations ?? [])],
    measurements: {
      ...base.measurements,
      connections: base.measurements.connections.map((connection) => ({
        ...connection,
        fate: isReference ? ('reconnected' as const) : ('kept' as const),
        recoveryTimeMs: connection.recoveryTimeMs === null ? null : recoveryTimeMs,
      })),
      corruptedBytes: model.corruptedBytes ?? 0,
      requests: { ok: 900, failed: isReference ? 3 : 0, unknown: 0 },
      handshakesAfterFault: {
        full: isReference ? (model.fullHandshakes?.(block) ?? base.spec.connections) : 0,
        resumed: 0,
      },
      replicaCpuMsPerRecovery: isReference ? 2 : 0.5 * spread(block + 3),
      latencyMs: { beforeP50: 5 * spread(block + 5), beforeP99: 9, afterP50: 5, afterP99: 9 },
      throughput: flatThroughput(base.measurements.throughput, replies),
      replication: isReference ? noReplication(base.measurements) : replicated(base, model, block),
    },
  };
}

function flatThroughput(throughput: Measurements['throughput'], replies: number): Measurements['throughput'] {
  return { ...throughput, replies: throughput.replies.map(() => replies) };
}

function noReplication({ replication }: Measurements): Measurements['replication'] {
  return { ...replication, bytes: 0, messages: 0, bytesPerConnection: 0, bytesPerRequest: 0 };
}

function replicated({ spec, measurements }: Completed, model: RunModel, block: number) {
  const { bytes, messages } = model.replication?.(block) ?? {
    bytes: 145 * spec.connections,
    messages: spec.connections,
  };
  return {
    ...measurements.replication,
    bytes,
    messages,
    bytesPerConnection: bytes / spec.connections,
    bytesPerRequest: bytes / 900,
  };
}
