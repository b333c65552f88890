import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../src/net/free-port.js';
import { readExactly } from '../../src/net/read-exactly.js';
import { RecycledReads } from '../../src/net/recycled-reads.js';
import { until } from '../cluster/replica/harness.js';
import { fuzzRuns } from '../fuzz-budget.js';

const servers: Server[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function connected(): Promise<{ reads: RecycledReads; peer: Socket }> {
  const server = createServer().listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const reads = await RecycledReads.connect((server.address() as { port: number }).port);
  const [peer] = (await accepted) as [Socket];
  peer.setNoDelay(true);
  sockets.push(peer, reads.socket);
  return { reads, peer };
}

/** Where a chunk lies: that of the memory, and its place in it. */
function placeOf({ buffer, byteOffset }: Buffer): readonly [ArrayBufferLike, number] {
  return [buffer, byteOffset];
}

describe('reads into memory that is used again', () => {
  it('go to the same place as long as nothing of it is needed', async () => {
    const { reads, peer } = await connected();
    const places: (readonly [ArrayBufferLike, number])[] = [];
    reads.receive((chunk) => {
      places.push(placeOf(chunk));
      return false;
    });
    for (let sent = 1; sent <= 20; sent++) {
      peer.write(Buffer.alloc(9000, sent));
      await until(() => places.length >= sent);
    }
    expect(new Set(places.map(([memory]) => memory)).size).toBe(1);
    expect(places.every(([, at]) => at === 0)).toBe(true);
  });

  it('never overwrite what is needed, however the stream is cut', async () => {
    const writes = fc.array(fc.tuple(fc.integer({ min: 1, max: 100_000 }), fc.boolean()), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(writes, async (sizes) => {
        const { reads, peer } = await connected();
        const kept: { chunk: Buffer; copy: Buffer }[] = [];
        const seen: Buffer[] = [];
        let turn = 0;
        reads.receive((chunk) => {
          seen.push(Buffer.from(chunk));
          turn += 1;
          const keeps = sizes[turn % sizes.length]?.[1] ?? false;
          if (keeps) kept.push({ chunk, copy: Buffer.from(chunk) });
          return keeps;
        });
        const sent = sizes.map(([bytes], index) => Buffer.alloc(bytes, index + 1));
        for (const each of sent) {
          peer.write(each);
          await new Promise((resolve) => setImmediate(resolve));
        }
        const expected = Buffer.concat(sent);
        await until(() => seen.reduce((sum, { length }) => sum + length, 0) === expected.length);
        expect(Buffer.concat(seen).equals(expected)).toBe(true);
        expect(kept.every(({ chunk, copy }) => chunk.equals(copy))).toBe(true);
      }),
      { numRuns: fuzzRuns(20) },
    );
  });

  it('begin behind what was read as a stream, and nothing is lost between', async () => {
    const { reads, peer } = await connected();
    peer.write('greeting, and the rest');
    expect((await readExactly(reads.socket, 8)).toString()).toBe('greeting');
    let received = '';
    reads.receive((chunk) => {
      received += chunk.toString();
      return false;
    });
    expect(received).toBe('');
    await until(() => received === ', and the rest');
    peer.write(' of it');
    await until(() => received === ', and the rest of it');
  });

  it('wait while the socket is paused, and tell its end', async () => {
    const { reads, peer } = await connected();
    let received = '';
    reads.receive((chunk) => {
      received += chunk.toString();
      return false;
    });
    peer.write('first');
    await until(() => received === 'first');
    reads.socket.pause();
    const ended = once(reads.socket, 'end');
    peer.end('second');
    await once(peer, 'finish');
    await new Promise((resolve) => setImmediate(resolve));
    expect(received).toBe('first');
    reads.socket.resume();
    await ended;
    expect(received).toBe('firstsecond');
  });

  it('reject when nobody listens', async () => {
    await expect(RecycledReads.connect(await freePort())).rejects.toThrow('ECONNREFUSED');
  });
});
