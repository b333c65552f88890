/**
 * Steady-state throughput before and after a fault, with replication and without: rounds in which each strategy has a cluster
 * of its own, one after the other in an order drawn from the seed. The fault itself is not measured: nothing is under way.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPrng } from '../../base/prng.js';
import { createIdentity, type Identity } from '../../cluster/certificates.js';
import { Cluster } from '../../cluster/cluster.js';
import { cpuMsOf } from '../../cluster/external/process-group.js';
import { processEntry } from '../../cluster/process-entry.js';
import type { RecoveryStrategy } from '../../contracts/strategy.js';
import {
  THROUGHPUT_SCHEMA_VERSION,
  type ThroughputPhase,
  type ThroughputResult,
  type ThroughputRow,
} from '../../contracts/throughput.js';
import { type ChildChannel, spawnChild } from '../../net/message-channel.js';
import { captureEnvironment } from '../environment.js';
import type { Loaded, RunOptions } from '../run-options.js';
import { SERVERNAME } from '../trial.js';
import type { HttpLoad, HttpLoadCommand, HttpLoadEvent, HttpLoadResult } from './http-load.js';
import { summarizeThroughput } from './summarize-throughput.js';

export interface ThroughputOptions {
  readonly run: RunOptions;
  /** Of each load. */
  readonly durationS: number;
  readonly replyBytes: number;
  readonly rounds: number;
  readonly connections: number;
  readonly command: string;
  readonly signal: AbortSignal;
}

/** Its application answers with as many bytes as the target asks for. */
const WORKLOAD = 'request-reply';
const PRIMARY = 0;
/** The first second of a server is spent with compiling it. */
const WARM_UP_S = 1;
/** The end of a process shows at once. */
const DETECTION_TIMEOUT_MS = 5000;
/** Beside the load itself: autocannon looks at its clock once a second. */
const LOAD_GRACE_MS = 20_000;

type LoadChannel = ChildChannel<HttpLoadCommand, HttpLoadEvent>;

/** @param onRound called before each load of a strategy; ends early, and says so, when the signal is aborted */
export async function measureThroughput(
  options: ThroughputOptions,
  onRound: (strategy: string, done: number, total: number) => void,
): Promise<ThroughputResult> {
  const { run, rounds, signal } = options;
  const startedAt = new Date().toISOString();
  const prng = createPrng(run.seed);
  const identity = await createIdentity({ key: run.key, servername: SERVERNAME });
  const rows: ThroughputRow[] = [];
  const total = rounds * run.strategies.length;
  let done = 0;
  for (let round = 0; round < rounds; round++) {
    const ranked = run.strategies.map((strategy) => {
      return { strategy, rank: prng.fork(`${round} ${strategy.plugin.id}`).uniform() };
    });
    for (const { strategy } of ranked.sort((a, b) => a.rank - b.rank)) {
      if (signal.aborted) break;
      onRound(strategy.plugin.id, done, total);
      const measured = await measureStrategy(options, identity, strategy).catch((error: unknown) => {
        if (signal.aborted) return [];
        throw error;
      });
      rows.push(...measured.map((row) => ({ round, strategy: strategy.plugin.id, ...row })));
      if (measured.length > 0) done += 1;
    }
  }
  return describe(options, { startedAt, complete: done === total, rows });
}

type Measured = Omit<ThroughputRow, 'round' | 'strategy'>;

/** One cluster: load, fault, load. */
async function measureStrategy(
  options: ThroughputOptions,
  identity: Identity,
  strategy: Loaded<RecoveryStrategy>,
): Promise<Measured[]> {
  const { signal, durationS } = options;
  const folder = await mkdtemp(join(tmpdir(), 'spr-bench-'));
  const client: LoadChannel = spawnChild({ module: processEntry('http-load'), name: 'HTTP load' });
  let cluster: Cluster | undefined;
  const end = async (): Promise<void> => {
    await Promise.all([client.end(), cluster?.end()]);
  };
  const onAbort = (): void => void end();
  signal.addEventListener('abort', onAbort);
  try {
    let detected = (): void => {};
    const detection = new Promise<void>((resolve) => {
      detected = resolve;
    });
    cluster = await startCluster(options, identity, strategy, folder, () => detected());
    signal.throwIfAborted();
    const load = loadOf(options, cluster);
    const pids = [cluster.directorPid, ...cluster.replicaPids];
    await runLoad(client, { ...load, durationS: WARM_UP_S });
    const before = await measureLoad('before', client, load, pids);
    cluster.signalReplica(PRIMARY, 'SIGKILL');
    await Promise.race([
      detection,
      failAfter(DETECTION_TIMEOUT_MS, 'the director did not see the primary fail'),
    ]);
    const survivors = pids.filter((pid) => pid !== cluster?.replicaPids[PRIMARY]);
    return [before, await measureLoad('after', client, { ...load, durationS }, survivors)];
  } finally {
    signal.removeEventListener('abort', onAbort);
    await end();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measureLoad(
  phase: ThroughputPhase,
  client: LoadChannel,
  load: HttpLoad,
  pids: readonly number[],
): Promise<Measured> {
  const cpuBeforeMs = cpuOf(pids);
  const { requests, failed, seconds, latencyMs } = await runLoad(client, load);
  const cpuAfterMs = cpuOf(pids);
  if (failed > 0 || requests === 0) {
    throw new Error(`${failed} of ${failed + requests} requests failed although nothing else did`);
  }
  const cpuUs = cpuBeforeMs === null || cpuAfterMs === null ? null : (cpuAfterMs - cpuBeforeMs) * 1000;
  return {
    phase,
    requests,
    requestsPerSecond: requests / seconds,
    latencyMs,
    cpuUsPerRequest: cpuUs === null ? null : cpuUs / requests,
  };
}

async function runLoad(client: LoadChannel, load: HttpLoad): Promise<HttpLoadResult> {
  client.send({ kind: 'load', load });
  return (await client.expect('loaded', load.durationS * 1000 + LOAD_GRACE_MS)).result;
}

function loadOf({ connections, durationS, replyBytes }: ThroughputOptions, { port }: Cluster): HttpLoad {
  return { url: `https://127.0.0.1:${port}/reply/0-0?bytes=${replyBytes}`, connections, durationS };
}

/** Null where the system does not tell. */
function cpuOf(pids: readonly number[]): number | null {
  let sumMs = 0;
  for (const pid of pids) {
    const ms = cpuMsOf(pid);
    if (ms === undefined) return null;
    sumMs += ms;
  }
  return sumMs;
}

async function failAfter(ms: number, what: string): Promise<never> {
  await sleep(ms, undefined, { ref: false });
  throw new Error(`${what} within ${ms} ms`);
}

function startCluster(
  { run }: ThroughputOptions,
  identity: Identity,
  strategy: Loaded<RecoveryStrategy>,
  folder: string,
  onReplicaFailed: () => void,
): Promise<Cluster> {
  return Cluster.start({
    clockStartNs: process.hrtime.bigint(),
    replicas: run.replicas,
    strategy: strategy.plugin,
    strategySpecifier: strategy.specifier,
    workloadSpecifier: WORKLOAD,
    seed: run.seed,
    engine: run.engine,
    tls: { version: run.suite.version, ciphers: run.suite.opensslName },
    identity,
    rttMs: 0,
    folder,
    port: 0,
    detector: run.detector,
    onReplicaFailed,
  });
}

function describe(
  { run, durationS, replyBytes, rounds, connections, command }: ThroughputOptions,
  measured: Pick<ThroughputResult, 'startedAt' | 'complete' | 'rows'>,
): ThroughputResult {
  const ids = run.strategies.map(({ plugin }) => plugin.id);
  return {
    schemaVersion: THROUGHPUT_SCHEMA_VERSION,
    ...measured,
    command,
    seed: run.seed,
    environment: captureEnvironment(),
    settings: {
      connections,
      durationS,
      replyBytes,
      replicas: run.replicas,
      rounds,
      engine: run.engine,
      tls: { version: run.suite.version, suite: run.suite.name, key: run.key },
    },
    reference: ids[0] ?? '',
    ...summarizeThroughput(ids, measured.rows, createPrng(run.seed).fork('bootstrap')),
  };
}
