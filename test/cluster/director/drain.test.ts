/** A replica that is to end, and offers its flows while it lives. */
import { afterEach, describe, expect, it } from 'vitest';
import type { DirectorConfig } from '../../../src/cluster/director/director-config.js';
import {
  ControlType,
  encodeHandoff,
  HANDED_OVER,
  parseEnd,
  parsePark,
  parseProtect,
  parseTake,
} from '../../../src/net/control-records.js';
import { until } from '../replica/harness.js';
import { DirectorBench, type FakeReplica, type Received, record } from './fake-replica.js';

const NO_BODY = Buffer.alloc(0);

const running: DirectorBench[] = [];
afterEach(() => {
  for (const bench of running.splice(0)) bench.stop();
});

async function start(count = 2, changes: Partial<DirectorConfig> = {}): Promise<DirectorBench> {
  const bench = await DirectorBench.start(count, changes);
  running.push(bench);
  return bench;
}

function offer(replica: FakeReplica, flowId: number, backup: number): void {
  replica.trunk.sendControl(flowId, ControlType.handoff, encodeHandoff(backup));
}

function ofType(replica: FakeReplica, flowId: number, type: number): Received[] {
  return replica.of(flowId).filter((each) => each.type === type);
}

describe('a replica that is to end', () => {
  it('gets no new flows, is nobody’s backup any more, and is told when it has none left', async () => {
    const bench = await start(3);
    const { client, flowId } = await bench.idleFlow();
    bench.replica(1).trunk.sendControl(0, ControlType.handoff, NO_BODY);
    // Replica 1 keeps the state of this flow: it goes elsewhere first.
    await until(() => ofType(bench.replica(0), flowId, ControlType.protect).length === 1);
    const [told] = ofType(bench.replica(0), flowId, ControlType.protect);
    expect(parseProtect(told?.bytes ?? NO_BODY)).toBe(2);
    await until(() => ofType(bench.replica(1), 0, ControlType.handoff).length === 1);
    await bench.replica(1).die();
    await until(() => bench.drained.length === 1);
    expect(bench.drained).toEqual([1]);
    expect(bench.failures).toEqual([]);
    client.socket.destroy();
  });

  it('keeps its place until its last flow has moved', async () => {
    const bench = await start();
    const first = await bench.idleFlow();
    const second = await bench.idleFlow();
    bench.replica(0).trunk.sendControl(0, ControlType.handoff, NO_BODY);
    const fresh = await bench.client();
    expect(ofType(bench.replica(0), fresh.flowId, ControlType.open)).toEqual([]);
    offer(bench.replica(0), first.flowId, 1);
    await until(() => bench.handedOver.length === 1);
    expect(ofType(bench.replica(0), 0, ControlType.handoff)).toEqual([]);
    offer(bench.replica(0), second.flowId, 1);
    await until(() => ofType(bench.replica(0), 0, ControlType.handoff).length === 1);
    expect(bench.director.status().map(({ serves }) => serves)).toEqual([0, 1]);
  });

  it('hands an idle flow over: parked, and taken with nothing to be drained or made again', async () => {
    const bench = await start();
    const { client, flowId } = await bench.idleFlow();
    bench.replica(0).trunk.sendControl(0, ControlType.handoff, NO_BODY);
    offer(bench.replica(0), flowId, 1);
    await until(() => ofType(bench.replica(1), 0, ControlType.park).length === 1);
    const [park] = ofType(bench.replica(1), 0, ControlType.park);
    expect(park?.flags).toBe(HANDED_OVER);
    expect(parsePark(park?.bytes ?? NO_BODY)).toMatchObject({ from: 0, flowIds: [flowId] });
    const [end] = ofType(bench.replica(0), flowId, ControlType.end);
    expect(parseEnd(end?.bytes ?? NO_BODY)).toBe('handed-over');
    client.send(record(11, 3));
    const [take, replayed] = await bench.replica(1).expect(flowId, 2);
    expect(take).toMatchObject({ type: ControlType.take, flags: HANDED_OVER });
    const { commit, delivered, from } = parseTake(take?.bytes ?? NO_BODY);
    expect({ delivered, from }).toEqual({ delivered: commit.recordsWritten, from: 0 });
    expect(replayed?.bytes).toEqual(record(11, 3));
    await until(() => bench.asked.length === 1);
  });

  it('does not get through any more: what it still sends of a flow that has moved is dropped', async () => {
    const bench = await start();
    const { client, flowId } = await bench.idleFlow();
    client.send(record(11, 3));
    await bench.replica(0).expect(flowId, 3);
    offer(bench.replica(0), flowId, 1);
    // The record that the old owner held comes to the new one, in its place.
    const [take, held] = await bench.replica(1).expect(flowId, 2);
    expect(take?.type).toBe(ControlType.take);
    expect(held?.bytes).toEqual(record(11, 3));
    bench.replica(0).trunk.sendRecord(flowId, record(30, 9));
    client.send(record(12, 4));
    await bench.replica(1).expect(flowId, 3);
    bench.replica(1).trunk.sendRecord(flowId, record(40, 5));
    await until(() => client.records.length === 2);
    expect(client.records).toEqual([record(20, 2), record(40, 5)]);
  });

  it('keeps a flow whose client has sent more than can be kept: it is told so', async () => {
    const bench = await start();
    const { client, flowId } = await bench.idleFlow();
    for (let index = 0; index < 90; index++) client.send(record(16_000));
    let credited = 0;
    await until(() => {
      const bytes = bench.replica(0).of(flowId).length * 16_005;
      if (bytes - credited > 100_000) {
        bench.replica(0).trunk.sendCredit(flowId, bytes - credited);
        credited = bytes;
      }
      return bench.replica(0).of(flowId).length >= 92;
    });
    offer(bench.replica(0), flowId, 1);
    await until(() => ofType(bench.replica(0), flowId, ControlType.handoff).length === 1);
    expect(bench.handedOver).toEqual([]);
  });

  it('offers a flow in vain whose backup is another one by now', async () => {
    const bench = await start(3);
    const { client, flowId } = await bench.idleFlow();
    offer(bench.replica(0), flowId, 2);
    // In order with the offer: it still is the owner's.
    bench.replica(0).trunk.sendRecord(flowId, record(30, 9));
    await until(() => client.records.length === 2);
    expect(bench.handedOver).toEqual([]);
    offer(bench.replica(0), flowId, 1);
    await until(() => bench.handedOver.length === 1);
    expect(bench.replica(2).of(flowId)).toEqual([]);
  });

  it('loses a flow at once of which the client has seen nothing: it begins again elsewhere', async () => {
    const bench = await start();
    const { client, flowId } = await bench.client();
    client.send(record(10, 1));
    await bench.replica(0).expect(flowId, 2);
    bench.replica(0).trunk.sendControl(0, ControlType.handoff, NO_BODY);
    const [open, hello] = await bench.replica(1).expect(flowId, 2);
    expect(open?.type).toBe(ControlType.open);
    expect(hello?.bytes).toEqual(record(10, 1));
  });

  it('is replaced as after a crash when it takes too long', async () => {
    const bench = await start(2, { drainLimitMs: 20 });
    const { client, flowId } = await bench.idleFlow();
    client.send(record(11, 3));
    await bench.replica(0).expect(flowId, 3);
    bench.replica(0).trunk.sendControl(0, ControlType.handoff, NO_BODY);
    await until(() => bench.failures.length === 1);
    expect(bench.failures).toEqual([{ replica: 0, cause: 'drain-timeout' }]);
    const [take] = await bench.replica(1).expect(flowId, 1);
    expect(take).toMatchObject({ type: ControlType.take, flags: 0 });
  });
});

describe('a partition', () => {
  it('that heals in time is nothing: what was said meanwhile arrives', async () => {
    const bench = await start();
    const { client, flowId } = await bench.idleFlow();
    bench.director.partitions.cut(0);
    client.send(record(11, 3));
    bench.replica(0).trunk.sendRecord(flowId, record(30, 4));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(bench.replica(0).of(flowId)).toHaveLength(2);
    expect(client.records).toHaveLength(1);
    bench.director.partitions.heal(0);
    await bench.replica(0).expect(flowId, 3);
    await until(() => client.records.length === 2);
    expect(bench.failures).toEqual([]);
  });

  it('that does not lets nothing of the replaced replica through, and tells it only when it heals', async () => {
    const bench = await start(2, { detector: { intervalMs: 10, missedLimit: 5 } });
    const { client, flowId } = await bench.idleFlow();
    const beats = setInterval(() => bench.replica(1).trunk.sendHeartbeat(), 5);
    client.send(record(11, 3));
    await bench.replica(0).expect(flowId, 3);
    bench.director.partitions.cut(0);
    await until(() => bench.failures.length === 1);
    expect(bench.failures).toEqual([{ replica: 0, cause: 'missed-heartbeats' }]);
    bench.replica(0).trunk.sendRecord(flowId, record(30, 9));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(bench.replica(0).closed).toBe(false);
    bench.director.partitions.heal(0);
    await until(() => bench.replica(0).closed);
    bench.replica(1).trunk.sendRecord(flowId, record(40, 5));
    await until(() => client.records.length === 2);
    expect(client.records[1]).toEqual(record(40, 5));
    clearInterval(beats);
  });
});
