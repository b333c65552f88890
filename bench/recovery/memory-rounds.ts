/**
 * Connections opened, failed over and closed again and again, in one cluster whose director and survivors live the whole
 * time: what they keep of connections that are gone adds up from round to round.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, createClock } from '../../src/base/clock.js';
import { SERVERNAME } from '../../src/bench/trial.js';
import { createIdentity, type Identity } from '../../src/cluster/certificates.js';
import { Cluster } from '../../src/cluster/cluster.js';
import type { ReplicaStatus } from '../../src/cluster/director/replica-status.js';
import { processEntry } from '../../src/cluster/process-entry.js';
import type { LoadCommand, LoadEvent, LoadReport } from '../../src/contracts/load.js';
import { type ChildChannel, spawnChild } from '../../src/net/message-channel.js';
import { CIPHER_SUITES } from '../../src/tls/cipher-suites.js';
import { spr } from '../../strategies/spr.js';
import type { MemoryRound } from './memory-rows.js';

export interface MemorySettings {
  /** Of each round. */
  readonly connections: number;
  readonly rounds: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

type LoadChannel = ChildChannel<LoadCommand, LoadEvent>;

interface Running {
  readonly cluster: Cluster;
  /** Of this round and of those before, which have ended. */
  readonly clients: LoadChannel[];
  readonly identity: Identity;
  readonly clock: Clock;
  readonly clockStartNs: bigint;
  readonly settings: MemorySettings;
}

/** Killed in each round. The others have its connections, then their state, and live on. */
const VICTIM = 0;
const REPLICAS = 3;
/** So few active ones that opening the others is what takes time. */
const WORKLOAD = 'idle-fleet:active-share=0.001';
/** So many of a round are opened on all replicas and closed unasked: on one that lives, and parked behind one that died. */
const BYSTANDER_SHARE = 0.1;
const LONGER_THAN_ANY_ROUND_MS = 86_400_000;
const START_DELAY_MS = 20;
const CONNECT_CONCURRENCY = 32;
/** Of one connection, on a machine that is busy with others: handshake, and request behind the fault. */
const MS_PER_CONNECTION = 40;
/** Longer than the load client waits for replies and for the closing check. */
const TIMEOUT_MS = 90_000;
/** Nothing is measured in time here: a reply that a busy machine is late with is no connection lost. */
const PATIENCE_MS = 30_000;
const POLL_MS = 50;
/** Nothing hangs here: only a replica that is gone may be given up, however busy it is. */
const DETECTOR = { intervalMs: 100, missedLimit: 100 };
const [SUITE] = CIPHER_SUITES;

/** Rejects when a process cannot be started or fails, or the signal has come; all of them are gone by then. */
export async function runMemoryRounds(settings: MemorySettings): Promise<MemoryRound[]> {
  const folder = await mkdtemp(join(tmpdir(), 'spr-bench-'));
  const clockStartNs = process.hrtime.bigint();
  const identity = await createIdentity({ key: 'ecdsa-p256', servername: SERVERNAME });
  const cluster = await startCluster({ clockStartNs, identity, folder, settings });
  const clock = createClock(clockStartNs);
  const clients: LoadChannel[] = [];
  const running = { cluster, clients, identity, clock, clockStartNs, settings };
  const end = async (): Promise<void> => {
    await Promise.all([cluster.end(), ...clients.map((client) => client.end())]);
  };
  // Whatever is waited for then rejects.
  const onAbort = (): void => void end();
  settings.signal.addEventListener('abort', onAbort);
  try {
    const rounds: MemoryRound[] = [];
    while (rounds.length < settings.rounds) {
      settings.signal.throwIfAborted();
      rounds.push(await runRound(running));
      process.stderr.write(`memory: round ${rounds.length} of ${settings.rounds}\n`);
    }
    return rounds;
  } finally {
    settings.signal.removeEventListener('abort', onAbort);
    await end();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Start extends Pick<Running, 'clockStartNs' | 'identity' | 'settings'> {
  readonly folder: string;
}

function startCluster({ clockStartNs, identity, folder, settings }: Start): Promise<Cluster> {
  return Cluster.start({
    clockStartNs,
    replicas: REPLICAS,
    strategy: spr,
    strategySpecifier: spr.id,
    workloadSpecifier: WORKLOAD,
    seed: settings.seed,
    engine: 'adopted',
    tls: tls(),
    identity,
    rttMs: 0,
    folder,
    port: 0,
    detector: DETECTOR,
  });
}

function tls(): { version: '1.3' | '1.2'; ciphers: string } {
  if (SUITE === undefined) throw new Error('there is no cipher suite');
  return { version: SUITE.version, ciphers: SUITE.opensslName };
}

/** Open, fault, a request on each connection, close; then everything that was killed comes back. */
async function runRound(running: Running): Promise<MemoryRound> {
  const { cluster, clock, settings } = running;
  const { connections } = settings;
  await cluster.place('spread');
  const bystanders = await openLoad(running, Math.ceil(connections * BYSTANDER_SHARE));
  await cluster.place('primary');
  const fleet = await openLoad(running, connections);
  await untilAnswered(fleet, connections);
  const faultMs = clock();
  cluster.signalReplica(VICTIM, 'SIGKILL');
  await untilStatus(cluster, 'the replica that was killed still counts as alive', (replicas) =>
    replicas.some(({ index, alive }) => index === VICTIM && !alive),
  );
  const report = await stopLoad(fleet, faultMs, connections);
  await bystanders.end();
  await untilStatus(cluster, 'flows are left whose clients have gone', (replicas) =>
    replicas.every(({ serves, keeps }) => serves + keeps === 0),
  );
  await cluster.restartReplica(VICTIM);
  await cluster.untilProtected();
  await cluster.rotate();
  return { connections, kept: keptConnections(report, faultMs), memory: await memoryOf(cluster) };
}

async function openLoad(running: Running, connections: number): Promise<LoadChannel> {
  const { cluster, identity, clock, clockStartNs, settings } = running;
  const client: LoadChannel = spawnChild({ module: processEntry('client'), name: 'load client' });
  running.clients.push(client);
  client.send({
    kind: 'open',
    config: {
      clockStartNs: String(clockStartNs),
      port: cluster.port,
      servername: SERVERNAME,
      ca: identity.caPem,
      tls: tls(),
      workload: WORKLOAD,
      seed: settings.seed,
      // Idle ones ask again when the load is over.
      options: { connections, durationMs: LONGER_THAN_ANY_ROUND_MS, arrivals: 'closed' },
      onTransportLost: spr.client.onTransportLost,
      connectConcurrency: CONNECT_CONCURRENCY,
      patienceMs: PATIENCE_MS,
    },
  });
  await client.expect('opened', TIMEOUT_MS + MS_PER_CONNECTION * connections);
  client.send({ kind: 'run', startMs: clock() + START_DELAY_MS });
  return client;
}

/**
 * Every connection has had a reply: its handshake is over at the server too, and there is something to keep. A client of TLS
 * 1.3 has done its part before the server has.
 */
async function untilAnswered(client: LoadChannel, connections: number): Promise<void> {
  const timeoutMs = TIMEOUT_MS + MS_PER_CONNECTION * connections;
  const deadlineMs = performance.now() + timeoutMs;
  const answered = new Set<number>();
  while (answered.size < connections) {
    if (performance.now() > deadlineMs) {
      throw new Error(`${answered.size} of ${connections} connections had a reply within ${timeoutMs} ms`);
    }
    await sleep(POLL_MS);
    client.send({ kind: 'rotate' });
    const { requests } = (await client.expect('rotated', TIMEOUT_MS)).rotation;
    requests.outcome.forEach((outcome, row) => {
      const connection = requests.connection[row];
      if (outcome === 'ok' && connection !== undefined) answered.add(connection);
    });
  }
}

/** The closing check asks on each connection that has been silent since the fault: all of them are taken over. */
async function stopLoad(client: LoadChannel, faultMs: number, connections: number): Promise<LoadReport> {
  client.send({ kind: 'stop', faultMs });
  const { report } = await client.expect('report', TIMEOUT_MS + MS_PER_CONNECTION * connections);
  await client.end();
  return report;
}

/** One that has a right reply to a request sent since the fault, on its first and only transport. */
function keptConnections({ requests, transports }: LoadReport, faultMs: number): number {
  const lost = new Set(transports.flatMap(({ connection, endedMs }) => (endedMs === null ? [] : connection)));
  const served = new Set<number>();
  requests.outcome.forEach((outcome, row) => {
    const connection = requests.connection[row];
    const isLater = (requests.sentMs[row] ?? Number.NaN) >= faultMs;
    if (outcome === 'ok' && isLater && connection !== undefined) served.add(connection);
  });
  return [...served].filter((connection) => !lost.has(connection)).length;
}

/** What the director knows takes some turns to be so. Rejects when it is not so after a minute. */
async function untilStatus(
  cluster: Cluster,
  otherwise: string,
  isSo: (replicas: readonly ReplicaStatus[]) => boolean,
): Promise<void> {
  const deadlineMs = performance.now() + TIMEOUT_MS;
  for (let replicas = await cluster.status(); !isSo(replicas); replicas = await cluster.status()) {
    if (performance.now() > deadlineMs) {
      throw new Error(`${otherwise}, after ${TIMEOUT_MS} ms: ${JSON.stringify(replicas)}`);
    }
    await sleep(POLL_MS);
  }
}

async function memoryOf(cluster: Cluster): Promise<MemoryRound['memory']> {
  const { director, replicas } = await cluster.collectedMemory();
  const survivors = replicas.flatMap((memory, index) =>
    index === VICTIM ? [] : [[`replica ${index}`, memory] as const],
  );
  return Object.fromEntries([['director', director] as const, ...survivors]);
}
