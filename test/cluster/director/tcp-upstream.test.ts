/** The director in front of servers that know no trunk: one TCP connection per flow. */
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createClock } from '../../../src/base/clock.js';
import { Director } from '../../../src/cluster/director/director.js';
import type { DirectorObserver } from '../../../src/cluster/director/director-observer.js';
import type { DetectorOptions } from '../../../src/cluster/director/failure-detector.js';
import { encodeLocalProxyHeader, encodeProxyHeader } from '../../../src/net/proxy-protocol.js';
import { RecordDeframer, TLS_STREAM } from '../../../src/tls/deframer.js';
import { listen, until } from '../replica/harness.js';
import { FakeClient, record } from './fake-replica.js';

/** More than the socket buffers of the kernel take on loopback. */
const FLOOD_RECORDS = 2000;
const FLOOD_RECORD_BYTES = 16_000;

/** No test takes as long: nobody is asked for a sign of life. */
const NEVER: DetectorOptions = { intervalMs: 600_000, missedLimit: 1 };

/** handshake_failure (RFC 5246, 7.2). */
const ALERT = Buffer.of(21, 3, 3, 0, 2, 2, 40);

class Accepted {
  readonly records: Buffer[] = [];
  bytes: Buffer = Buffer.alloc(0);
  ended = false;
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      if (this.bytes.length < 1000) this.bytes = Buffer.concat([this.bytes, chunk]);
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', () => {});
  }

  collect(): void {
    const deframer = new RecordDeframer(TLS_STREAM);
    this.socket.on('data', (chunk: Buffer) =>
      deframer.push(chunk, (each) => this.records.push(Buffer.from(each))),
    );
  }
}

class FakeServer {
  readonly accepted: Accepted[] = [];
  readonly #server: Server;
  #paused = false;
  #answers = false;

  constructor(collects: boolean) {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      const accepted = new Accepted(socket);
      if (collects) accepted.collect();
      if (this.#paused) socket.pause();
      if (this.#answers) this.#answerTo(accepted);
      this.accepted.push(accepted);
    });
  }

  listen(): Promise<number> {
    return listen(this.#server);
  }

  /** From now on each connection that begins with a ClientHello gets an alert, and its end. */
  answer(): void {
    this.#answers = true;
    for (const accepted of this.accepted) this.#answerTo(accepted);
  }

  #answerTo({ socket }: Accepted): void {
    socket.on('data', (chunk: Buffer) => {
      if (chunk[0] === 22) socket.end(ALERT);
    });
  }

  pauseAll(): void {
    this.#paused = true;
  }

  async connection(index: number): Promise<Accepted> {
    await until(() => this.accepted.length > index);
    const found = this.accepted[index];
    if (found === undefined) throw new RangeError(`connection ${index}`);
    return found;
  }

  /** From now on connections are refused; those that there are go on. */
  close(): void {
    this.#server.close();
  }

  stop(): void {
    for (const { socket } of this.accepted) socket.destroy();
    this.close();
  }
}

class Bench {
  readonly servers: FakeServer[] = [];
  readonly failures: { readonly replica: number; readonly cause: string }[] = [];
  readonly drained: number[] = [];
  readonly ended: string[] = [];
  readonly clients: FakeClient[] = [];
  port = 0;
  opened = 0;
  #director: Director | undefined;

  static async start(count: number, proxyProtocol = false, detector = NEVER): Promise<Bench> {
    const bench = new Bench();
    running.push(bench);
    const replicas = [];
    for (let index = 0; index < count; index++) {
      const server = new FakeServer(!proxyProtocol);
      bench.servers.push(server);
      replicas.push({ index, incarnation: 0, trunkPort: await server.listen() });
    }
    const observer: DirectorObserver = {
      flowOpened: () => {
        bench.opened += 1;
      },
      replicaFailed: (replica, cause) => bench.failures.push({ replica, cause }),
      flowRedirected() {},
      flowResumed() {},
      flowEnded: (_flow, cause) => bench.ended.push(cause),
      flowHandedOver() {},
      flowAsked() {},
      replicaDrained: (replica) => bench.drained.push(replica),
      stateCommitted() {},
    };
    bench.#director = new Director(
      {
        replicas,
        trunkKey: Buffer.alloc(32),
        transport: 'reconnected',
        idleFlows: 'eager',
        rttMs: 0,
        detector,
        port: 0,
        external: { proxyProtocol },
      },
      observer,
      createClock(process.hrtime.bigint()),
    );
    bench.port = await bench.#director.start();
    return bench;
  }

  get director(): Director {
    if (this.#director === undefined) throw new Error('the director has not started');
    return this.#director;
  }

  server(index: number): FakeServer {
    const server = this.servers[index];
    if (server === undefined) throw new RangeError(`server ${index}`);
    return server;
  }

  /** The connection of a server on which a record of these bytes came first: others only ask for a sign of life. */
  async flow(index: number, fill: number): Promise<Accepted> {
    const found = () =>
      this.server(index).accepted.find(({ records: [first] }) => first?.[0] === 23 && first[5] === fill);
    await until(() => found() !== undefined);
    const accepted = found();
    if (accepted === undefined) throw new RangeError(`no flow with ${fill} at server ${index}`);
    return accepted;
  }

  client(): FakeClient {
    const client = new FakeClient(this.port);
    this.clients.push(client);
    return client;
  }

  stop(): void {
    for (const { socket } of this.clients) socket.destroy();
    this.#director?.stop();
    for (const server of this.servers) server.stop();
  }
}

const running: Bench[] = [];
afterEach(() => {
  for (const bench of running.splice(0)) bench.stop();
});

describe('a flow to a server without a trunk', () => {
  it('is one connection that carries whole records both ways, however they were cut', async () => {
    const bench = await Bench.start(1);
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
    const bench = await Bench.start(1, true);
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
    const bench = await Bench.start(1);
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
    const bench = await Bench.start(1);
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
    const bench = await Bench.start(1);
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
    const bench = await Bench.start(1);
    const client = bench.client();
    client.send(record(5, 1));
    const server = await bench.server(0).connection(0);
    await until(() => server.records.length === 1);
    client.socket.resetAndDestroy();
    await until(() => server.socket.destroyed);
  });

  it('holds a server up whose client does not read', async () => {
    const bench = await Bench.start(1);
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
    const bench = await Bench.start(1);
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
    const bench = await Bench.start(2);
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
    const bench = await Bench.start(2);
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
    const bench = await Bench.start(1);
    bench.server(0).close();
    const client = bench.client();
    client.send(record(5, 1));
    await until(() => client.ended);
    expect(client.lost).toBe(true);
    const next = bench.client();
    await until(() => next.ended);
  });

  it('serves again when it has come back', async () => {
    const bench = await Bench.start(1);
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

/** Servers are asked each 5 ms; only one that says nothing at all is declared failed. */
const OFTEN: DetectorOptions = { intervalMs: 5, missedLimit: 40 };

describe('a server without a trunk that is asked for a sign of life', () => {
  it('is asked in its own protocol, and by one connection at a time', async () => {
    const bench = await Bench.start(1, false, { ...OFTEN, missedLimit: 100_000 });
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
    const bench = await Bench.start(1, false, OFTEN);
    for (let round = 0; round < 3; round++) answer((await bench.server(0).connection(round)).socket);
    expect(bench.failures).toEqual([]);
  });

  it('says with a PROXY protocol header that no client is behind it', async () => {
    const bench = await Bench.start(1, true, OFTEN);
    const question = await bench.server(0).connection(0);
    const header = encodeLocalProxyHeader();
    await until(() => question.bytes.length > header.length);
    expect(question.bytes.subarray(0, header.length)).toEqual(header);
  });

  it('that says nothing has failed: its flows are reset, new ones go to the next server', async () => {
    const bench = await Bench.start(2, false, OFTEN);
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
    const bench = await Bench.start(1, false, OFTEN);
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
    const bench = await Bench.start(1, false, OFTEN);
    bench.server(0).answer();
    bench.server(0).close();
    await until(() => bench.failures.length > 0);
    expect(bench.failures).toEqual([{ replica: 0, cause: 'connection refused' }]);
  });
});

describe('a server without a trunk that is cut off', () => {
  it('hears nothing, of the end of its flows neither, until the network is back', async () => {
    const bench = await Bench.start(2, false, OFTEN);
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
    const bench = await Bench.start(2, false, OFTEN);
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
    const bench = await Bench.start(1);
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
    const bench = await Bench.start(2, false, OFTEN);
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
    const bench = await Bench.start(2);
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
    const bench = await Bench.start(2);
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

/** Resolves when a length has stayed the same, above or at zero, over some turns of the event loop. */
async function stalled(length: () => number): Promise<void> {
  for (let last = -1, same = 0; same < 20; ) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    same = length() === last ? same + 1 : 0;
    last = length();
  }
}
