/** Clients that load a server in a closed loop, each in a process of its own: connections that always have a request under way. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import type { LoadCommand, LoadConfig, LoadEvent, LoadReport } from '../../src/contracts/load.js';
import type { WorkloadOptions } from '../../src/contracts/workload.js';
import { type ChildChannel, spawnChild } from '../../src/net/message-channel.js';
import { formatTarget } from '../../workloads/parts/seeded-exchange.js';
import { wrkProblems } from '../steady-state/load.js';
import { SEED, SERVERNAME, TLS } from '../steady-state/stack.js';
import type { BareCommand, BareEvent } from './bare-client.js';
import { FIXED_ID } from './fixed-reply.js';
import { BARE_ID, WRK_ID } from './names.js';

export interface Target {
  readonly port: number;
  readonly ca: string;
  readonly connections: number;
  readonly replyBytes: number;
  readonly clockStartNs: string;
}

/** A request as its client saw it; of those that were answered right. */
export interface Latencies {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Replies in the order of their times, or what a client of somebody else says of all of them. */
export type Seen = { readonly repliedMs: Float64Array; readonly latencyMs: Float64Array } | Latencies;

export interface RunningClient {
  readonly pid: number;
  /** Rejects when a reply was missing or wrong. */
  stop(): Promise<Seen>;
}

export interface Contender {
  readonly id: string;
  /** Resolves when all connections are there and the load has begun; wrk does not tell. */
  start(target: Target): Promise<RunningClient>;
}

/** 500 handshakes on a starved machine. */
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 60_000;
/** Longer than any round: the load is stopped. */
const MAX_SECONDS = 600;
/** As trials do it. */
const CONNECT_CONCURRENCY = 16;

/** @param dist folder `dist` of the build whose load client it is; this one when absent */
export function loadClient(id: string, dist?: string): Contender {
  return {
    id,
    start: async (target) => {
      const running = await startLoadClient(target, { arrivals: 'closed' }, dist);
      return {
        pid: running.pid,
        stop: async () => {
          const { requests } = await running.stop();
          return {
            repliedMs: requests.repliedMs,
            latencyMs: requests.repliedMs.map(
              (repliedMs, row) => repliedMs - (requests.intendedMs[row] ?? 0),
            ),
          };
        },
      };
    },
  };
}

export interface RunningLoadClient {
  readonly pid: number;
  /** Ends the load and the process. Rejects when a reply was missing or wrong. */
  stop(): Promise<LoadReport>;
}

export type LoadArrivals =
  | { readonly arrivals: Extract<WorkloadOptions['arrivals'], 'closed'> }
  | { readonly arrivals: Extract<WorkloadOptions['arrivals'], 'open'>; readonly ratePerSecond: number };

/** The load client as trials use it: its process, its commands, its report. */
export async function startLoadClient(
  target: Target,
  load: LoadArrivals,
  dist?: string,
): Promise<RunningLoadClient> {
  const base = dist === undefined ? new URL('../../', import.meta.url) : pathToFileURL(`${dist}/`);
  const child: ChildChannel<LoadCommand, LoadEvent> = spawnChild({
    module: new URL('src/main/client.js', base),
    name: 'load client',
  });
  child.send({ kind: 'open', config: loadConfig(target, load) });
  await child.expect('opened', START_TIMEOUT_MS);
  child.send({ kind: 'run', startMs: nowMs(target) });
  return {
    pid: child.pid,
    stop: async () => {
      child.send({ kind: 'stop', faultMs: Number.NEGATIVE_INFINITY });
      const { report } = await child.expect('report', STOP_TIMEOUT_MS);
      await child.end();
      const wrong = report.requests.outcome.filter((outcome) => outcome !== 'ok').length;
      if (wrong > 0)
        throw new Error(`${wrong} of ${report.requests.outcome.length} requests were not answered right`);
      return report;
    },
  };
}

function loadConfig(
  { port, ca, connections, replyBytes, clockStartNs }: Target,
  load: LoadArrivals,
): LoadConfig {
  const rate = load.arrivals === 'open' ? `:rate-per-second=${load.ratePerSecond}` : '';
  return {
    clockStartNs,
    port,
    servername: SERVERNAME,
    ca,
    tls: TLS,
    workload: `${new URL('./fixed-reply.js', import.meta.url).href}:reply-bytes=${replyBytes}${rate}`,
    seed: SEED,
    options: { connections, durationMs: MAX_SECONDS * 1000, arrivals: load.arrivals },
    onTransportLost: 'full-handshake',
    connectConcurrency: CONNECT_CONCURRENCY,
  };
}

export function nowMs({ clockStartNs }: Pick<Target, 'clockStartNs'>): number {
  return Number(process.hrtime.bigint() - BigInt(clockStartNs)) / 1e6;
}

/** Counts bytes and looks at none. */
export const BARE: Contender = {
  id: BARE_ID,
  start: async ({ replyBytes, ...target }) => {
    const child: ChildChannel<BareCommand, BareEvent> = spawnChild({
      module: new URL('./bare-client.js', import.meta.url),
      name: 'bare client',
    });
    child.send({ kind: 'run', ...target, target: requestTarget(replyBytes) });
    await child.expect('running', START_TIMEOUT_MS);
    return {
      pid: child.pid,
      stop: async () => {
        child.send({ kind: 'stop' });
        const report = await child.expect('report', STOP_TIMEOUT_MS);
        await child.end();
        return report;
      },
    };
  },
};

/** One thread; it looks at statuses only. */
export const WRK: Contender = {
  id: WRK_ID,
  start: async ({ port, connections, replyBytes }) => {
    // With its timeout of 2 s it would count replies as failed that a busy machine only delays.
    const limits = [`-d${MAX_SECONDS}s`, '--timeout', `${MAX_SECONDS}s`];
    const url = `https://127.0.0.1:${port}${requestTarget(replyBytes)}`;
    const child = spawn('wrk', ['-t1', `-c${connections}`, ...limits, '--latency', url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const output = text(child.stdout);
    await once(child, 'spawn');
    // It does not end with this process by itself.
    const kill = (): boolean => child.kill('SIGKILL');
    process.once('exit', kill);
    return {
      pid: child.pid ?? 0,
      stop: async () => {
        child.kill('SIGINT');
        const printed = await output;
        process.off('exit', kill);
        const problems = wrkProblems(printed);
        if (problems !== '') throw new Error(`wrk: ${problems}`);
        return parseWrkLatencies(printed);
      },
    };
  },
};

/** The lines that `--latency` adds: `50%  512.00us`. */
export function parseWrkLatencies(printed: string): Latencies {
  const [p50Ms, p99Ms] = ['50', '99'].map((percent) => {
    const [, digits, unit] = new RegExp(`^ +${percent}% +([\\d.]+)(us|ms|s|m)$`, 'm').exec(printed) ?? [];
    return Number(digits) * (WRK_UNITS_MS[unit ?? ''] ?? Number.NaN);
  });
  if (!(p50Ms !== undefined && p50Ms >= 0 && p99Ms !== undefined && p99Ms >= 0)) {
    throw new Error(`wrk printed no latencies: ${JSON.stringify(printed)}`);
  }
  return { p50Ms, p99Ms };
}

const WRK_UNITS_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

function requestTarget(replyBytes: number): string {
  return formatTarget({ id: FIXED_ID, bytes: replyBytes });
}
