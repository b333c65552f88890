/**
 * What replication costs while nothing fails: autocannon against the same stack with and without it, in turns, several
 * rounds. Run it with `npm run bench:steady-state`; it takes about a minute and prints one table.
 *
 * Actors: this process starts a cluster per strategy and, per round, one autocannon process (`steady-state-load.ts`).
 * Known gap: client, director and replicas share the machine's cores; trust the ratios and the CPU time.
 */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIdentity } from '../src/cluster/certificates.js';
import { Cluster } from '../src/cluster/cluster.js';
import { median } from '../src/stats/average.js';
import { loadStrategy } from '../strategies/index.js';
import type { LoadResult } from './steady-state-load.js';

/** `full-handshake` is the same stack with replication off. */
const REFERENCE = 'full-handshake';
const STRATEGIES = [REFERENCE, 'spr', 'full-state-copy'] as const;
const CONNECTIONS = [32, 500] as const;
const ROUNDS = 5;
const REPLY_BYTES = 128;
/** Linux counts CPU time in ticks of 10 ms. */
const TICK_MS = 10;

interface Round {
  readonly requestsPerSecond: number;
  /** Director and all replicas. */
  readonly cpuUsPerRequest: number;
}

async function main(): Promise<void> {
  const identity = await createIdentity({ key: 'ecdsa-p256', servername: 'spr-bench.test' });
  for (const connections of CONNECTIONS) {
    const rounds = new Map<string, Round[]>(STRATEGIES.map((id) => [id, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const id of STRATEGIES) rounds.get(id)?.push(await measure(id, identity, connections));
    }
    print(connections, rounds);
  }
}

async function measure(
  id: string,
  identity: Awaited<ReturnType<typeof createIdentity>>,
  connections: number,
): Promise<Round> {
  const folder = await mkdtemp(join(tmpdir(), 'spr-bench-'));
  const cluster = await Cluster.start({
    clockStartNs: process.hrtime.bigint(),
    replicas: 2,
    strategy: await loadStrategy(id),
    strategySpecifier: id,
    workloadSpecifier: 'request-reply',
    seed: 1,
    engine: 'adopted',
    tls: { version: '1.3', ciphers: 'TLS_AES_128_GCM_SHA256' },
    identity,
    rttMs: 0,
    folder,
    port: 0,
  });
  try {
    const pids = [cluster.directorPid, ...cluster.replicaPids];
    const url = `https://127.0.0.1:${cluster.port}/reply/0-0?bytes=${REPLY_BYTES}`;
    await load(url, connections);
    const before = cpuMs(pids);
    const { requests, seconds, errors } = await load(url, connections);
    if (errors > 0) throw new Error(`${id}: ${errors} requests failed`);
    return {
      requestsPerSecond: requests / seconds,
      cpuUsPerRequest: ((cpuMs(pids) - before) * 1000) / requests,
    };
  } finally {
    await cluster.end();
    await rm(folder, { recursive: true, force: true });
  }
}

function load(url: string, connections: number): Promise<LoadResult> {
  const child = fork(new URL('./steady-state-load.js', import.meta.url), [url, String(connections)]);
  return new Promise((resolve, reject) => {
    child.once('message', (result) => resolve(result as LoadResult));
    child.once('exit', (code) => reject(new Error(`the load process exited with ${code}`)));
  });
}

/** User and system time of processes, fields 14 and 15 of /proc/pid/stat (proc(5)). */
function cpuMs(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return sum + (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  }, 0);
}

function print(connections: number, rounds: ReadonlyMap<string, readonly Round[]>): void {
  const reference = rounds.get(REFERENCE) ?? [];
  process.stdout.write(
    `\n${connections} connections, ${REPLY_BYTES} B replies, ${ROUNDS} rounds in turns (medians)\n`,
  );
  process.stdout.write(`${'strategy'.padEnd(18)}  requests/s   ratio  CPU us/request   ratio\n`);
  for (const [id, results] of rounds) {
    const rate = median(results.map(({ requestsPerSecond }) => requestsPerSecond)) ?? 0;
    const cpu = median(results.map(({ cpuUsPerRequest }) => cpuUsPerRequest)) ?? 0;
    const rateRatio = pairedRatio(results, reference, ({ requestsPerSecond }) => requestsPerSecond);
    const cpuRatio = pairedRatio(results, reference, ({ cpuUsPerRequest }) => cpuUsPerRequest);
    const cells = [
      rate.toFixed(0).padStart(10),
      rateRatio.padStart(6),
      cpu.toFixed(1).padStart(14),
      cpuRatio.padStart(6),
    ];
    process.stdout.write(`${id.padEnd(18)}  ${cells.join('  ')}\n`);
  }
}

/** Round by round, so that a drift of the machine cancels out. */
function pairedRatio(
  results: readonly Round[],
  reference: readonly Round[],
  of: (round: Round) => number,
): string {
  const ratios = results.map((round, index) => of(round) / of(reference[index] ?? round));
  return (median(ratios) ?? 0).toFixed(2);
}

await main();
