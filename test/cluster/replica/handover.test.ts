/** Replicas that end as planned: their connections move at points from which nothing is made again. */
import { afterEach, describe, expect, it } from 'vitest';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import type { RecoveryStrategy } from '../../../src/contracts/strategy.js';
import type { Application } from '../../../src/contracts/workload.js';
import type { Take } from '../../../src/net/control-records.js';
import { findSuite } from '../../../src/tls/cipher-suites.js';
import { fullHandshake } from '../../../strategies/full-handshake.js';
import { fullStateCopy } from '../../../strategies/full-state-copy.js';
import { spr } from '../../../strategies/spr.js';
import { bulkDownload } from '../../../workloads/bulk-download.js';
import { requestReply } from '../../../workloads/request-reply.js';
import { type ClusterOptions, TestCluster, until } from './harness.js';
import { get, post, type Result, TestClient } from './test-client.js';

const BODIES = createSeededBytes(3);
const SUITE = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
const TLS12 = findSuite({ version: '1.2', name: 'aes-128-gcm', authentication: 'ecdsa' });

const running: TestCluster[] = [];
afterEach(() => {
  for (const cluster of running.splice(0)) cluster.stop();
});

interface Started {
  readonly cluster: TestCluster;
  /** The evidence of all takeovers. */
  readonly takes: Take[];
}

async function start(strategy: RecoveryStrategy, changes: Partial<ClusterOptions> = {}): Promise<Started> {
  const takes: Take[] = [];
  const cluster = await TestCluster.start({
    strategy,
    suite: SUITE,
    application: requestReply.application(BODIES),
    tamper: (take) => {
      takes.push(take);
      return take;
    },
    ...changes,
  });
  running.push(cluster);
  return { cluster, takes };
}

function expectReply(result: Result, id: string, bytes = 50): void {
  if (result === 'lost') throw new Error(`the connection was lost before the reply to ${id}`);
  expect(result.status).toBe(200);
  expect(result.content.length).toBe(bytes);
  for (let at = 0; at < bytes; ) {
    const part = BODIES.slice(`reply:${id}`, at, bytes - at);
    expect(result.content.subarray(at, at + part.length).equals(part)).toBe(true);
    at += part.length;
  }
}

/** Nothing was delivered since the commit that the new owner goes on from: it makes nothing again. */
function expectNothingReplayed(takes: readonly Take[]): void {
  for (const { commit, delivered } of takes) expect(delivered).toBe(commit.recordsWritten);
}

function expectUnnoticed(cluster: TestCluster): void {
  expect(cluster.refused).toEqual([]);
  expect(cluster.ended).toEqual([]);
  expect(cluster.failed).toEqual([]);
  expect(new Set(cluster.executions).size).toBe(cluster.executions.length);
}

/** Answers when it is told to. */
function answeringLater(): { application: Application; answer: () => void; asked: () => number } {
  const answers: (() => void)[] = [];
  let asked = 0;
  return {
    application: (request, response, exchange) => {
      const id = /reply\/([\d-]+)/.exec(request.url ?? '')?.[1] ?? '';
      exchange.recordExecution(id);
      asked += 1;
      request.resume();
      answers.push(() => response.end(BODIES.slice(`reply:${id}`, 0, 50)));
    },
    answer: () => {
      for (const answer of answers.splice(0)) answer();
    },
    asked: () => asked,
  };
}

describe.each([spr, fullStateCopy])('$id', (strategy) => {
  it('an idle connection moves, and its client notices nothing', async () => {
    const { cluster, takes } = await start(strategy);
    const client = await TestClient.open(cluster.port, SUITE);
    expectReply(await client.exchange(get('0-0', 50)), '0-0');
    await cluster.drain(0);
    expect(cluster.drained).toEqual([0]);
    expect(cluster.handedOver).toMatchObject([{ from: 0, idle: true }]);
    // Lazily: it is only kept until its client speaks.
    expect(cluster.takenOver.length).toBe(strategy.backup?.idleFlows === 'lazy' ? 0 : 1);
    expectReply(await client.exchange(get('0-1', 50)), '0-1');
    expectReply(await client.exchange(post('0-2', 50, BODIES.slice('request:0-2', 0, 64))), '0-2');
    expectNothingReplayed(takes);
    expectUnnoticed(cluster);
    client.destroy();
  });

  it.each(['GET', 'POST'])('a connection with a %s under way moves behind its reply', async (method) => {
    const { application, answer, asked } = answeringLater();
    const { cluster, takes } = await start(strategy, { application });
    const client = await TestClient.open(cluster.port, SUITE);
    client.send(method === 'GET' ? get('0-0', 50) : post('0-0', 50, Buffer.alloc(64)));
    await until(() => asked() === 1);
    const drained = cluster.drain(0);
    await until(() => cluster.director.status()[0]?.serves === 1 && !cluster.director.protecting);
    expect(cluster.handedOver).toEqual([]);
    answer();
    expectReply(await client.reply(), '0-0');
    await drained;
    expect(cluster.drained).toEqual([0]);
    client.send(get('0-1', 50));
    await until(() => asked() === 2);
    answer();
    expectReply(await client.reply(), '0-1');
    expect(cluster.executions).toEqual(['0-0', '0-1']);
    expectNothingReplayed(takes);
    expectUnnoticed(cluster);
    client.destroy();
  });

  it.each([
    ['TLS 1.3', SUITE],
    ['TLS 1.2', TLS12],
  ])('a long reply moves at its next checkpoint, and nothing of it is made again: %s', async (_, suite) => {
    const bytes = 16 * 1024 * 1024;
    const { cluster, takes } = await start(strategy, {
      suite,
      application: bulkDownload.application(BODIES),
    });
    const client = await TestClient.open(cluster.port, suite);
    client.send(get('0-0', bytes));
    await until(() => cluster.passed(0).length > 60);
    await cluster.drain(0);
    expect(cluster.handedOver).toMatchObject([{ from: 0, idle: false }]);
    expectReply(await client.reply(), '0-0', bytes);
    expect(cluster.executions).toEqual(['0-0']);
    expect(takes).toHaveLength(1);
    expectNothingReplayed(takes);
    expectUnnoticed(cluster);
    client.destroy();
  });

  it.each([2, 3])(
    '%i replicas end and come back in turn, twice each: no client notices',
    async (replicas) => {
      const { cluster, takes } = await start(strategy, { replicas });
      const busy = await TestClient.open(cluster.port, SUITE);
      const idle = await TestClient.open(cluster.port, SUITE);
      expectReply(await idle.exchange(get('1-0', 50)), '1-0');
      for (let round = 0; round < 2 * replicas; round++) {
        const id = `0-${round}`;
        const drained = cluster.drain(round % replicas);
        expectReply(await busy.exchange(post(id, 50, BODIES.slice(`request:${id}`, 0, 64))), id);
        await drained;
        await cluster.rejoin(round % replicas);
        await until(() => !cluster.director.protecting);
        await until(() =>
          cluster.director
            .status()
            .every(({ index, keeps }) => cluster.replicas[index]?.holdings.keeps === keeps),
        );
      }
      expect(cluster.drained).toHaveLength(2 * replicas);
      expectReply(await idle.exchange(get('1-1', 50)), '1-1');
      expect(cluster.handshakes).toEqual([false, false]);
      expectNothingReplayed(takes);
      expectUnnoticed(cluster);
      for (const each of [busy, idle]) each.destroy();
    },
  );

  it('what comes while the backup still has to acknowledge waits; when that dies, the connection goes on, and moves to the next', async () => {
    const { cluster } = await start(strategy, { replicas: 3 });
    const client = await TestClient.open(cluster.port, SUITE);
    expectReply(await client.exchange(get('0-0', 50)), '0-0');
    cluster.silenceLink(0, 1);
    // Its state is on its way to the backup for ever.
    const other = await TestClient.open(cluster.port, SUITE);
    await until(() => cluster.handshakes.length === 2);
    const drained = cluster.drain(0);
    // Offered in the next turns of the loop, and nothing more.
    for (let turns = 0; turns < 5; turns++) await new Promise((resolve) => setImmediate(resolve));
    client.send(get('0-1', 50));
    client.send(get('0-2', 50));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(cluster.executions).toEqual(['0-0']);
    expect(cluster.handedOver).toEqual([]);
    cluster.kill(1);
    expectReply(await client.reply(), '0-1');
    expectReply(await client.reply(), '0-2');
    await drained;
    expect(cluster.failed).toEqual([1]);
    expect(cluster.handedOver.map(({ from }) => from)).toEqual([0, 0]);
    expectReply(await client.exchange(get('0-3', 50)), '0-3');
    expectReply(await other.exchange(get('1-0', 50)), '1-0');
    expect(cluster.executions).toEqual(['0-0', '0-1', '0-2', '0-3', '1-0']);
    expect(cluster.ended).toEqual([]);
    for (const each of [client, other]) each.destroy();
  });
});

it('a connection that does not come to a boundary in time is taken over as after a crash', async () => {
  const { application, answer, asked } = answeringLater();
  const { cluster } = await start(spr, { application, drainLimitMs: 30 });
  const client = await TestClient.open(cluster.port, SUITE);
  client.send(get('0-0', 50));
  await until(() => asked() === 1);
  await cluster.drain(0);
  expect(cluster.failed).toEqual([0]);
  expect(cluster.drained).toEqual([]);
  await until(() => asked() === 2);
  answer();
  expectReply(await client.reply(), '0-0');
  expect(cluster.executions).toEqual(['0-0', '0-0']);
  client.destroy();
});

it('a client that has asked for the end of its connection gets it, and from nobody else', async () => {
  const { application, answer, asked } = answeringLater();
  const { cluster } = await start(spr, { application });
  const client = await TestClient.open(cluster.port, SUITE);
  client.send('GET /reply/0-0?bytes=50 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  await until(() => asked() === 1);
  const drained = cluster.drain(0);
  await until(() => !cluster.director.protecting);
  answer();
  expectReply(await client.reply(), '0-0');
  expect(await client.reply()).toBe('lost');
  await drained;
  expect(cluster.handedOver).toEqual([]);
  expect(cluster.ended).toMatchObject([{ cause: 'closed' }]);
});

it('what the others kept on a replica that ends goes elsewhere, and new connections do too', async () => {
  const { cluster } = await start(spr, { replicas: 3 });
  const client = await TestClient.open(cluster.port, SUITE);
  expectReply(await client.exchange(get('0-0', 50)), '0-0');
  await cluster.drain(1);
  expect(cluster.drained).toEqual([1]);
  expect(cluster.director.status().map(({ keeps }) => keeps)).toEqual([0, 0, 1]);
  await until(() => cluster.replicas[2]?.holdings.keeps === 1);
  cluster.kill(0);
  expectReply(await client.exchange(get('0-1', 50)), '0-1');
  expect(cluster.refused).toEqual([]);
  client.destroy();
});

describe.each(['adopted', 'native'] as const)('where nothing is replicated, engine %s', (engine) => {
  it('idle connections are closed, busy ones behind their reply, and new ones go elsewhere', async () => {
    const { application, answer, asked } = answeringLater();
    const { cluster } = await start(fullHandshake, { application, engine });
    const idle = await TestClient.open(cluster.port, SUITE);
    await idle.secure();
    const busy = await TestClient.open(cluster.port, SUITE);
    busy.send(get('0-0', 50));
    await until(() => asked() === 1 && cluster.handshakes.length === 2);
    const drained = cluster.drain(0);
    expect(await idle.reply()).toBe('lost');
    const next = await TestClient.open(cluster.port, SUITE);
    next.send(get('1-0', 50));
    await until(() => asked() === 2);
    answer();
    expectReply(await busy.reply(), '0-0');
    expect(await busy.reply()).toBe('lost');
    await drained;
    expect(cluster.drained).toEqual([0]);
    expect(cluster.ended.map(({ cause }) => cause)).toEqual(['closed', 'closed']);
    expectReply(await next.reply(), '1-0');
    next.destroy();
  });
});
