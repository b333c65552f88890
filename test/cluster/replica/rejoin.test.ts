/** Replicas that die and come back, one after the other: the connections of a client outlive all of them. */
import { afterEach, describe, expect, it } from 'vitest';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import type { RecoveryStrategy } from '../../../src/contracts/strategy.js';
import { findSuite } from '../../../src/tls/cipher-suites.js';
import { fullStateCopy } from '../../../strategies/full-state-copy.js';
import { spr } from '../../../strategies/spr.js';
import { requestReply } from '../../../workloads/request-reply.js';
import { type ClusterOptions, TestCluster, until } from './harness.js';
import { get, post, type Result, TestClient } from './test-client.js';

const BODIES = createSeededBytes(3);
const SUITE = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });

const running: TestCluster[] = [];
afterEach(() => {
  for (const cluster of running.splice(0)) cluster.stop();
});

async function start(
  strategy: RecoveryStrategy,
  changes: Partial<ClusterOptions> = {},
): Promise<TestCluster> {
  const application = requestReply.application(BODIES);
  const cluster = await TestCluster.start({ strategy, suite: SUITE, application, ...changes });
  running.push(cluster);
  return cluster;
}

function expectReply(result: Result, id: string): void {
  expect(result).toEqual({ status: 200, content: BODIES.slice(`reply:${id}`, 0, 50) });
}

async function killAndRejoin(cluster: TestCluster, index: number): Promise<void> {
  const failures = cluster.failed.length;
  cluster.kill(index);
  await until(() => cluster.failed.length > failures);
  await cluster.rejoin(index);
  await untilProtected(cluster);
}

/** Each flow's state is where it has to be. */
async function untilProtected(cluster: TestCluster): Promise<void> {
  await until(
    () =>
      !cluster.director.protecting &&
      cluster.director
        .status()
        .every(({ index, keeps, alive }) => !alive || cluster.replicas[index]?.holdings.keeps === keeps),
  );
}

describe.each([spr, fullStateCopy])('$id', (strategy) => {
  it.each([2, 3])(
    '%i replicas die in turn, twice each; busy and idle connections notice nothing',
    async (replicas) => {
      const cluster = await start(strategy, { replicas });
      const busy = await TestClient.open(cluster.port, SUITE);
      const idle = await TestClient.open(cluster.port, SUITE);
      expectReply(await idle.exchange(get('1-0', 50)), '1-0');
      for (let round = 0; round < 2 * replicas; round++) {
        const id = `0-${round}`;
        expectReply(await busy.exchange(post(id, 50, BODIES.slice(`request:${id}`, 0, 64))), id);
        await killAndRejoin(cluster, round % replicas);
      }
      expectReply(await idle.exchange(get('1-1', 50)), '1-1');
      expect(cluster.refused).toEqual([]);
      expect(cluster.ended).toEqual([]);
      expect(cluster.handshakes).toEqual([false, false]);
      expect(new Set(cluster.executions).size).toBe(cluster.executions.length);
      for (const each of [busy, idle]) each.destroy();
    },
  );

  it('a connection that waited through the return of its primary is taken over without harm to that one', async () => {
    const cluster = await start(strategy);
    const parked = await TestClient.open(cluster.port, SUITE);
    expectReply(await parked.exchange(get('1-0', 50)), '1-0');
    await killAndRejoin(cluster, 0);
    // Served by replica 0 and kept by 1, over the link that a takeover from the old process must leave alone.
    const fresh = await TestClient.open(cluster.port, SUITE);
    expectReply(await fresh.exchange(get('2-0', 50)), '2-0');
    expectReply(await parked.exchange(get('1-1', 50)), '1-1');
    await untilProtected(cluster);
    // Longer than a link that is to be fenced lives.
    await new Promise((resolve) => setTimeout(resolve, 150));
    expectReply(await fresh.exchange(get('2-1', 50)), '2-1');
    cluster.kill(0);
    expectReply(await fresh.exchange(get('2-2', 50)), '2-2');
    expect(cluster.ended).toEqual([]);
    for (const each of [parked, fresh]) each.destroy();
  });

  it('a primary that wakes up without a director does not make the backup forget idle connections', async () => {
    const cluster = await start(strategy, { detector: { intervalMs: 25, missedLimit: 10 } });
    const idle = await TestClient.open(cluster.port, SUITE);
    expectReply(await idle.exchange(get('1-0', 50)), '1-0');
    cluster.hang(0);
    await until(() => cluster.failed.length > 0);
    const zombie = cluster.replicas[0];
    cluster.wake(0);
    await until(() => zombie?.holdings.serves === 0);
    expectReply(await idle.exchange(get('1-1', 50)), '1-1');
    expect(cluster.refused).toEqual([]);
    idle.destroy();
  });
});

it('a replica that comes back has nothing of what its old process kept, and what it keeps ends with the connection', async () => {
  const cluster = await start(spr);
  const client = await TestClient.open(cluster.port, SUITE);
  expectReply(await client.exchange(get('0-0', 50)), '0-0');
  await killAndRejoin(cluster, 1);
  expect(cluster.replicas[1]?.holdings.keeps).toBe(1);
  client.destroy();
  await until(() => cluster.replicas[1]?.holdings.keeps === 0);
});

it('an idle connection is ended at once when primary and backup die together: nobody has its state', async () => {
  const cluster = await start(spr, { replicas: 3 });
  const idle = await TestClient.open(cluster.port, SUITE);
  expectReply(await idle.exchange(get('1-0', 50)), '1-0');
  cluster.kill(0);
  cluster.kill(1);
  await until(() => cluster.ended.length > 0);
  expect(cluster.ended[0]?.cause).toMatch(/^(state-missing|no-backup)$/);
  expect(await idle.reply()).toBe('lost');
});

it('an idle connection whose backup dies before the state has been passed on is ended at once', async () => {
  const cluster = await start(spr, { replicas: 3 });
  const idle = await TestClient.open(cluster.port, SUITE);
  expectReply(await idle.exchange(get('1-0', 50)), '1-0');
  // Dead, and the director does not know it yet: it gives the connection to this one first.
  cluster.cutLinks(1);
  cluster.kill(0);
  await until(() => cluster.failed.length === 1);
  cluster.kill(1);
  await until(() => cluster.ended.length > 0);
  expect(cluster.ended).toMatchObject([{ cause: 'state-missing' }]);
  expect(cluster.refused).toEqual(['state-missing']);
  expect(await idle.reply()).toBe('lost');
});
