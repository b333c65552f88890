/** One round of the load client at a fixed rate, looked at from the server: what it adds to the latencies that it reports. */
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../../src/stats/quantile.js';
import { processorTimeUs } from '../processor-time.js';
import { nowMs, startLoadClient, type Target } from './contenders.js';
import { type SelfCaused, selfCaused } from './self-caused.js';
import type { ObservedServer } from './servers.js';

export interface OpenRound {
  readonly requestsPerSecond: number;
  /** Of the client, all threads, per request. */
  readonly cpuUs: number;
  /** All in us. */
  readonly startP50Us: number;
  readonly startP99Us: number;
  readonly readP50Us: number;
  readonly readP99Us: number;
  /** Late start and late reading of a request together. */
  readonly selfP50Us: number;
  readonly selfP99Us: number;
  readonly outsideP50Us: number;
  readonly latencyP50Us: number;
}

/** Compiling takes some thousands of requests. */
const SETTLE_MS = 2000;
const WINDOW_MS = 3000;
const US_PER_MS = 1000;

/** @param dist folder `dist` of the build whose load client it is; this one when absent */
export async function measureOpenArrivals(
  server: ObservedServer,
  target: Target,
  ratePerSecond: number,
  dist?: string,
): Promise<OpenRound> {
  await server.stamps();
  const client = await startLoadClient(target, { arrivals: 'open', ratePerSecond }, dist);
  await sleep(SETTLE_MS);
  const from = { atMs: nowMs(target), cpuUs: processorTimeUs(client.pid) };
  await sleep(WINDOW_MS);
  const to = { atMs: nowMs(target), cpuUs: processorTimeUs(client.pid) };
  const report = await client.stop();
  const found = selfCaused(report, await server.stamps(), from.atMs, to.atMs);
  return {
    requestsPerSecond: found.length / ((to.atMs - from.atMs) / 1000),
    cpuUs: (to.cpuUs - from.cpuUs) / found.length,
    ...summarize(found),
  };
}

function summarize(found: readonly SelfCaused[]): Omit<OpenRound, 'requestsPerSecond' | 'cpuUs'> {
  const sorted = (of: (each: SelfCaused) => number): Float64Array =>
    Float64Array.from(found, (each) => of(each) * US_PER_MS).sort();
  const start = sorted(({ startMs }) => startMs);
  const read = sorted(({ readMs }) => readMs);
  const self = sorted(({ startMs, readMs }) => startMs + readMs);
  return {
    startP50Us: quantile(start, 0.5),
    startP99Us: quantile(start, 0.99),
    readP50Us: quantile(read, 0.5),
    readP99Us: quantile(read, 0.99),
    selfP50Us: quantile(self, 0.5),
    selfP99Us: quantile(self, 0.99),
    outsideP50Us: quantile(
      sorted(({ outsideMs }) => outsideMs),
      0.5,
    ),
    latencyP50Us: quantile(
      sorted(({ latencyMs }) => latencyMs),
      0.5,
    ),
  };
}
