import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPrng } from '../../../src/base/prng.js';
import { type ClientLink, createClientLink } from '../../../src/cluster/director/client-link.js';
import type { LinkShape } from '../../../src/cluster/director/link-direction.js';

/** The socket of a client that sends what a test says, and tells when it got what. */
class FakeSocket extends EventEmitter {
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 1234;
  readonly writableLength = 0;
  readonly got: { readonly atMs: number; readonly bytes: number }[] = [];
  flowing = true;

  setNoDelay(): void {}

  write(record: Buffer): void {
    this.got.push({ atMs: performance.now(), bytes: record.length });
  }

  pause(): void {
    this.flowing = false;
  }

  resume(): void {
    this.flowing = true;
  }
}

interface Bench {
  readonly socket: FakeSocket;
  readonly link: ClientLink;
  /** Bytes that came out on the director's side, and when. */
  readonly received: { readonly atMs: number; readonly bytes: number }[];
  /** Counts of them. */
  receivedBytes(): number;
}

function open(shape: LinkShape): Bench {
  const socket = new FakeSocket();
  const received: Bench['received'] = [];
  const handler = {
    received: (chunk: Buffer) => void received.push({ atMs: performance.now(), bytes: chunk.length }),
    finished: () => {},
    lost: () => {},
    drained: () => {},
  };
  // The link uses no more of a socket than the fake has.
  const link = createClientLink(socket as unknown as Socket, handler, shape, () => createPrng(1));
  return { socket, link, received, receivedBytes: () => received.reduce((sum, { bytes }) => sum + bytes, 0) };
}

function quantile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(share * (values.length - 1))] ?? Number.NaN;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a shaped link', () => {
  it.each([
    [
      'from the client',
      (bench: Bench) => bench.socket.emit('data', Buffer.alloc(100)),
      (b: Bench) => b.received,
    ],
    ['to the client', (bench: Bench) => bench.link.write(Buffer.alloc(100)), (b: Bench) => b.socket.got],
  ])('delays %s as was asked for: latencies of 2,000 pieces as a distribution', (_, send, arrivals) => {
    const shape = { rttMs: 60, jitterMs: 40 };
    const bench = open(shape);
    vi.advanceTimersByTime(200);
    const latencies = Array.from({ length: 2000 }, () => {
      const sentMs = performance.now();
      send(bench);
      vi.advanceTimersByTime(100);
      return (arrivals(bench).at(-1)?.atMs ?? Number.NaN) - sentMs;
    });
    expect(arrivals(bench)).toHaveLength(2000);
    // Uniform from 30 to 70 ms. Timers count in ms, and 2,000 samples place a quantile within 2.5 ms of 40.
    for (const share of [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99]) {
      expect(Math.abs(quantile(latencies, share) - (30 + 40 * share))).toBeLessThan(3.5);
    }
  });

  it('lets the first byte of a client wait for the round trip of its TCP handshake', () => {
    const { socket, received } = open({ rttMs: 100 });
    socket.emit('data', Buffer.alloc(10));
    vi.advanceTimersByTime(149);
    expect(received).toEqual([]);
    vi.advanceTimersByTime(2);
    expect(received).toHaveLength(1);
  });

  it('carries a long reply at its bandwidth, the first part of it soon', () => {
    const { socket, link } = open({ rttMs: 0, bandwidthMbit: 8 });
    for (let record = 0; record < 10; record++) link.write(Buffer.alloc(10_000));
    vi.advanceTimersByTime(3);
    expect(socket.got.length).toBeGreaterThan(0);
    vi.advanceTimersByTime(200);
    const bytes = socket.got.reduce((sum, got) => sum + got.bytes, 0);
    const [first, last] = [socket.got[0], socket.got.at(-1)];
    expect(bytes).toBe(100_000);
    // 1,000 bytes per ms.
    expect((last?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThan(95);
    expect((last?.atMs ?? 0) - (first?.atMs ?? 0)).toBeLessThanOrEqual(101);
  });

  it('reads no more of a client that sends faster than its link carries, until that has caught up', () => {
    const bench = open({ rttMs: 0, bandwidthMbit: 80 });
    let sentBytes = 0;
    while (bench.socket.flowing) {
      bench.socket.emit('data', Buffer.alloc(65_536));
      sentBytes += 65_536;
      expect(sentBytes).toBeLessThanOrEqual(2 ** 20);
    }
    // 10,000 bytes per ms: half of them have arrived after 53 ms.
    vi.advanceTimersByTime(50);
    expect(bench.socket.flowing).toBe(false);
    vi.advanceTimersByTime(10);
    expect(bench.socket.flowing).toBe(true);
    vi.advanceTimersByTime(100);
    expect(bench.receivedBytes()).toBe(sentBytes);
  });

  it('hands nothing on while the flow wants nothing, and does not read on because of its own room', () => {
    const bench = open({ rttMs: 10, bandwidthMbit: 800 });
    while (bench.socket.flowing) bench.socket.emit('data', Buffer.alloc(65_536));
    vi.advanceTimersByTime(16);
    bench.link.pause();
    const before = bench.receivedBytes();
    vi.advanceTimersByTime(1000);
    expect(bench.receivedBytes()).toBe(before);
    expect(bench.socket.flowing).toBe(false);
    bench.link.resume();
    vi.advanceTimersByTime(1000);
    expect(bench.receivedBytes()).toBe(2 ** 20);
    expect(bench.socket.flowing).toBe(true);
  });

  it('counts what it has not delivered as pending', () => {
    const { link } = open({ rttMs: 20 });
    link.write(Buffer.alloc(500));
    expect(link.pendingBytes).toBe(500);
    vi.advanceTimersByTime(11);
    expect(link.pendingBytes).toBe(0);
  });
});
