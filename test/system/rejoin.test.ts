/** Replicas die and come back under load, one after the other: the clients keep their connections through all of it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createIdentity } from '../../src/cluster/certificates.js';
import type * as ClusterModule from '../../src/cluster/cluster.js';
import { findSuite } from '../../src/tls/cipher-suites.js';
import { fullStateCopy } from '../../strategies/full-state-copy.js';
import { spr } from '../../strategies/spr.js';
import { Client } from './support/client.js';
import { temporaryFolder } from './support/folder.js';
import { running, untilGone } from './support/processes.js';
import { ROOT } from './support/program.js';
import { SERVERNAME } from './support/server.js';
import { until } from './support/until.js';

// Its processes are started from the compiled modules.
const { Cluster } = (await import(join(ROOT, 'dist/src/cluster/cluster.js'))) as typeof ClusterModule;

type Cluster = ClusterModule.Cluster;

/** Of `serve`, which the expected replies are computed with. */
const SEED = 1;
const CLIENTS = 12;
const REPLY_BYTES = [100, 5000, 40_000];
/** Each connection gets some replies between two faults. */
const REPLIES_BETWEEN = 5 * CLIENTS;
const STEP_TIMEOUT_MS = 30_000;

interface Running {
  readonly cluster: Cluster;
  readonly caPath: string;
  /** Replicas that the director declared failed, in order. */
  readonly failed: number[];
}

async function start(strategy: typeof spr, version: '1.3' | '1.2', replicas: number): Promise<Running> {
  const folder = temporaryFolder();
  const identity = await createIdentity({ key: 'ecdsa-p256', servername: SERVERNAME });
  const caPath = join(folder, 'ca.pem');
  writeFileSync(caPath, identity.caPem);
  const suite = findSuite({ version, name: 'aes-128-gcm', authentication: 'ecdsa' });
  const failed: number[] = [];
  const cluster = await Cluster.start({
    clockStartNs: process.hrtime.bigint(),
    replicas,
    strategy,
    strategySpecifier: strategy.id,
    workloadSpecifier: 'request-reply',
    seed: SEED,
    engine: 'adopted',
    tls: { version, ciphers: suite.opensslName },
    identity,
    rttMs: 0,
    folder,
    port: 0,
    onReplicaFailed: (replica) => failed.push(replica),
  });
  onTestFinished(() => cluster.end());
  return { cluster, caPath, failed };
}

/** Clients that ask for one reply after the other, and check every byte. */
class Load {
  readonly #clients: readonly Client[];
  readonly #loops: Promise<unknown>;
  #stopped = false;
  #replies = 0;
  #error: unknown;

  constructor(target: { readonly port: number; readonly caPath: string }) {
    this.#clients = Array.from({ length: CLIENTS }, () => new Client(target));
    this.#loops = Promise.all(this.#clients.map((client) => this.#ask(client)));
    onTestFinished(() => {
      for (const client of this.#clients) client.close();
    });
  }

  /** Waits for so many replies more. Rejects when one was wrong, or a connection was lost. */
  async moreReplies(count: number): Promise<void> {
    const enough = this.#replies + count;
    await until(
      () => this.#replies >= enough || this.#error !== undefined,
      () => `${enough - this.#replies} of ${count} replies did not come`,
      STEP_TIMEOUT_MS,
    );
    if (this.#error !== undefined) throw this.#error;
  }

  /** Resolves with the connections that the clients needed, in all. */
  async stop(): Promise<number> {
    this.#stopped = true;
    await this.#loops;
    if (this.#error !== undefined) throw this.#error;
    return this.#clients.reduce((sum, { connections }) => sum + connections, 0);
  }

  async #ask(client: Client): Promise<void> {
    for (let turn = 0; !this.#stopped && this.#error === undefined; turn++) {
      try {
        await client.check(REPLY_BYTES[turn % REPLY_BYTES.length] ?? 0);
        this.#replies += 1;
      } catch (error) {
        this.#error ??= error;
      }
    }
  }
}

async function kill({ cluster, failed }: Running, index: number): Promise<void> {
  const before = failed.length;
  cluster.signalReplica(index, 'SIGKILL');
  await until(
    () => failed.length > before,
    () => `the failure of replica ${index} was not detected`,
    STEP_TIMEOUT_MS,
  );
}

describe.each([
  [spr, '1.3', 2],
  [spr, '1.2', 3],
  [fullStateCopy, '1.3', 3],
] as const)('%j', (strategy, version, replicas) => {
  it(`${strategy.id}, TLS ${version}: ${replicas} replicas die and come back in turn, and no client notices`, async () => {
    const all = await start(strategy, version, replicas);
    const { cluster } = all;
    const load = new Load({ port: cluster.port, caPath: all.caPath });
    for (let round = 0; round < 4; round++) {
      const victim = round % replicas;
      const pid = cluster.replicaPids[victim] ?? 0;
      await load.moreReplies(REPLIES_BETWEEN);
      await kill(all, victim);
      await load.moreReplies(REPLIES_BETWEEN);
      await cluster.restartReplica(victim);
      await cluster.untilProtected();
      expect(cluster.replicaPids[victim]).not.toBe(pid);
    }
    await load.moreReplies(REPLIES_BETWEEN);
    expect(await load.stop()).toBe(CLIENTS);
    const { director, replicas: reports } = await cluster.rotate();
    expect(director.flows.filter(({ endedMs }) => endedMs !== null)).toEqual([]);
    expect(reports.flatMap(({ refusals }) => refusals)).toEqual([]);
  });
});

it('a replica that only hangs is ended before it comes back, and never heard again', async () => {
  const all = await start(spr, '1.3', 2);
  const { cluster, failed } = all;
  const load = new Load({ port: cluster.port, caPath: all.caPath });
  await load.moreReplies(REPLIES_BETWEEN);
  const hung = cluster.replicaPids[0] ?? 0;
  cluster.signalReplica(0, 'SIGSTOP');
  await until(
    () => failed.length === 1,
    () => 'the hang was not detected',
    STEP_TIMEOUT_MS,
  );
  await cluster.restartReplica(0);
  expect(running([hung])).toEqual([]);
  await cluster.untilProtected();
  await kill(all, 1);
  await load.moreReplies(REPLIES_BETWEEN);
  expect(await load.stop()).toBe(CLIENTS);
});

it('a replica that cannot come back is an error, and the others go on', async () => {
  const all = await start(spr, '1.3', 2);
  const { cluster } = all;
  const load = new Load({ port: cluster.port, caPath: all.caPath });
  await load.moreReplies(REPLIES_BETWEEN);
  const restarted = cluster.restartReplica(0);
  const survivor = cluster.replicaPids[1] ?? 0;
  // As soon as there is a new process it is killed: it never listens.
  const old = cluster.replicaPids[0];
  await until(
    () => cluster.replicaPids[0] !== old,
    () => 'no new process',
    STEP_TIMEOUT_MS,
  );
  process.kill(cluster.replicaPids[0] ?? 0, 'SIGKILL');
  await expect(restarted).rejects.toThrow('replica 0');
  await load.moreReplies(REPLIES_BETWEEN);
  expect(running([survivor])).toEqual([survivor]);
  expect((await cluster.status()).map(({ alive }) => alive)).toEqual([false, true]);
  await cluster.restartReplica(0);
  await load.moreReplies(REPLIES_BETWEEN);
  expect(await load.stop()).toBe(CLIENTS);
  const pids = [...cluster.replicaPids, cluster.directorPid];
  await cluster.end();
  await untilGone(pids);
});
