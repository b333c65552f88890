import { afterEach, describe, expect, it } from 'vitest';
import type { DirectorConfig } from '../../../src/cluster/director/director-config.js';
import { FLOW_WINDOW_BYTES } from '../../../src/cluster/director/flow.js';
import { ControlType, parseEnd, parseOpen } from '../../../src/net/control-records.js';
import { until } from '../replica/harness.js';
import { DirectorBench, record } from './fake-replica.js';

const NOTHING = Buffer.alloc(0);

const running: DirectorBench[] = [];
afterEach(() => {
  for (const bench of running.splice(0)) bench.stop();
});

async function start(count = 2, changes: Partial<DirectorConfig> = {}): Promise<DirectorBench> {
  const bench = await DirectorBench.start(count, changes);
  running.push(bench);
  return bench;
}

describe('a flow', () => {
  it('is opened with the address of its client and its backup', async () => {
    const bench = await start();
    const { client, flowId } = await bench.client();
    const [open] = await bench.replica(0).expect(flowId, 1);
    expect(open?.type).toBe(ControlType.open);
    expect(parseOpen(open?.bytes ?? NOTHING)).toEqual({
      clientAddress: '127.0.0.1',
      clientPort: client.socket.localPort,
      backup: 1,
    });
  });

  it('carries whole records both ways, in order, however they were cut', async () => {
    const bench = await start(1);
    const { client, flowId } = await bench.client();
    const records = [record(0), record(1, 1), record(300, 2), record(16_000, 3)];
    for (const byte of Buffer.concat(records).subarray(0, 50)) client.socket.write(Buffer.of(byte));
    client.socket.write(Buffer.concat(records).subarray(50));
    const received = await bench.replica(0).expect(flowId, 5);
    expect(received.slice(1).map(({ bytes }) => bytes)).toEqual(records);
    for (const each of records) bench.replica(0).trunk.sendRecord(flowId, each);
    await until(() => client.records.length === records.length);
    expect(client.records).toEqual(records);
  });

  it('gets its own bytes while others get theirs, however long they are under way', async () => {
    // What is under way to a client lies where it was read from the trunk; the next reads must not overwrite it.
    const bench = await start(1, { rttMs: 10, jitterMs: 10 });
    const flows = [await bench.client(), await bench.client(), await bench.client()];
    const sent = flows.map((): Buffer[] => []);
    for (let round = 0; round < 20; round++) {
      for (const [index, { flowId }] of flows.entries()) {
        const each = record(1000 * (index + 1), 10 * round + index);
        sent[index]?.push(each);
        bench.replica(0).trunk.sendRecord(flowId, each);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => flows.every(({ client }) => client.records.length === 20));
    expect(flows.map(({ client }) => client.records)).toEqual(sent);
  });

  it('shares the trunk with others and does not mix with them', async () => {
    const bench = await start(1);
    const flows = await Promise.all([1, 2, 3].map(() => bench.client()));
    const ids = bench.opened;
    for (const [index, { client }] of flows.entries()) client.send(record(10, index), record(20, index));
    for (const id of ids) {
      const [, first, second] = await bench.replica(0).expect(id, 3);
      expect(first?.bytes[5]).toBe(second?.bytes[5]);
    }
  });

  it.each([
    ['record-overflow', [23, 3, 3, 0xff, 0xff]],
    ['protocol-version', [22, 2, 0, 0, 1, 0]],
    ['unexpected-message', [71, 69, 84, 32, 47]],
  ])('whose client sends what is no record is ended by its replica: %s', async (reason, bytes) => {
    const bench = await start(1);
    const { client, flowId } = await bench.client();
    const { client: other, flowId: otherId } = await bench.client();
    client.send(record(5, 1), Buffer.from(bytes));
    const received = await bench.replica(0).expect(flowId, 3);
    expect(received.map(({ type }) => type)).toEqual([ControlType.open, 23, ControlType.end]);
    expect(parseEnd(received[2]?.bytes ?? NOTHING)).toBe(reason);
    bench.replica(0).trunk.sendRecord(flowId, record(2, 9));
    bench.replica(0).trunk.sendEnd(flowId, 'closed');
    await until(() => client.ended);
    expect(client.records).toEqual([record(2, 9)]);
    other.send(record(6, 2));
    await bench.replica(0).expect(otherId, 2);
  });

  it('tells its replica when the client finishes sending, and still gets the reply', async () => {
    const bench = await start(1);
    const { client, flowId } = await bench.client();
    client.send(record(5, 1));
    client.socket.end();
    const received = await bench.replica(0).expect(flowId, 3);
    expect(parseEnd(received[2]?.bytes ?? NOTHING)).toBe('client-closed');
    bench.replica(0).trunk.sendRecord(flowId, record(6, 2));
    bench.replica(0).trunk.sendEnd(flowId, 'closed');
    await until(() => client.ended);
    expect(client.records).toEqual([record(6, 2)]);
    expect(client.lost).toBe(false);
  });

  it('tells its replica when the client is gone', async () => {
    const bench = await start(2);
    const { client, flowId } = await bench.client();
    await bench.replica(0).expect(flowId, 1);
    client.socket.resetAndDestroy();
    const [, end] = await bench.replica(0).expect(flowId, 2);
    expect(parseEnd(end?.bytes ?? NOTHING)).toBe('client-reset');
    const [forget] = await bench.replica(1).expect(flowId, 1);
    expect(forget?.type).toBe(ControlType.end);
  });

  it('is reset when its replica refuses to go on', async () => {
    const bench = await start(1);
    const { client, flowId } = await bench.client();
    bench.replica(0).trunk.sendEnd(flowId, 'diverged');
    await until(() => client.ended);
    expect(bench.ended).toEqual([{ flowId, cause: 'diverged' }]);
  });

  it('gets nothing from a replica that does not serve it', async () => {
    const bench = await start(2);
    const { client, flowId } = await bench.client();
    client.send(record(5, 1));
    await bench.replica(0).expect(flowId, 2);
    bench.replica(1).trunk.sendRecord(flowId, record(6, 6));
    bench.replica(1).trunk.sendEnd(flowId, 'closed');
    // What replica 1 sent has been read when something behind it, of a flow of its own, is at its client.
    bench.director.placement = 'spread';
    const { client: other, flowId: otherId } = await bench.client();
    bench.replica(1).trunk.sendRecord(otherId, record(8, 8));
    await until(() => other.records.length === 1);
    bench.replica(0).trunk.sendRecord(flowId, record(7, 7));
    await until(() => client.records.length === 1);
    expect(client.records).toEqual([record(7, 7)]);
  });
});

describe('a control record that is malformed', () => {
  it.each([
    ['a commit of nothing', ControlType.commit, 0, []],
    ['a commit with state but without the flag', ControlType.commit, 0, [0, 0, 0, 1, 9]],
    ['a commit with the flag but without state', ControlType.commit, 2, [0, 0, 0, 1]],
    ['a commit of more than the client sent', ControlType.commit, 0, [0, 0, 0, 2]],
    ['credit that is no number', ControlType.credit, 0, [1, 2, 3]],
    ['an end for no reason', ControlType.end, 0, [200]],
  ])('ends its flow and no other: %s', async (_what, type, flags, body) => {
    const bench = await start(1);
    const { client, flowId } = await bench.client();
    const { client: other, flowId: otherId } = await bench.client();
    client.send(record(5, 1));
    await bench.replica(0).expect(flowId, 2);
    bench.replica(0).trunk.sendControl(flowId, type, Buffer.from(body), flags);
    await until(() => client.ended);
    const received = await bench.replica(0).expect(flowId, 3);
    expect(parseEnd(received[2]?.bytes ?? NOTHING)).toBe('internal-error');
    expect(bench.ended[0]?.cause).toMatch(/^malformed control record: /);
    bench.replica(0).trunk.sendRecord(otherId, record(6, 6));
    await until(() => other.records.length === 1);
    expect(bench.failures).toEqual([]);
  });
});

describe('flow control', () => {
  const RECORDS = 64;
  const LENGTH = 16_000;

  it('stops reading a client whose replica gives no credit, and goes on when it does', async () => {
    const bench = await start(1);
    const { client, flowId } = await bench.client();
    const { client: other, flowId: otherId } = await bench.client();
    for (let i = 0; i < RECORDS; i++) client.send(record(LENGTH, i));
    const whole = Math.floor(FLOW_WINDOW_BYTES / (LENGTH + 5)) + 1;
    await bench.replica(0).expect(flowId, 1 + whole);
    other.send(record(5, 1));
    await bench.replica(0).expect(otherId, 2);
    // One socket read at most comes over the window.
    expect(bench.replica(0).of(flowId).length).toBeLessThan(1 + whole + 5);
    bench.replica(0).trunk.sendCredit(flowId, RECORDS * LENGTH);
    const received = await bench.replica(0).expect(flowId, 1 + RECORDS);
    expect(received.slice(1).map(({ bytes }) => bytes[5])).toEqual([...Array(RECORDS).keys()]);
  });

  it('gives no credit for what a slow client has not taken', async () => {
    const bench = await start(1);
    const { client, flowId } = await bench.client();
    const { client: other, flowId: otherId } = await bench.client();
    client.socket.pause();
    const sentBytes = 1000 * (LENGTH + 5);
    for (let i = 0; i < 1000; i++) bench.replica(0).trunk.sendRecord(flowId, record(LENGTH));
    bench.replica(0).trunk.sendRecord(otherId, record(5, 5));
    await until(() => other.records.length === 1);
    expect(bench.replica(0).creditOf(flowId)).toBeLessThan(sentBytes - FLOW_WINDOW_BYTES);
    client.socket.resume();
    await until(() => bench.replica(0).creditOf(flowId) > sentBytes - FLOW_WINDOW_BYTES);
    await until(() => client.records.length === 1000);
  });

  it.each([1000, 16_000])('gives credit behind a delay too, for records of %i bytes', async (length) => {
    const bench = await start(1, { rttMs: 4 });
    const { client, flowId } = await bench.client();
    const count = Math.ceil(FLOW_WINDOW_BYTES / length);
    for (let i = 0; i < count; i++) bench.replica(0).trunk.sendRecord(flowId, record(length));
    await until(() => bench.replica(0).creditOf(flowId) >= FLOW_WINDOW_BYTES / 2);
    await until(() => client.records.length === count);
  });
});

describe('a delay', () => {
  it('keeps the order of everything, the end included', async () => {
    const bench = await start(1, { rttMs: 2 });
    const { client, flowId } = await bench.client();
    const records = [...Array(20).keys()].map((i) => record(i * 50, i));
    client.send(...records);
    client.socket.end();
    const received = await bench.replica(0).expect(flowId, 22);
    expect(received.slice(1, 21).map(({ bytes }) => bytes)).toEqual(records);
    expect(parseEnd(received[21]?.bytes ?? NOTHING)).toBe('client-closed');
    for (const each of records) bench.replica(0).trunk.sendRecord(flowId, each);
    bench.replica(0).trunk.sendEnd(flowId, 'closed');
    await until(() => client.ended);
    expect(client.records).toEqual(records);
  });
});

describe('placement', () => {
  it('puts new flows on the first live replica, or on all in turn', async () => {
    const bench = await start(3);
    for (let i = 0; i < 2; i++) await bench.client();
    bench.director.placement = 'spread';
    for (let i = 0; i < 3; i++) await bench.client();
    await until(() => bench.replicas.flatMap(({ received }) => received).length === 5);
    expect(bench.replicas.map(({ received }) => received.length)).toEqual([3, 1, 1]);
    bench.director.placement = 'primary';
    await bench.replica(0).die();
    await until(() => bench.failures.length === 1);
    const { flowId } = await bench.client();
    await bench.replica(1).expect(flowId, 1);
  });

  it('resets clients when no replica is left', async () => {
    const bench = await start(1);
    await bench.client();
    await bench.replica(0).die();
    await until(() => bench.failures.length === 1);
    const { client } = await bench.client();
    await until(() => client.ended);
    expect(bench.opened).toHaveLength(1);
  });
});
