import { afterEach, describe, expect, it } from 'vitest';
import type { DirectorConfig } from '../../../src/cluster/director/director-config.js';
import { ControlType, parseOpen, parseProtect, parseTake } from '../../../src/net/control-records.js';
import { until } from '../replica/harness.js';
import { DirectorBench, type FakeReplica, record } from './fake-replica.js';

const running: DirectorBench[] = [];
afterEach(() => {
  for (const bench of running.splice(0)) bench.stop();
});

async function start(count = 2, changes: Partial<DirectorConfig> = {}): Promise<DirectorBench> {
  const bench = await DirectorBench.start(count, changes);
  running.push(bench);
  return bench;
}

async function kill(bench: DirectorBench, index: number): Promise<void> {
  const before = bench.failures.length;
  await bench.replica(index).die();
  await until(() => bench.failures.length > before);
}

/** The backups that a flow was protected with at a replica, in order. */
function protectedWith(replica: FakeReplica, flowId: number): (number | undefined)[] {
  return replica
    .of(flowId)
    .filter(({ type }) => type === ControlType.protect)
    .map(({ bytes }) => parseProtect(bytes));
}

describe('a replica that comes back', () => {
  it('becomes the backup of flows that have none, busy and parked', async () => {
    const bench = await start();
    const parked = await bench.idleFlow();
    const busy = await bench.idleFlow();
    busy.client.send(record(11, 3));
    await bench.replica(0).expect(busy.flowId, 3);
    await kill(bench, 0);
    await bench.replica(1).expect(busy.flowId, 1);
    await bench.rejoin(0, 1);
    for (const { flowId } of [parked, busy]) {
      await until(() => protectedWith(bench.replica(1), flowId).length === 1);
      expect(protectedWith(bench.replica(1), flowId)).toEqual([0]);
    }
    expect(bench.ended).toEqual([]);
  });

  it('leaves flows alone that have a backup', async () => {
    const bench = await start(3);
    const { client, flowId } = await bench.idleFlow();
    client.send(record(11, 3));
    await kill(bench, 0);
    await bench.replica(1).expect(flowId, 1);
    const lonely = await bench.client();
    await bench.rejoin(0, 1);
    // What was told of the flow was told on the same trunk, before this one.
    lonely.client.send(record(12));
    await bench.replica(1).expect(lonely.flowId, 2);
    expect(protectedWith(bench.replica(1), flowId)).toEqual([]);
  });

  it('is chosen for new flows, as their primary and as their backup', async () => {
    const bench = await start(2);
    await kill(bench, 1);
    const replica = await bench.rejoin(1, 1);
    const first = await bench.client();
    const [opened] = await bench.replica(0).expect(first.flowId, 1);
    expect(parseOpen(opened?.bytes ?? Buffer.alloc(0)).backup).toBe(1);
    bench.director.placement = 'spread';
    const flows = [await bench.client(), await bench.client()];
    await until(() => flows.some(({ flowId }) => replica.of(flowId).length > 0));
  });

  it('is not taken for the process that failed: each takeover names the one that it is from', async () => {
    const bench = await start();
    const { client, flowId } = await bench.idleFlow();
    await kill(bench, 0);
    const second = await bench.rejoin(0, 1);
    client.send(record(11, 3));
    const taken = async (replica: FakeReplica) => {
      await until(() => replica.of(flowId).some(({ type }) => type === ControlType.take));
      return parseTake(
        replica.of(flowId).find(({ type }) => type === ControlType.take)?.bytes ?? Buffer.alloc(0),
      );
    };
    expect(await taken(bench.replica(1))).toMatchObject({ from: 0, fromIncarnation: 0 });
    await kill(bench, 1);
    expect(await taken(second)).toMatchObject({ from: 1, fromIncarnation: 0, backup: undefined });
    await bench.rejoin(1, 1);
    await kill(bench, 0);
    expect(await taken(bench.replica(1))).toMatchObject({ from: 0, fromIncarnation: 1 });
  });

  it('is fenced from its old process, which still runs: that one is heard no more', async () => {
    const bench = await start();
    const { client, flowId } = await bench.idleFlow();
    const zombie = bench.replica(0);
    client.send(record(11, 3));
    await zombie.expect(flowId, 3);
    await bench.rejoin(0, 1);
    expect(bench.failures).toEqual([{ replica: 0, cause: 'replaced' }]);
    zombie.trunk.sendRecord(flowId, record(30, 9));
    bench.replica(1).trunk.sendRecord(flowId, record(40, 4));
    await until(() => client.records.length >= 2);
    expect(client.records).toEqual([record(20, 2), record(40, 4)]);
  });

  it('has nothing to do with the end of its old process', async () => {
    const bench = await start();
    const { flowId } = await bench.idleFlow();
    await bench.rejoin(1, 1);
    await kill(bench, 0);
    expect(bench.failures.map(({ replica }) => replica)).toEqual([1, 0]);
    expect(bench.director.status()).toMatchObject([{ alive: false }, { alive: true, incarnation: 1 }]);
    expect(bench.ended.map((end) => end.flowId)).not.toContain(flowId);
  });

  it('that cannot be reached changes nothing', async () => {
    const bench = await start();
    const { client, flowId } = await bench.idleFlow();
    await kill(bench, 0);
    await expect(bench.director.rejoin({ index: 0, incarnation: 1, trunkPort: 1 })).rejects.toThrow(
      'ECONNREFUSED',
    );
    client.send(record(11, 3));
    await bench.replica(1).expect(flowId, 2);
    expect(bench.director.status().map(({ alive }) => alive)).toEqual([false, true]);
  });

  it('gets nothing to keep where transports are not kept', async () => {
    const bench = await start(2, { transport: 'reconnected' });
    await kill(bench, 1);
    const { flowId } = await bench.idleFlow();
    await bench.rejoin(1, 1);
    const other = await bench.client();
    await bench.replica(0).expect(other.flowId, 1);
    expect(protectedWith(bench.replica(0), flowId)).toEqual([]);
  });
});

it('counts who serves and who keeps which flows', async () => {
  const bench = await start(3);
  const { client, flowId } = await bench.idleFlow();
  await bench.idleFlow();
  expect(bench.director.status()).toEqual([
    { index: 0, incarnation: 0, alive: true, serves: 2, keeps: 0 },
    { index: 1, incarnation: 0, alive: true, serves: 0, keeps: 2 },
    { index: 2, incarnation: 0, alive: true, serves: 0, keeps: 0 },
  ]);
  await kill(bench, 0);
  client.send(record(11, 3));
  await until(() =>
    bench
      .replica(1)
      .of(flowId)
      .some(({ type }) => type === ControlType.take),
  );
  // The other one is parked: its new owner keeps it, and so does the next replica.
  expect(bench.director.status()).toEqual([
    { index: 0, incarnation: 0, alive: false, serves: 0, keeps: 0 },
    { index: 1, incarnation: 0, alive: true, serves: 1, keeps: 1 },
    { index: 2, incarnation: 0, alive: true, serves: 0, keeps: 2 },
  ]);
});
