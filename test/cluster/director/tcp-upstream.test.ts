/** The director in front of servers that know no trunk: one TCP connection per flow. */
import { afterEach, describe, expect, it } from 'vitest';
import { encodeProxyHeader } from '../../../src/net/proxy-protocol.js';
import { until } from '../replica/harness.js';
import { record } from './fake-replica.js';
import { Bench, FakeServer, stalled } from './fake-server.js';

/** More than the socket buffers of the kernel take on loopback. */
const FLOOD_RECORDS = 2000;
const FLOOD_RECORD_BYTES = 16_000;

const running: Bench[] = [];
async function start(...args: Parameters<typeof Bench.start>): Promise<Bench> {
  const bench = await Bench.start(...args);
  running.push(bench);
  return bench;
}
afterEach(() => {
  for (const bench of running.splice(0)) bench.stop();
});

describe('a flow to a server without a trunk', () => {
  it('is one connection that carries whole records both ways, however they were cut', async () => {
    const bench = await start(1);
    const client = bench.client();
    const records = [record(0), record(1, 1), record(300, 2), record(16_000, 3)];
    for (const byte of Buffer.concat(records).subarray(0, 50)) client.socket.write(Buffer.of(byte));
    client.socket.write(Buffer.concat(records).subarray(50));
    const server = await bench.server(0).connection(0);
    await until(() => server.records.length === records.length);
    expect(server.records).toEqual(records);
    for (const byte of Buffer.concat(records)) server.socket.write(Buffer.of(byte));
    await until(() => client.records.length === records.length);
    expect(client.records).toEqual(records);
    expect(bench.server(0).accepted).toHaveLength(1);
  });

  it('begins with a PROXY protocol header that names the client, if that is asked for', async () => {
    const bench = await start(1, true);
    const client = bench.client();
    client.send(record(5, 7));
    const server = await bench.server(0).connection(0);
    const header = encodeProxyHeader(
      { address: '127.0.0.1', port: client.socket.localPort ?? 0 },
      { address: '127.0.0.1', port: bench.port },
    );
    const expected = Buffer.concat([header, record(5, 7)]);
    await until(() => server.bytes.length >= expected.length);
    expect(server.bytes).toEqual(expected);
  });

  it('tells the server when the client finishes sending, and still carries the reply and its end', async () => {
    const bench = await start(1);
    const client = bench.client();
    client.send(record(5, 1));
    client.socket.end();
    const server = await bench.server(0).connection(0);
    await until(() => server.ended);
    expect(server.records).toEqual([record(5, 1)]);
    server.socket.end(record(6, 2));
    await until(() => client.ended);
    expect(client.records).toEqual([record(6, 2)]);
    expect(client.lost).toBe(false);
    expect(bench.failures).toEqual([]);
  });

  it('is reset with its server connection, alone', async () => {
    const bench = await start(1);
    const [client, other] = [bench.client(), bench.client()];
    client.send(record(5, 1));
    other.send(record(5, 2));
    const server = bench.server(0);
    await until(() => server.accepted.filter(({ records }) => records.length === 1).length === 2);
    server.accepted.find(({ records }) => records[0]?.[5] === 1)?.socket.resetAndDestroy();
    await until(() => client.ended);
    expect(client.lost).toBe(true);
    expect(bench.ended).toEqual(['server-reset']);
    const second = server.accepted.find(({ records }) => records[0]?.[5] === 2);
    second?.socket.write(record(7, 3));
    await until(() => other.records.length === 1);
    expect(bench.failures).toEqual([]);
  });

  it('is reset when what comes from the server, or from the client, is no TLS', async () => {
    const bench = await start(1);
    const client = bench.client();
    client.send(record(5, 1));
    (await bench.server(0).connection(0)).socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    await until(() => client.ended);
    const second = bench.client();
    second.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    await until(() => second.ended);
    expect(bench.ended).toHaveLength(2);
    expect(client.records).toEqual([]);
  });

  it('ends at the server when the client is gone', async () => {
    const bench = await start(1);
    const client = bench.client();
    client.send(record(5, 1));
    const server = await bench.server(0).connection(0);
    await until(() => server.records.length === 1);
    client.socket.resetAndDestroy();
    await until(() => server.socket.destroyed);
  });

  it('holds a server up whose client does not read', async () => {
    const bench = await start(1);
    const client = bench.client();
    client.socket.pause();
    client.send(record(5, 1));
    const { socket } = await bench.server(0).connection(0);
    for (let count = 0; count < FLOOD_RECORDS; count++) socket.write(record(FLOOD_RECORD_BYTES, count));
    await stalled(() => socket.writableLength);
    expect(socket.writableLength).toBeGreaterThan(0);
    client.socket.resume();
    await until(() => client.records.length === FLOOD_RECORDS);
    expect(client.records.every((each, index) => each[5] === index % 256)).toBe(true);
  });

  it('holds a client up whose server does not read', async () => {
    const bench = await start(1);
    bench.server(0).pauseAll();
    const client = bench.client();
    for (let count = 0; count < FLOOD_RECORDS; count++) client.send(record(FLOOD_RECORD_BYTES, count));
    const server = await bench.server(0).connection(0);
    await stalled(() => client.socket.writableLength);
    expect(client.socket.writableLength).toBeGreaterThan(0);
    server.socket.resume();
    await until(() => server.records.length === FLOOD_RECORDS);
    expect(server.records.every((each, index) => each[5] === index % 256)).toBe(true);
  });
});

describe('a server without a trunk that fails', () => {
  it('is seen by the first connection that it refuses; that flow goes to another one, with all it sent', async () => {
    const bench = await start(2);
    bench.server(0).close();
    const clients = [1, 2, 3].map((fill) => {
      const client = bench.client();
      client.send(record(5, fill));
      return client;
    });
    const second = bench.server(1);
    await until(() => second.accepted.filter(({ records }) => records.length === 1).length === 3);
    expect(second.accepted.map(({ records }) => records[0]?.[5]).sort()).toEqual([1, 2, 3]);
    for (const { socket } of second.accepted) socket.write(record(9, 9));
    await until(() => clients.every(({ records }) => records.length === 1));
    expect(bench.failures).toEqual([{ replica: 0, cause: 'connection refused' }]);
    expect(bench.ended).toEqual([]);
  });

  it('loses its flows when its process ends; new ones go to the next server', async () => {
    const bench = await start(2);
    const client = bench.client();
    client.send(record(5, 1));
    await until(() => bench.server(0).accepted[0]?.records.length === 1);
    bench.director.exited({ index: 0, incarnation: 1 });
    expect(bench.failures).toEqual([]);
    bench.director.exited({ index: 0, incarnation: 0 });
    await until(() => client.ended);
    expect(client.lost).toBe(true);
    expect(bench.failures).toEqual([{ replica: 0, cause: 'process ended' }]);
    const next = bench.client();
    next.send(record(5, 2));
    await until(() => bench.server(1).accepted[0]?.records.length === 1);
  });

  it('leaves nobody when it was the last: clients are reset', async () => {
    const bench = await start(1);
    bench.server(0).close();
    const client = bench.client();
    client.send(record(5, 1));
    await until(() => client.ended);
    expect(client.lost).toBe(true);
    const next = bench.client();
    await until(() => next.ended);
  });

  it('serves again when it has come back', async () => {
    const bench = await start(1);
    bench.director.exited({ index: 0, incarnation: 0 });
    const replacement = new FakeServer(true);
    bench.servers[0] = replacement;
    const trunkPort = await replacement.listen();
    await bench.director.rejoin({ index: 0, incarnation: 1, trunkPort });
    const client = bench.client();
    client.send(record(5, 4));
    await until(() => replacement.accepted[0]?.records.length === 1);
  });
});
