/** Clients in numbers that begin and do not go on: what they cost, when they are closed, and that nobody else notices. */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { readOpenFileLimit } from '../../src/bench/open-files.js';
import { Client } from './support/client.js';
import { captureClientHello } from './support/client-hello.js';
import { cpuMs, residentBytes } from './support/processes.js';
import { SERVERNAME, ServeProcess } from './support/server.js';
import { until } from './support/until.js';

const KIB = 1024;
const HALF_OPEN = 10_000;
/** Of the test process and of a director: everything that is not one of these connections. */
const OTHER_DESCRIPTORS = 200;
/** The server closes them after 10 s; a busy machine takes its time. */
const CLOSED_TIMEOUT_MS = 40_000;
/** With a whole ClientHello each: here OpenSSL has begun. */
const WITH_CLIENT_HELLO = 200;

const servers: ServeProcess[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.destroy();
});

async function started(server: Promise<ServeProcess>): Promise<ServeProcess> {
  servers.push(await server);
  return server;
}

/** Connections that are all opened at once. */
class Crowd {
  closed = 0;
  connected = 0;
  readonly sockets: readonly Socket[];

  constructor(port: number, count: number) {
    this.sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'));
    for (const socket of this.sockets) {
      socket.on('connect', () => {
        this.connected += 1;
      });
      socket.on('error', () => {});
      socket.on('end', () => socket.destroy());
      socket.on('close', () => {
        this.closed += 1;
      });
      socket.resume();
    }
  }

  async until(what: 'connected' | 'closed', count = this.sockets.length): Promise<void> {
    await until(
      () => this[what] >= count,
      () => `${this[what]} of ${this.sockets.length} are ${what}`,
      CLOSED_TIMEOUT_MS,
    );
  }

  destroy(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

function clientHello({ caPath }: ServeProcess): Promise<Buffer> {
  return captureClientHello({ ca: readFileSync(caPath), servername: SERVERNAME });
}

describe('half-open handshakes', () => {
  it('cost little, are closed, and nobody else notices', async () => {
    const soft = readOpenFileLimit()?.soft ?? 1024;
    const count = Math.min(HALF_OPEN, soft - OTHER_DESCRIPTORS);
    const server = await started(ServeProcess.start('--strategy', 'spr'));
    const [primary = 0] = server.replicaPids;
    const client = new Client(server);
    await client.check(1000);
    const hello = await clientHello(server);
    const before = { director: residentBytes(server.directorPid), replica: residentBytes(primary) };

    const crowd = new Crowd(server.port, count);
    await crowd.until('connected');
    crowd.sockets.forEach((socket, index) => {
      if (index < WITH_CLIENT_HELLO) socket.write(hello);
      else if (index % 2 === 0) socket.write(hello.subarray(0, hello.length / 2));
    });
    // One byte now and then does not make more time.
    const slow = crowd.sockets.slice(-100);
    let at = hello.length / 2;
    const trickle = setInterval(() => {
      at += 1;
      for (const socket of slow) if (socket.writable) socket.write(hello.subarray(at, at + 1));
    }, 250);
    for (let round = 0; round < 5; round++) await client.check(10_000);

    const perConnection = (pid: number, bytes: number): number => (residentBytes(pid) - bytes) / count;
    const director = perConnection(server.directorPid, before.director);
    const replica = perConnection(primary, before.replica);
    process.stderr.write(
      `${count} half-open handshakes: ${Math.round(director)} bytes each at the director, ${Math.round(replica)} at the replica\n`,
    );
    expect(director).toBeLessThan(20 * KIB);
    // One OpenSSL object each would be 23 KiB and more.
    expect(replica).toBeLessThan(8 * KIB);

    await crowd.until('closed');
    clearInterval(trickle);
    await client.check(10_000);
    expect(client.connections).toBe(1);
    client.close();
    await server.stop();
  });
});

/** Node reads all modules of a command at once, each with a descriptor: fewer than this are not enough to start. */
const OPEN_FILES = 256;
/** What the director keeps for itself; see `DirectorConfig.maxClients`. */
const RESERVED_FILES = 64;

describe('a director without free descriptors', () => {
  it('closes what it cannot take, serves what it has, and takes again when it can', async () => {
    const server = await started(ServeProcess.startWithOpenFiles(OPEN_FILES, '--strategy', 'spr'));
    const client = new Client(server);
    await client.check(1000);
    const crowd = new Crowd(server.port, 300);
    // One client is there already.
    await crowd.until('closed', 300 - (OPEN_FILES - RESERVED_FILES - 1));
    const usedMs = cpuMs(server.directorPid);
    for (let round = 0; round < 5; round++) {
      await client.check(10_000);
      await sleep(200);
    }
    // Of a processor, while there was next to nothing to do: an accept that is tried again and again takes all of it.
    expect(cpuMs(server.directorPid) - usedMs).toBeLessThan(500);
    crowd.destroy();
    const other = new Client(server);
    await until(
      () => crowd.closed === 300,
      () => `${crowd.closed} of 300 are closed`,
      CLOSED_TIMEOUT_MS,
    );
    await other.check(1000);
    await client.check(1000);
    expect(client.connections).toBe(1);
    // The replica that takes over is reached too.
    server.killPrimary();
    await server.untilFailureIsDetected();
    await client.check(1000);
    expect(client.connections).toBe(1);
    for (const each of [client, other]) each.close();
    await server.stop();
  });
});
