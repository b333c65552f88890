/** Servers that know no trunk, and hang, are cut off, or are to end: what the director asks, and what it makes of the answers. */
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { DetectorOptions } from '../../../src/cluster/director/failure-detector.js';
import { encodeLocalProxyHeader } from '../../../src/net/proxy-protocol.js';
import { until } from '../replica/harness.js';
import { record } from './fake-replica.js';
import { ALERT, Bench, stalled } from './fake-server.js';

const running: Bench[] = [];
async function start(...args: Parameters<typeof Bench.start>): Promise<Bench> {
  const bench = await Bench.start(...args);
  running.push(bench);
  return bench;
}
afterEach(() => {
  for (const bench of running.splice(0)) bench.stop();
});

/** Servers are asked each 5 ms; only one that says nothing at all is declared failed. */
const OFTEN: DetectorOptions = { intervalMs: 5, missedLimit: 40 };

describe('a server without a trunk that is asked for a sign of life', () => {
  it('is asked in its own protocol, and by one connection at a time', async () => {
    const bench = await start(1, false, { ...OFTEN, missedLimit: 100_000 });
    const question = await bench.server(0).connection(0);
    await until(() => question.records.length === 1);
    // A ClientHello that nothing can be agreed on with.
    expect(question.records[0]?.subarray(0, 6)).toEqual(Buffer.of(22, 3, 3, 0, 45, 1));
    await stalled(() => bench.server(0).accepted.length);
    expect(bench.server(0).accepted).toHaveLength(1);
    question.socket.end(ALERT);
    await bench.server(0).connection(1);
  });

  it.each([
    ['an alert', (socket: Socket) => socket.end(ALERT)],
    ['an end', (socket: Socket) => socket.end()],
    ['a reset', (socket: Socket) => socket.resetAndDestroy()],
  ])('lives when it answers with %s', async (_what, answer) => {
    const bench = await start(1, false, OFTEN);
    for (let round = 0; round < 3; round++) answer((await bench.server(0).connection(round)).socket);
    expect(bench.failures).toEqual([]);
  });

  it('says with a PROXY protocol header that no client is behind it', async () => {
    const bench = await start(1, true, OFTEN);
    const question = await bench.server(0).connection(0);
    const header = encodeLocalProxyHeader();
    await until(() => question.bytes.length > header.length);
    expect(question.bytes.subarray(0, header.length)).toEqual(header);
  });

  it('that says nothing has failed: its flows are reset, new ones go to the next server', async () => {
    const bench = await start(2, false, OFTEN);
    bench.server(1).answer();
    const client = bench.client();
    client.send(record(5, 1));
    await until(() => client.ended);
    expect(client.lost).toBe(true);
    expect(bench.failures).toEqual([{ replica: 0, cause: 'missed-heartbeats' }]);
    const next = bench.client();
    next.send(record(5, 2));
    await bench.flow(1, 2);
  });

  it('that answers clients is not asked in vain: what it sends is a sign', async () => {
    const bench = await start(1, false, OFTEN);
    const client = bench.client();
    client.send(record(5, 1));
    const flow = await bench.flow(0, 1);
    // Several times as long as a silent one is given.
    for (let sent = 1; sent <= 40; sent++) {
      flow.socket.write(record(3, sent));
      await until(() => client.records.length === sent);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(bench.failures).toEqual([]);
  });

  it('that no longer listens has failed at once', async () => {
    const bench = await start(1, false, OFTEN);
    bench.server(0).answer();
    bench.server(0).close();
    await until(() => bench.failures.length > 0);
    expect(bench.failures).toEqual([{ replica: 0, cause: 'connection refused' }]);
  });
});

describe('a server without a trunk that is cut off', () => {
  it('hears nothing, of the end of its flows neither, until the network is back', async () => {
    const bench = await start(2, false, OFTEN);
    bench.server(1).answer();
    const client = bench.client();
    client.send(record(5, 1));
    const server = await bench.flow(0, 1);
    bench.director.partitions.cut(0);
    client.send(record(5, 2));
    await until(() => client.ended);
    expect(bench.failures).toEqual([{ replica: 0, cause: 'missed-heartbeats' }]);
    expect(server.records.map((each) => each[5])).toEqual([1]);
    expect(server.socket.destroyed).toBe(false);
    bench.director.partitions.heal(0);
    await until(() => server.socket.destroyed);
  });

  it('is not connected to: a client that comes meanwhile goes to the next server with all it sent', async () => {
    const bench = await start(2, false, OFTEN);
    bench.server(1).answer();
    bench.director.partitions.cut(0);
    const client = bench.client();
    client.send(record(5, 7));
    const served = await bench.flow(1, 7);
    served.socket.write(record(9, 9));
    await until(() => client.records.length === 1);
    expect(client.lost).toBe(false);
  });

  it('goes on where it was when that is over in time: nothing is lost, nothing comes twice', async () => {
    const bench = await start(1);
    const client = bench.client();
    client.send(record(5, 1));
    const server = await bench.flow(0, 1);
    bench.director.partitions.cut(0);
    const late = bench.client();
    late.send(record(5, 3));
    client.send(record(5, 2));
    client.socket.end();
    server.socket.write(record(7, 4));
    await stalled(() => server.records.length + client.records.length);
    expect(server.records).toHaveLength(1);
    expect(client.records).toEqual([]);
    bench.director.partitions.heal(0);
    await until(() => server.ended && client.records.length === 1);
    expect(server.records.map((each) => each[5])).toEqual([1, 2]);
    await bench.flow(0, 3);
  });
});

describe('a server without a trunk that is to end', () => {
  it('gets nothing new, keeps what it has, and has ended as planned when its process has', async () => {
    const bench = await start(2, false, OFTEN);
    for (const server of bench.servers) server.answer();
    const client = bench.client();
    client.send(record(5, 1));
    const old = await bench.flow(0, 1);
    bench.director.drain(0);
    bench.server(0).close();
    const next = bench.client();
    next.send(record(5, 2));
    await bench.flow(1, 2);
    // Several times as long as a silent server is given: that it refuses connections is no failure.
    await stalled(() => bench.failures.length);
    old.socket.write(record(9, 9));
    await until(() => client.records.length === 1);
    old.socket.end();
    await until(() => client.ended);
    bench.director.exited({ index: 0, incarnation: 0 });
    expect(bench.drained).toEqual([0]);
    expect(bench.failures).toEqual([]);
    expect(next.ended).toBe(false);
  });

  it('takes the flows with it that it has not ended', async () => {
    const bench = await start(2);
    const client = bench.client();
    client.send(record(5, 1));
    await bench.flow(0, 1);
    bench.director.drain(0);
    bench.director.exited({ index: 0, incarnation: 0 });
    await until(() => client.ended);
    expect(client.lost).toBe(true);
    expect(bench.drained).toEqual([0]);
    expect(bench.failures).toEqual([]);
  });

  it('gives those away at once that it has not accepted yet', async () => {
    const bench = await start(2);
    bench.director.partitions.cut(0);
    const client = bench.client();
    client.send(record(5, 5));
    await until(() => bench.opened === 1);
    bench.director.drain(0);
    await bench.flow(1, 5);
    expect(client.lost).toBe(false);
    // Nor when the time for the drain was over.
    expect(bench.failures).toEqual([]);
  });
});
