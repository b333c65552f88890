/** One round of one client in a closed loop: requests and processor time of a window, and the latencies that it saw. */
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../../src/stats/quantile.js';
import { processorTimeUs } from '../processor-time.js';
import { type Contender, type Latencies, nowMs, type Seen, type Target } from './contenders.js';
import type { Server } from './servers.js';

export interface ClosedRound extends Latencies {
  /** Counted at the server. */
  readonly requestsPerSecond: number;
  /** Of the client, all threads, per request. */
  readonly cpuUs: number;
}

/** Requests per connection until all code is compiled and all connections are there. */
const SETTLED_REQUESTS_PER_CONNECTION = 20;
/** At the least: the compiler, whose threads count, works on for so long. After 10,000 a request still took half as much again. */
const SETTLED_REQUESTS = 50_000;
const POLL_MS = 50;
/** A starved machine makes 500 handshakes in some 10 s, and answers hundreds of requests per second. */
const SETTLE_TIMEOUT_MS = 180_000;
/** Long enough that a burst of something else on the machine does not fill it, short enough for many rounds in turns. */
const WINDOW_MS = 2000;

/** Rejects when the client got a wrong reply, or none. */
export async function measureClosedLoop(
  contender: Contender,
  server: Server,
  target: Target,
): Promise<ClosedRound> {
  const client = await contender.start(target);
  await untilSettled(server, target.connections);
  const from = { requests: await server.requests(), atMs: nowMs(target), cpuUs: processorTimeUs(client.pid) };
  await sleep(WINDOW_MS);
  const to = { requests: await server.requests(), atMs: nowMs(target), cpuUs: processorTimeUs(client.pid) };
  const seen = await client.stop();
  const requests = to.requests - from.requests;
  if (requests <= 0) throw new Error(`${contender.id}: no request was answered within ${WINDOW_MS} ms`);
  return {
    requestsPerSecond: requests / ((to.atMs - from.atMs) / 1000),
    cpuUs: (to.cpuUs - from.cpuUs) / requests,
    ...latenciesWithin(seen, from.atMs, to.atMs),
  };
}

async function untilSettled(server: Server, connections: number): Promise<void> {
  const first = await server.requests();
  const wanted = Math.max(SETTLED_REQUESTS, connections * SETTLED_REQUESTS_PER_CONNECTION);
  const deadlineMs = performance.now() + SETTLE_TIMEOUT_MS;
  while ((await server.requests()) - first < wanted) {
    if (performance.now() > deadlineMs) {
      throw new Error(`not ${wanted} requests were answered within ${SETTLE_TIMEOUT_MS} ms`);
    }
    await sleep(POLL_MS);
  }
}

/** What a client of somebody else says is of its whole life. */
function latenciesWithin(seen: Seen, fromMs: number, toMs: number): Latencies {
  if ('p50Ms' in seen) return { p50Ms: seen.p50Ms, p99Ms: seen.p99Ms };
  const within = seen.latencyMs.filter((_, row) => {
    const repliedMs = seen.repliedMs[row] ?? Number.NaN;
    return repliedMs >= fromMs && repliedMs < toMs;
  });
  within.sort();
  return { p50Ms: quantile(within, 0.5), p99Ms: quantile(within, 0.99) };
}
