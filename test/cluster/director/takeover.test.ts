import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DirectorConfig } from '../../../src/cluster/director/director-config.js';
import { DirectorFlow } from '../../../src/cluster/director/flow.js';
import { ParkNotice } from '../../../src/cluster/director/park-notice.js';
import {
  ControlType,
  type Park,
  parseEnd,
  parseFence,
  parseOpen,
  parsePark,
  parseTake,
  type Take,
} from '../../../src/net/control-records.js';
import { Trunk } from '../../../src/net/trunk.js';
import { until } from '../replica/harness.js';
import { DirectorBench, type FakeClient, type FakeReplica, record } from './fake-replica.js';

const NOTHING = Buffer.alloc(0);

const running: DirectorBench[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const bench of running.splice(0)) bench.stop();
});

async function start(count = 2, changes: Partial<DirectorConfig> = {}): Promise<DirectorBench> {
  const bench = await DirectorBench.start(count, changes);
  running.push(bench);
  return bench;
}

interface OpenFlow {
  readonly client: FakeClient;
  readonly flowId: number;
}

/** A flow with one record each way, all of it committed. */
async function idleFlow(bench: DirectorBench): Promise<OpenFlow> {
  const flow = await bench.client();
  flow.client.send(record(10, 1));
  await bench.replica(0).expect(flow.flowId, 2);
  bench.replica(0).trunk.sendRecord(flow.flowId, record(20, 2));
  bench.replica(0).trunk.sendCommit(flow.flowId, 1, true);
  await until(() => flow.client.records.length === 1);
  return flow;
}

/** The same, with another record of the client that is not answered. */
async function busyFlow(bench: DirectorBench): Promise<OpenFlow> {
  const flow = await idleFlow(bench);
  flow.client.send(record(11, 3));
  await bench.replica(0).expect(flow.flowId, 3);
  return flow;
}

async function takeOf(replica: FakeReplica, flowId: number): Promise<Take> {
  const [first] = await replica.expect(flowId, 1);
  expect(first?.type).toBe(ControlType.take);
  return parseTake(first?.bytes ?? Buffer.alloc(0));
}

async function kill(bench: DirectorBench, index: number): Promise<void> {
  const before = bench.failures.length;
  await bench.replica(index).die();
  await until(() => bench.failures.length > before);
}

/** What a replica was told of flows that are parked there. */
function parksAt(replica: FakeReplica): Park[] {
  return replica
    .of(0)
    .filter(({ type }) => type === ControlType.park)
    .map(({ bytes }) => parsePark(bytes));
}

describe('a failed replica', () => {
  it('is named to the others, before any flow of it: they are to believe it no more', async () => {
    const bench = await start(3);
    const { flowId } = await busyFlow(bench);
    await kill(bench, 0);
    await takeOf(bench.replica(1), flowId);
    for (const index of [1, 2]) {
      const [fence] = await bench.replica(index).expect(0, 1);
      expect(fence?.type).toBe(ControlType.fence);
      expect(parseFence(fence?.bytes ?? Buffer.alloc(0))).toEqual({ replica: 0, incarnation: 0 });
    }
    const order = bench.replica(1).received.map(({ type }) => type);
    expect(order.indexOf(ControlType.fence)).toBeLessThan(order.indexOf(ControlType.take));
  });
});

describe('a busy flow', () => {
  it('is taken over with the evidence, then its journal, then what comes', async () => {
    const bench = await start();
    const { client, flowId } = await busyFlow(bench);
    bench.replica(0).trunk.sendRecord(flowId, record(30, 4));
    await until(() => client.records.length === 2);
    await kill(bench, 0);
    const take = await takeOf(bench.replica(1), flowId);
    client.send(record(12, 5));
    const received = await bench.replica(1).expect(flowId, 3);
    expect(take).toMatchObject({ from: 0, backup: undefined, delivered: 2, received: 2 });
    expect(take.commit).toEqual({ recordsRead: 1, recordsWritten: 1 });
    expect(take.deliveredEntries).toEqual(Buffer.concat([Buffer.of(0, 35), Buffer.alloc(16, 4)]));
    expect(received.slice(1).map(({ bytes }) => bytes)).toEqual([record(11, 3), record(12, 5)]);
    expect(bench.redirected).toEqual([flowId]);
    bench.replica(1).trunk.sendRecord(flowId, record(40, 6));
    await until(() => client.records.length === 3);
    expect(bench.resumed).toEqual([flowId]);
  });

  it('loses nothing that its primary got out whole, and gets no half record', async () => {
    const bench = await start();
    const { client, flowId } = await busyFlow(bench);
    bench.replica(0).trunk.sendRecord(flowId, record(30, 4));
    const half = Buffer.concat([Buffer.of(0, 0, 0, flowId), record(50, 5).subarray(0, 20)]);
    await bench.replica(0).sendRaw(half);
    await kill(bench, 0);
    expect(await takeOf(bench.replica(1), flowId)).toMatchObject({ delivered: 2 });
    bench.replica(1).trunk.sendRecord(flowId, record(60, 6));
    await until(() => client.records.length === 3);
    expect(client.records).toEqual([record(20, 2), record(30, 4), record(60, 6)]);
  });

  it('goes on to the next backup when this one fails too', async () => {
    const bench = await start(3);
    const { client, flowId } = await busyFlow(bench);
    await kill(bench, 0);
    expect(await takeOf(bench.replica(1), flowId)).toMatchObject({ from: 0, backup: 2 });
    await kill(bench, 1);
    expect(await takeOf(bench.replica(2), flowId)).toMatchObject({ from: 1, backup: undefined });
    await kill(bench, 2);
    await until(() => client.ended);
    expect(bench.ended).toEqual([{ flowId, cause: 'no-backup' }]);
  });

  it('is given the credit that the client leaves, and the rest when it has read', async () => {
    const bench = await start();
    const { client, flowId } = await busyFlow(bench);
    client.socket.pause();
    // More than the kernel takes for a client that does not read.
    for (let i = 0; i < 1000; i++) bench.replica(0).trunk.sendRecord(flowId, record(16_000));
    await kill(bench, 0);
    expect(await takeOf(bench.replica(1), flowId)).toMatchObject({ creditBytes: 0, delivered: 1001 });
    client.socket.resume();
    await until(() => bench.replica(1).creditOf(flowId) === 256 * 1024);
  });
});

describe('an idle flow', () => {
  it('waits for its client when the strategy is lazy; busy ones do not', async () => {
    const bench = await start();
    const idle = await idleFlow(bench);
    const busy = await busyFlow(bench);
    await kill(bench, 0);
    await takeOf(bench.replica(1), busy.flowId);
    expect(bench.redirected).toEqual([busy.flowId]);
    await until(() => parksAt(bench.replica(1)).length > 0);
    expect(parksAt(bench.replica(1))).toEqual([
      { from: 0, fromIncarnation: 0, backup: undefined, flowIds: [idle.flowId] },
    ]);
    expect(bench.replica(1).of(idle.flowId)).toEqual([]);
    idle.client.send(record(13, 7));
    const [take, first] = await bench.replica(1).expect(idle.flowId, 2);
    expect(parseTake(take?.bytes ?? NOTHING)).toMatchObject({ delivered: 1, received: 1 });
    expect(first?.bytes).toEqual(record(13, 7));
  });

  it('is not looked at before the takeover of the busy ones has left', async () => {
    const bench = await start();
    const idle = await idleFlow(bench);
    const busy = await busyFlow(bench);
    const steps: string[] = [];
    vi.spyOn(DirectorFlow.prototype, 'take').mockImplementation(function (this: DirectorFlow) {
      steps.push(`take ${this.id}`);
    });
    vi.spyOn(Trunk.prototype, 'flush').mockImplementation(() => void steps.push('flush'));
    vi.spyOn(ParkNotice.prototype, 'park').mockImplementation((flow) => void steps.push(`park ${flow.id}`));
    await kill(bench, 0);
    await until(() => steps.length === 3);
    expect(steps).toEqual([`take ${busy.flowId}`, 'flush', `park ${idle.flowId}`]);
  });

  it('is taken over behind the busy ones when the strategy is eager', async () => {
    const bench = await start(2, { idleFlows: 'eager' });
    const idle = await idleFlow(bench);
    const busy = await busyFlow(bench);
    await kill(bench, 0);
    await takeOf(bench.replica(1), idle.flowId);
    expect(bench.redirected).toEqual([busy.flowId, idle.flowId]);
  });

  it('is no longer idle while the server may speak first', async () => {
    const bench = await start();
    const { flowId } = await idleFlow(bench);
    bench.replica(0).trunk.sendCommit(flowId, 1, false);
    await kill(bench, 0);
    await takeOf(bench.replica(1), flowId);
  });

  it('that its client closes is forgotten by its backup', async () => {
    const bench = await start();
    const { client, flowId } = await idleFlow(bench);
    await kill(bench, 0);
    client.socket.end();
    const received = await bench.replica(1).expect(flowId, 1);
    expect(received.map(({ type }) => type)).toEqual([ControlType.end]);
    await until(() => client.ended);
    expect(bench.ended).toEqual([{ flowId, cause: 'client-closed' }]);
    expect(bench.redirected).toEqual([]);
  });

  it('whose client sends what is no record is taken over for the alert', async () => {
    const bench = await start();
    const { client, flowId } = await idleFlow(bench);
    await kill(bench, 0);
    client.send(Buffer.of(23, 3, 3, 0xff, 0xff));
    const received = await bench.replica(1).expect(flowId, 2);
    expect(received.map(({ type }) => type)).toEqual([ControlType.take, ControlType.end]);
    expect(parseEnd(received[1]?.bytes ?? NOTHING)).toBe('record-overflow');
  });

  it('whose backup does not have its state is reset at once', async () => {
    const bench = await start();
    const { client, flowId } = await idleFlow(bench);
    await kill(bench, 0);
    bench.replica(1).trunk.sendEnd(flowId, 'state-missing');
    await until(() => client.ended);
    expect(bench.ended).toEqual([{ flowId, cause: 'state-missing' }]);
  });
});

describe('a flow of which the client has seen nothing', () => {
  it('starts again at the backup with what the client sent', async () => {
    const bench = await start(3);
    const { client, flowId } = await bench.client();
    client.send(record(100, 1), record(50, 2));
    await bench.replica(0).expect(flowId, 3);
    await kill(bench, 0);
    const received = await bench.replica(1).expect(flowId, 3);
    expect(received[0]?.type).toBe(ControlType.open);
    expect(parseOpen(received[0]?.bytes ?? Buffer.alloc(0))).toMatchObject({ backup: 2 });
    expect(received.slice(1).map(({ bytes }) => bytes)).toEqual([record(100, 1), record(50, 2)]);
  });

  it.each([
    ['has finished sending', 'client-closed', (client: FakeClient) => client.socket.end()],
    [
      'has sent what is no record',
      'unexpected-message',
      (client: FakeClient) => client.send(Buffer.of(99, 3, 3, 0, 0)),
    ],
  ] as const)('starts again with a client that %s', async (_what, reason, finish) => {
    const bench = await start();
    const { client, flowId } = await bench.client();
    client.send(record(100, 1));
    finish(client);
    await bench.replica(0).expect(flowId, 3);
    await kill(bench, 0);
    const received = await bench.replica(1).expect(flowId, 3);
    expect(received.map(({ type }) => type)).toEqual([ControlType.open, 23, ControlType.end]);
    expect(parseEnd(received[2]?.bytes ?? Buffer.alloc(0))).toBe(reason);
  });
});

describe('a flow that cannot be taken over', () => {
  it('is reset, and forgotten by its backup, when its journal went over its bound', async () => {
    const bench = await start();
    const { client, flowId } = await idleFlow(bench);
    for (let i = 0; i < 80; i++) {
      client.send(record(16_000));
      bench.replica(0).trunk.sendCredit(flowId, 16_005);
    }
    await bench.replica(0).expect(flowId, 82);
    await kill(bench, 0);
    await until(() => client.ended);
    expect(bench.ended).toEqual([{ flowId, cause: 'not-recoverable' }]);
    const [end] = await bench.replica(1).expect(flowId, 1);
    expect(end?.type).toBe(ControlType.end);
  });

  it('is reset when transports are not kept', async () => {
    const bench = await start(2, { transport: 'reconnected' });
    const { client, flowId } = await idleFlow(bench);
    await kill(bench, 0);
    await until(() => client.ended);
    expect(bench.ended).toEqual([{ flowId, cause: 'replica-failed' }]);
    expect(bench.replica(1).of(flowId)).toEqual([]);
  });
});

describe('a primary that hangs', () => {
  it('is fenced when its heartbeats are missed, and heard no more', async () => {
    const bench = await start(2, { detector: { intervalMs: 20, missedLimit: 10 } });
    const heartbeats = setInterval(() => bench.replica(1).trunk.sendHeartbeat(), 20);
    const { client, flowId } = await busyFlow(bench);
    await until(() => bench.failures.length > 0);
    clearInterval(heartbeats);
    expect(bench.failures[0]).toEqual({ replica: 0, cause: 'missed-heartbeats' });
    await takeOf(bench.replica(1), flowId);
    bench.replica(0).trunk.sendRecord(flowId, record(66, 6));
    bench.replica(1).trunk.sendRecord(flowId, record(77, 7));
    await until(() => client.records.length === 2);
    expect(client.records).toEqual([record(20, 2), record(77, 7)]);
  });
});
