/** Fabricated observations of a trial: a fault at 1,000 ms, and connections that tell one story each. */
import { expect } from 'vitest';
import { evaluateTrial, type Observations } from '../../src/bench/evaluate.js';
import { kill } from '../../src/cluster/faults/kill.js';
import type { DirectorReport, FlowRow, ReplicaReport } from '../../src/cluster/messages.js';
import type { FaultEvidence } from '../../src/contracts/fault.js';
import type { LoadReport, RequestOutcome, TransportRow } from '../../src/contracts/load.js';
import {
  type Measurements,
  type TrialResult,
  type TrialSpec,
  trialResultSchema,
} from '../../src/contracts/results.js';
import type { Expectation } from '../../src/contracts/strategy.js';
import type { Method } from '../../src/contracts/workload.js';
import { fixtureTrial } from '../fixtures/results.js';

export const LOAD_START_MS = 500;
export const FAULT_MS = 1000;
export const DETECTED_MS = 1002;
/** Client ports are this and the index of the connection; reconnected ones are 100 above. */
const FIRST_PORT = 5000;
const FIRST_FLOW = 1;

export interface RequestRow {
  readonly id: string;
  readonly connection: number;
  readonly method?: Method;
  readonly sentMs: number;
  /** Default: as sent. */
  readonly intendedMs?: number;
  /** NaN: no reply. */
  readonly repliedMs: number;
  /** Default: NaN, no head of a reply was noted. */
  readonly begunMs?: number;
  readonly outcome?: RequestOutcome;
  readonly closing?: boolean;
}

/** What one connection contributes to the reports of all processes. */
export interface Story {
  readonly transports: readonly TransportRow[];
  readonly requests: readonly RequestRow[];
  readonly flows: readonly FlowRow[];
  readonly takeovers: ReplicaReport['takeovers'];
  readonly handshakes: ReplicaReport['handshakes'];
}

export const KEPT: Expectation = { handshake: 'none', transport: 'kept' };
export const RESUMED: Expectation = { handshake: 'resumed', transport: 'reconnected' };
export const FULL: Expectation = { handshake: 'full', transport: 'reconnected' };

export function transport(connection: number, changes: Partial<TransportRow> = {}): TransportRow {
  return {
    connection,
    localPort: FIRST_PORT + connection,
    startedMs: 100,
    afterLoss: false,
    connectedMs: 101,
    secureMs: 105,
    resumed: false,
    answered: true,
    endedMs: null,
    cause: null,
    ...changes,
  };
}

export function flow(connection: number, changes: Partial<FlowRow> = {}): FlowRow {
  return {
    flowId: FIRST_FLOW + connection,
    clientPort: FIRST_PORT + connection,
    primary: 0,
    openedMs: 101,
    redirectedMs: null,
    resumedMs: null,
    endedMs: null,
    cause: null,
    ...changes,
  };
}

/** A request answered at 900 ms and one in flight at the fault, answered by the backup at 1,010 ms. */
export function keptStory(connection: number): Story {
  const flowId = FIRST_FLOW + connection;
  return {
    transports: [transport(connection)],
    requests: [
      { id: `${connection}-0`, connection, sentMs: 890, repliedMs: 900 },
      { id: `${connection}-1`, connection, sentMs: 995, repliedMs: 1010 },
    ],
    flows: [flow(connection, { redirectedMs: 1003, resumedMs: 1009 })],
    takeovers: [{ flowId, takenMs: 1004, stateMs: 1005, cryptoMs: 1007 }],
    handshakes: [],
  };
}

/** The same, but reset at 1,002 ms and served over a new connection at 1,050 ms. */
export function reconnectedStory(connection: number, resumed: boolean): Story {
  const again = {
    localPort: FIRST_PORT + 100 + connection,
    startedMs: 1003,
    afterLoss: true,
    connectedMs: 1005,
  };
  return {
    transports: [
      transport(connection, { endedMs: 1002, cause: 'ECONNRESET' }),
      transport(connection, { ...again, secureMs: 1030, resumed }),
    ],
    requests: [
      { id: `${connection}-0`, connection, sentMs: 890, repliedMs: 900 },
      { id: `${connection}-1`, connection, sentMs: 995, repliedMs: Number.NaN, outcome: 'failed' },
      { id: `${connection}-2`, connection, sentMs: 1031, repliedMs: 1050 },
    ],
    flows: [flow(connection, { endedMs: 1002, cause: 'replica-failed' })],
    takeovers: [],
    handshakes: [{ flowId: 100 + connection, resumed, atMs: 1029 }],
  };
}

/** Reset, and never served again. */
export function lostStory(connection: number, cause: string): Story {
  return {
    transports: [transport(connection, { endedMs: 1002, cause })],
    requests: [{ id: `${connection}-0`, connection, sentMs: 890, repliedMs: 900 }],
    flows: [flow(connection, { endedMs: 1002, cause })],
    takeovers: [],
    handshakes: [],
  };
}

/** The primary of two replicas was killed, and nothing else happened. */
export function killEvidence(changes: Partial<FaultEvidence> = {}): FaultEvidence {
  return {
    primary: 0,
    backup: 1,
    replicas: 2,
    events: [{ atMs: FAULT_MS, action: 'SIGKILL', replica: 0, stateBefore: 'running' }],
    failures: [{ replica: 0, cause: 'end of stream', atMs: DETECTED_MS }],
    exits: [],
    returns: [],
    drained: [],
    fates: [
      { endedBy: 'SIGKILL', state: 'ended', answers: false },
      { endedBy: null, state: 'running', answers: true },
    ],
    ...changes,
  };
}

/** What all processes saw of a trial in which the connections had these stories. */
export function observe(
  stories: readonly Story[],
  expects: Expectation,
  changes: Partial<Observations> = {},
): Observations {
  return {
    spec: spec({ connections: stories.length }),
    expects,
    startedAt: '2026-03-02T09:00:00.000Z',
    loadStartMs: LOAD_START_MS,
    faultMs: FAULT_MS,
    fault: kill,
    evidence: killEvidence(),
    load: loadReport(stories),
    director: directorReport(stories),
    survivors: [replicaReport(stories)],
    beforeFault: [],
    executions: {
      byRequest: new Map(stories.flatMap(({ requests }) => requests.map(({ id }) => [id, 1] as const))),
      byFenced: 0,
    },
    machine: { stealShare: 0, loadAverage: 0.5 },
    memory: null,
    audit: null,
    ...changes,
  };
}

export function spec(changes: Partial<TrialSpec> = {}): TrialSpec {
  return { ...fixtureTrial().spec, beforeMs: 500, afterMs: 500, ...changes };
}

function loadReport(stories: readonly Story[]): LoadReport {
  const rows = stories.flatMap(({ requests }) => requests);
  return {
    requests: {
      connection: Uint32Array.from(rows, ({ connection }) => connection),
      id: rows.map(({ id }) => id),
      method: rows.map(({ method = 'GET' }) => method),
      intendedMs: Float64Array.from(rows, ({ sentMs, intendedMs = sentMs }) => intendedMs),
      sentMs: Float64Array.from(rows, ({ sentMs }) => sentMs),
      begunMs: Float64Array.from(rows, ({ begunMs = Number.NaN }) => begunMs),
      repliedMs: Float64Array.from(rows, ({ repliedMs }) => repliedMs),
      outcome: rows.map(({ outcome = 'ok' }) => outcome),
      closing: rows.map(({ closing = false }) => closing),
    },
    transports: stories.flatMap(({ transports }) => transports),
    corruptedBytes: 0,
    generator: { eventLoopDelayMaxMs: 10, lateStarts: 0 },
  };
}

function directorReport(stories: readonly Story[]): DirectorReport {
  return {
    failures: [{ replica: 0, cause: 'end', atMs: DETECTED_MS }],
    handovers: [],
    drained: [],
    flows: stories.flatMap(({ flows }) => flows),
    committedStateBytes: 0,
    // 10 % of a processor all the time.
    cpu: [
      { atMs: 0, cpuMs: 0 },
      { atMs: 2000, cpuMs: 200 },
    ],
  };
}

/** It used 40 % of a processor all the time. */
function replicaReport(stories: readonly Story[]): ReplicaReport {
  return {
    handshakes: stories.flatMap(({ handshakes }) => handshakes),
    takeovers: stories.flatMap(({ takeovers }) => takeovers),
    refusals: [],
    cpu: [
      { atMs: 0, cpuMs: 0 },
      { atMs: 2000, cpuMs: 800 },
    ],
    replication: { bytes: 0, messages: 0, refused: 0, fenced: 0 },
  };
}

/** The result of a trial, which fits its schema. */
export function evaluate(observations: Observations): TrialResult {
  const result = evaluateTrial(observations);
  expect(trialResultSchema.parse(result)).toEqual(result);
  return result;
}

export function measure(observations: Observations): Measurements {
  const { measurements } = evaluate(observations);
  if (measurements === null) throw new Error('a trial that ended has measurements');
  return measurements;
}

export function reasonsOf(result: TrialResult): string {
  return result.status === 'completed' ? '' : result.reasons.join('; ');
}
