/** Peers that send what they should not: they are answered or closed, and nobody else notices. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { Client } from './support/client.js';
import { captureClientHello } from './support/client-hello.js';
import { listeningPorts, residentBytes, running } from './support/processes.js';
import { RawConnection } from './support/raw-connection.js';
import { replyContent, replyTarget } from './support/replies.js';
import { SERVERNAME, ServeProcess } from './support/server.js';
import { until } from './support/until.js';

const MIB = 1024 * 1024;
/** TLS alert descriptions, RFC 8446 6. */
const Alert = { unexpected_message: 10, record_overflow: 22, protocol_version: 70 } as const;
const HANDSHAKE = 22;
/** Longest body of a protected record, RFC 8446 5.2 and RFC 5246 6.2.3: the latter is longer. */
const MAX_BODY_BYTES = 2 ** 14 + 2048;

let server: ServeProcess;
let client: Client;

beforeAll(async () => {
  server = await ServeProcess.start('--strategy', 'spr', '--workload', 'bulk-download');
});

afterAll(async () => {
  try {
    await server.stop();
  } finally {
    server.destroy();
  }
});

/** Before, while and after each of these peers, a well-behaved client gets its replies, on one connection. */
beforeEach(async () => {
  client = new Client(server);
  await client.check(1000);
});

afterEach(async () => {
  await client.check(100_000);
  expect(client.connections).toBe(1);
  client.close();
  expect(running(server.pids)).toHaveLength(server.pids.length);
  expect(server.output).not.toContain('failed');
});

async function open(port = server.port): Promise<RawConnection> {
  const connection = await RawConnection.open(port);
  onTestFinished(() => void connection.socket.destroy());
  return connection;
}

function recordHeader(type: number, version: number, length: number): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(type, 0);
  header.writeUInt16BE(version, 1);
  header.writeUInt16BE(length, 3);
  return header;
}

/** A fatal alert in plaintext, as it is on the wire. */
function fatalAlert(description: number): Buffer {
  return Buffer.from([21, 3, 3, 0, 2, 2, description]);
}

describe('instead of a ClientHello', () => {
  it.each<[string, Buffer, number]>([
    ['plain HTTP', Buffer.from('GET / HTTP/1.0\r\n\r\n'), Alert.unexpected_message],
    ['an unknown content type', recordHeader(99, 0x0301, 100), Alert.unexpected_message],
    ['a record that is too long', recordHeader(HANDSHAKE, 0x0301, MAX_BODY_BYTES + 1), Alert.record_overflow],
    ['an SSL 2 version', recordHeader(HANDSHAKE, 0x0200, 100), Alert.protocol_version],
  ])('%s is answered with an alert and a close', async (_, bytes, description) => {
    const connection = await open();
    connection.send(bytes);
    await client.check(1000);
    await connection.untilClosed();
    expect(connection.received).toEqual(fatalAlert(description));
  });

  it('handshake records of garbage are answered with an alert and a close', async () => {
    const connection = await open();
    connection.send(Buffer.concat([recordHeader(HANDSHAKE, 0x0301, 200), Buffer.alloc(200, 0xaa)]));
    await connection.untilClosed();
    expect(connection.received.subarray(0, 1)).toEqual(Buffer.from([21]));
  });

  it('application data is answered with an alert and a close', async () => {
    const connection = await open();
    connection.send(Buffer.concat([recordHeader(23, 0x0303, 200), randomBytes(200)]));
    await connection.untilClosed();
    expect(connection.received.subarray(0, 1)).toEqual(Buffer.from([21]));
  });

  it('half a record and the end is closed', async () => {
    const connection = await open();
    connection.socket.end(Buffer.concat([recordHeader(HANDSHAKE, 0x0301, 200), Buffer.alloc(50)]));
    await connection.untilClosed();
  });

  it('nothing, on 200 connections, costs nobody anything', async () => {
    const silent = await Promise.all(Array.from({ length: 200 }, () => open()));
    await client.check(1000);
    silent.forEach(({ socket }, index) => {
      if (index % 2 === 0) socket.end();
      else socket.resetAndDestroy();
    });
    await client.check(1000);
    await Promise.all(silent.map((connection) => connection.untilClosed()));
  });
});

describe('a ClientHello', () => {
  it('that is cut off is closed', async () => {
    const connection = await open();
    const hello = await captureClientHello(tlsOptions());
    connection.socket.end(hello.subarray(0, hello.length / 2));
    await connection.untilClosed();
    expect(connection.received).toHaveLength(0);
  });

  it('that a reset follows is forgotten', async () => {
    for (let round = 0; round < 20; round++) {
      const connection = await open();
      connection.send(await captureClientHello(tlsOptions()));
      connection.socket.resetAndDestroy();
      await connection.untilClosed();
    }
  });

  it('that is sent twice is answered with an alert and a close', async () => {
    const connection = await open();
    const hello = await captureClientHello(tlsOptions());
    connection.send(Buffer.concat([hello, hello]));
    await connection.untilClosed();
    expect(connection.received.length).toBeGreaterThan(0);
  });

  it('that comes byte by byte, like all that follows, begins a session like any other', async () => {
    const tcp = connectTcp(server.port, '127.0.0.1');
    await once(tcp, 'connect');
    const content = await getOver(new Trickle(tcp), replyTarget('1-0', 500));
    expect(content).toEqual(replyContent('1-0', 500));
  });
});

describe('a client', () => {
  it('that never reads its reply is given no more than what is in flight', async () => {
    const pids = [server.directorPid, ...server.replicaPids];
    const before = pids.map(residentBytes);
    const greedy = connectTls({ ...tlsOptions(), port: server.port, host: '127.0.0.1' });
    onTestFinished(() => void greedy.destroy());
    await once(greedy, 'secureConnect');
    greedy.pause();
    greedy.write(requestOf(replyTarget('1-0', 512 * MIB)));
    // Long enough for several times the bound, if nothing held it back.
    for (let round = 0; round < 10; round++) await client.check(4 * MIB);
    pids.forEach((pid, index) => {
      expect(residentBytes(pid) - (before[index] ?? 0)).toBeLessThan(64 * MIB);
    });
  });

  it('that sends garbage after its handshake is answered with an alert', async () => {
    const tcp = connectTcp(server.port, '127.0.0.1');
    const session = connectTls({ ...tlsOptions(), socket: tcp });
    await once(session, 'secureConnect');
    tcp.write(Buffer.concat([recordHeader(23, 0x0303, 100), randomBytes(100)]));
    const [error] = await once(session, 'error');
    expect(String(error)).toContain('alert bad record mac');
  });
});

describe('the ports between the processes', () => {
  it.each([
    ['garbage', randomBytes(5000)],
    ['HTTP', Buffer.from('GET / HTTP/1.0\r\n\r\n')],
    ['nothing', Buffer.alloc(0)],
  ])('take no harm from %s', async (_, bytes) => {
    const ports = server.replicaPids.flatMap(listeningPorts);
    // Of each replica: one for the director and one for the other replicas.
    expect(ports).toHaveLength(2 * server.replicaPids.length);
    const connections = await Promise.all(ports.map((port) => open(port)));
    for (const { socket } of connections) socket.write(bytes);
    await client.check(1000);
    for (const { socket } of connections) socket.end();
    await Promise.all(connections.map((connection) => connection.untilClosed()));
    // All send their challenge, 32 random bytes; nobody answers anything.
    expect(connections.map(({ received }) => received.length)).toEqual(ports.map(() => 32));
  });
});

function tlsOptions() {
  return { ca: readFileSync(server.caPath), servername: SERVERNAME };
}

function requestOf(target: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: ${SERVERNAME}\r\n\r\n`;
}

/** Sends every byte in a packet of its own. */
class Trickle extends Duplex {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.push(chunk));
    socket.on('error', (error) => this.destroy(error));
  }

  override _read(): void {}

  override async _write(chunk: Buffer, _encoding: string, done: () => void): Promise<void> {
    for (let at = 0; at < chunk.length; at++) {
      this.#socket.write(chunk.subarray(at, at + 1));
      await nextTurn();
    }
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}

/** The content of the reply to a GET that goes over `transport`. */
async function getOver(transport: Duplex, target: string): Promise<Buffer> {
  const session = connectTls({ ...tlsOptions(), socket: transport });
  onTestFinished(() => void session.destroy());
  let received = Buffer.alloc(0);
  session.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
  });
  session.write(requestOf(target));
  const bytes = Number(/bytes=(\d+)$/.exec(target)?.[1]);
  const contentStart = (): number => received.indexOf('\r\n\r\n') + 4;
  const complete = (): boolean => contentStart() >= 4 && received.length >= contentStart() + bytes;
  await until(complete, () => `only ${received.length} bytes came`, 20_000);
  return received.subarray(contentStart());
}
