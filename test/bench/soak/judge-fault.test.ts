import { describe, expect, it } from 'vitest';
import { type FaultObservations, judgeFault } from '../../../src/bench/soak/judge-fault.js';
import { SoakAccount } from '../../../src/bench/soak/soak-account.js';
import { double } from '../../../src/cluster/faults/double.js';
import { kill } from '../../../src/cluster/faults/kill.js';
import type { FlowRow } from '../../../src/cluster/messages.js';
import type { FaultEvidence } from '../../../src/contracts/fault.js';
import type { LoadRotation, TransportRow } from '../../../src/contracts/load.js';
import { soakFaultSchema } from '../../../src/contracts/soak.js';

const FAULT_MS = 1000;

const KILLED: FaultEvidence = {
  primary: 0,
  backup: 1,
  replicas: 3,
  events: [{ atMs: FAULT_MS, action: 'SIGKILL', replica: 0, stateBefore: 'running' }],
  failures: [{ replica: 0, cause: 'end of stream', atMs: 1003 }],
  exits: [],
  returns: [],
  drained: [],
  fates: [
    { endedBy: 'SIGKILL', state: 'ended', answers: false },
    { endedBy: null, state: 'running', answers: true },
    { endedBy: null, state: 'running', answers: true },
  ],
};

const BOTH_KILLED: FaultEvidence = {
  ...KILLED,
  events: [...KILLED.events, { atMs: FAULT_MS, action: 'SIGKILL', replica: 1, stateBefore: 'running' }],
  failures: [...KILLED.failures, { replica: 1, cause: 'end of stream', atMs: 1004 }],
  fates: KILLED.fates.map((fate, index) => (index === 1 ? (KILLED.fates[0] ?? fate) : fate)),
};

function load(changes: Partial<LoadRotation> = {}): LoadRotation {
  return {
    requests: {
      connection: Uint32Array.of(0, 1, 1),
      id: ['0-0', '1-0', '1-1'],
      method: ['GET', 'POST', 'GET'],
      intendedMs: new Float64Array(3),
      sentMs: new Float64Array(3),
      begunMs: new Float64Array(3),
      repliedMs: new Float64Array(3),
      outcome: ['ok', 'unknown', 'failed'],
      closing: [false, false, false],
    },
    transports: [],
    corruptedBytes: 0,
    generator: { eventLoopDelayMaxMs: 0, lateStarts: 0 },
    longestSilenceMs: 12,
    ...changes,
  };
}

function ended(connection: number, localPort: number, secure = true): TransportRow {
  return {
    connection,
    localPort,
    startedMs: 1,
    afterLoss: false,
    connectedMs: 2,
    secureMs: secure ? 3 : null,
    resumed: secure ? false : null,
    answered: secure,
    endedMs: 1100,
    cause: 'ECONNRESET',
  };
}

function flow(clientPort: number, cause: string): FlowRow {
  return {
    flowId: clientPort,
    clientPort,
    primary: 0,
    openedMs: 1,
    redirectedMs: null,
    resumedMs: null,
    endedMs: 1100,
    cause,
  };
}

function seen(changes: Partial<FaultObservations> = {}, flows: readonly FlowRow[] = []): FaultObservations {
  return {
    index: 4,
    fault: kill,
    expects: { handshake: 'none', transport: 'kept' },
    connections: 10,
    loadStartMs: 100,
    faultMs: FAULT_MS,
    wholeMs: 1200,
    evidence: KILLED,
    load: load(),
    records: {
      director: {
        failures: KILLED.failures,
        handovers: [],
        drained: [],
        flows,
        committedStateBytes: 0,
        cpu: [],
      },
      replicas: [],
      executions: new Map(),
    } as FaultObservations['records'],
    ...changes,
  };
}

describe('the judgement of a fault', () => {
  it('is good when nothing was lost', () => {
    const result = judgeFault(seen());
    expect(soakFaultSchema.parse(result)).toEqual(result);
    expect(result).toMatchObject({
      index: 4,
      fault: 'kill',
      atMs: 900,
      victims: [0],
      survived: true,
      detectionMs: 3,
      wholeMs: 200,
      connections: { kept: 10, lost: 0, notRecoverable: 0 },
      requests: { ok: 1, failed: 1, unknown: 1 },
      longestInterruptionMs: 12,
      violations: [],
    });
  });

  it('names each lost connection once, with the cause that the director knows', () => {
    const transports = [ended(3, 5000), ended(3, 5001), ended(4, 5002), ended(5, 5003, false)];
    const result = judgeFault(seen({ load: load({ transports }) }, [flow(5000, 'state-missing')]));
    expect(result.connections).toEqual({
      kept: 8,
      lost: 2,
      notRecoverable: 0,
      causes: { 'state-missing': 1, ECONNRESET: 1 },
    });
    expect(result.survived).toBe(false);
    expect(result.violations).toEqual(['2 connections were not kept: 1 x state-missing, 1 x ECONNRESET']);
  });

  it.each([
    ['the fault leaves nobody who could keep them', { fault: double, evidence: BOTH_KILLED }],
    ['the strategy reconnects', { expects: { handshake: 'full', transport: 'reconnected' } }],
  ] as const)('counts lost connections apart where %s', (_what, changes) => {
    const transports = [ended(3, 5000)];
    const result = judgeFault(seen({ ...changes, load: load({ transports }) }));
    expect(result.connections).toMatchObject({ kept: 9, lost: 0, notRecoverable: 1 });
    expect(result).toMatchObject({ survived: true, violations: [] });
  });

  it('never lets a wrong byte pass, whatever the fault', () => {
    const changes = { fault: double, evidence: BOTH_KILLED, load: load({ corruptedBytes: 2 }) };
    expect(judgeFault(seen(changes)).violations).toEqual(['2 wrong bytes reached a client']);
  });

  it('tells a fault that did not happen, and does not hold losses around it against anybody', () => {
    const fates = KILLED.fates.map((fate) => ({ ...fate, endedBy: null }));
    const transports = [ended(3, 5000)];
    const result = judgeFault(seen({ evidence: { ...KILLED, fates }, load: load({ transports }) }));
    expect(result.disturbances).toEqual(['the primary was not killed: it still runs']);
    expect(result).toMatchObject({ survived: false, violations: [] });
  });

  it('tells a replica that fails by itself from one that was only too slow', () => {
    const failing = (cause: string) => ({
      ...KILLED,
      failures: [...KILLED.failures, { replica: 2, cause, atMs: 1050 }],
    });
    expect(judgeFault(seen({ evidence: failing('end of stream') })).violations).toEqual([
      'replica 2 failed by itself: end of stream',
    ]);
    expect(judgeFault(seen({ evidence: failing('missed-heartbeats') }))).toMatchObject({
      disturbances: ['replica 2 was declared failed although nothing was done to it'],
      violations: [],
    });
  });
});

describe('the account of a soak', () => {
  it('adds faults up, and remembers which connections were never lost', () => {
    const account = new SoakAccount(10, ['kill', 'double']);
    const transports = [ended(3, 5000)];
    const lossy = seen({ fault: double, evidence: BOTH_KILLED, load: load({ transports }) });
    account.add(judgeFault(seen()), []);
    account.add(judgeFault(lossy), [3]);
    account.add(judgeFault(lossy), [3]);
    expect(account.totals()).toMatchObject({
      connectionsOpened: 10,
      connectionsNeverLost: 9,
      faults: [
        { fault: 'kill', injected: 1, survived: 1, disturbed: 0 },
        { fault: 'double', injected: 2, survived: 2, disturbed: 0 },
      ],
      connections: { kept: 28, lost: 0, notRecoverable: 2, causes: { ECONNRESET: 2 } },
      requests: { ok: 3, failed: 3, unknown: 3 },
      longestInterruptionMs: 12,
      violations: [],
    });
  });

  it('counts a connection that only looked alive at the end as lost', () => {
    const account = new SoakAccount(10, ['kill']);
    const { requests, ...rest } = load();
    account.addRest({ ...rest, requests: { ...requests, closing: [true, false, true] } });
    expect(account.totals().connections.lost).toBe(1);
    expect(account.totals().violations).toEqual(['after the last fault: 1 connections gave no right reply']);
  });
});
