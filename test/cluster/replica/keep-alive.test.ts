/** The planned end of a server that replicates nothing: what has no end of its own is given one. */
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { connect, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { DEFAULT_DRAIN_LIMIT_MS } from '../../../src/cluster/director/drains.js';
import { HttpApplication } from '../../../src/cluster/replica/http-application.js';
import type { ServedStream } from '../../../src/cluster/replica/replica-application.js';
import type { Application, MessageApplication } from '../../../src/contracts/workload.js';
import { findSuite } from '../../../src/tls/cipher-suites.js';
import { fullHandshake } from '../../../strategies/full-handshake.js';
import { IDENTITY, TestCluster, until } from './harness.js';

const SUITE = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
const EVENT = 'data: tick\n\n';
/** Each event is written as one chunk (RFC 9112 7.1). */
const EVENT_CHUNK = `${EVENT.length.toString(16)}\r\n${EVENT}\r\n`;
const LAST_CHUNK = '0\r\n\r\n';

/** Sends an event every 2 ms, for ever; or, elsewhere, content without an end that is none. */
const endless: Application = (request, response) => {
  const timer = setInterval(() => response.write(EVENT), 2);
  response.on('close', () => clearInterval(timer));
  response.writeHead(200, { 'Content-Type': request.url === '/events' ? 'text/event-stream' : 'text/plain' });
  response.flushHeaders();
};

const running: TestCluster[] = [];
afterEach(() => {
  for (const cluster of running.splice(0)) cluster.stop();
});

async function secureSocket(port: number): Promise<TLSSocket> {
  const { caPem } = await IDENTITY;
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: caPem });
  await once(socket, 'secureConnect');
  return socket;
}

function webSocketOver(socket: TLSSocket): WebSocket {
  return new WebSocket('wss://localhost/', { perMessageDeflate: false, createConnection: () => socket });
}

describe.each(['adopted', 'native'] as const)('a replica that is to end, engine %s', (engine) => {
  async function start(application: Application, messages?: MessageApplication): Promise<TestCluster> {
    const cluster = await TestCluster.start({
      strategy: fullHandshake,
      suite: SUITE,
      application,
      engine,
      ...(messages === undefined ? {} : { messages }),
    });
    running.push(cluster);
    return cluster;
  }

  it('ends an event stream behind a whole event, with a close_notify', async () => {
    const cluster = await start(endless);
    const socket = await secureSocket(cluster.port);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    const ended = once(socket, 'end');
    socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await until(() => text.includes(EVENT_CHUNK));
    await cluster.drain(0);
    // An end without a close_notify would be an error instead (RFC 8446 6.1).
    await ended;
    expect(cluster.drained).toEqual([0]);
    expect(cluster.ended.map(({ cause }) => cause)).toEqual(['closed']);
    const content = text.slice(text.indexOf('\r\n\r\n') + 4);
    expect(content).toBe(EVENT_CHUNK.repeat(content.length / EVENT_CHUNK.length));
  });

  it('tells WebSockets that it goes away, those that are opened then too, and handles nothing more', async () => {
    const handled: string[] = [];
    const cluster = await start(endless, (exchange) => ({
      message(content) {
        handled.push(content.toString());
        exchange.send(content);
      },
      closed() {},
    }));
    const socket = webSocketOver(await secureSocket(cluster.port));
    await once(socket, 'open');
    socket.send('one');
    await once(socket, 'message');
    const late = await secureSocket(cluster.port);
    await until(() => cluster.handshakes.length === 2);
    const drained = cluster.drain(0);
    socket.send('two');
    const codes = await Promise.all(
      [socket, webSocketOver(late)].map(async (each) => (await once(each, 'close'))[0]),
    );
    expect(codes).toEqual([1001, 1001]);
    await drained;
    expect(handled).toEqual(['one']);
    expect(cluster.drained).toEqual([0]);
  });
});

describe('connections of a server that is to end', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  interface Served {
    readonly stream: Duplex;
    readonly output: () => string;
  }

  function serve(application: HttpApplication): Served {
    let output = '';
    const stream = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, callback) {
        output += chunk.toString('latin1');
        callback();
      },
    });
    application.serve(stream as ServedStream);
    return { stream, output: () => output };
  }

  async function request(stream: Duplex, target: string): Promise<void> {
    stream.push(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(10);
  }

  it('have time for their replies, but end well before the replica is given up', async () => {
    const application = new HttpApplication(endless, { record() {} });
    const { stream, output } = serve(application);
    await request(stream, '/no-events');
    application.drain();
    await vi.advanceTimersByTimeAsync(DEFAULT_DRAIN_LIMIT_MS / 2);
    expect(stream.writableEnded).toBe(false);
    await vi.advanceTimersByTimeAsync(0.4 * DEFAULT_DRAIN_LIMIT_MS);
    expect(stream.writableEnded).toBe(true);
    expect(output()).toContain(EVENT_CHUNK);
    // Whoever reads it sees that it is not all.
    expect(output().endsWith(LAST_CHUNK)).toBe(false);
  });

  it('that come when it has begun to end have their time too', async () => {
    const application = new HttpApplication(endless, { record() {} });
    application.drain();
    await vi.advanceTimersByTimeAsync(DEFAULT_DRAIN_LIMIT_MS / 4);
    const { stream: idle } = serve(application);
    const { stream: pushing } = serve(application);
    await request(pushing, '/events');
    expect([idle, pushing].map(({ writableEnded }) => writableEnded)).toEqual([false, false]);
    await vi.advanceTimersByTimeAsync(DEFAULT_DRAIN_LIMIT_MS / 4);
    expect([idle, pushing].map(({ writableEnded }) => writableEnded)).toEqual([true, true]);
  });
});
