import { afterEach, describe, expect, it } from 'vitest';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import { seededContent } from '../../../src/bench/load-protocol/seeded-content.js';
import type { RecoveryStrategy } from '../../../src/contracts/strategy.js';
import type { MessageApplication } from '../../../src/contracts/workload.js';
import { ControlType } from '../../../src/net/control-records.js';
import { type CipherSuite, findSuite } from '../../../src/tls/cipher-suites.js';
import { fullHandshake } from '../../../strategies/full-handshake.js';
import { fullStateCopy } from '../../../strategies/full-state-copy.js';
import { spr } from '../../../strategies/spr.js';
import { websocket } from '../../../workloads/websocket.js';
import { atEachCut } from './cuts.js';
import { TestCluster } from './harness.js';
import { ask, MessageClient, replyLabels } from './message-client.js';
import { TestClient } from './test-client.js';

const BODIES = createSeededBytes(5);
const TLS13 = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
const TLS12 = findSuite({ version: '1.2', name: 'chacha20-poly1305', authentication: 'ecdsa' });
const ECHOES = 8;
const PUSHES = 6;
/** More in all than director and sockets hold: 20 MB. */
const LARGE_BYTES = 16 * 1024;
const LARGE_ECHOES = 1000;
const LARGE_PUSHES = 200;

const running: TestCluster[] = [];
afterEach(() => {
  for (const cluster of running.splice(0)) cluster.stop();
});

async function start(
  strategy: RecoveryStrategy,
  suite: CipherSuite = TLS13,
  replicas = 2,
  messages: MessageApplication | undefined = websocket.messages?.(BODIES),
): Promise<TestCluster> {
  if (messages === undefined) throw new Error('the workload has no WebSocket');
  const application = websocket.application(BODIES);
  const cluster = await TestCluster.start({ strategy, suite, application, messages, replicas });
  running.push(cluster);
  return cluster;
}

/** Resolves when the director gets nothing more of the primary. */
async function untilStill(cluster: TestCluster): Promise<void> {
  let passed = -1;
  while (passed !== cluster.passed(0).length) {
    passed = cluster.passed(0).length;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A series of pushes, and messages that are answered at once beside it, one after the other. */
async function converse(client: MessageClient): Promise<void> {
  await client.opened();
  client.socket.send(ask('0-0', BODIES, PUSHES, 1));
  for (let index = 1; index <= ECHOES; index += 1) {
    client.socket.send(ask(`0-${index}`, BODIES));
    await client.until(() => client.labels.includes(`0-${index} 1/1`));
  }
  await client.until(() => client.labels.includes(`0-0 ${PUSHES}/${PUSHES}`));
}

function expectConversation({ labels, contents, lost }: MessageClient): void {
  expect(lost).toBeUndefined();
  const echoes = Array.from({ length: ECHOES }, (_, index) => `0-${index + 1}`);
  expect(labels.filter((label) => label.startsWith('0-0 '))).toEqual(replyLabels('0-0', PUSHES));
  expect(labels.filter((label) => !label.startsWith('0-0 '))).toEqual(
    echoes.flatMap((id) => replyLabels(id)),
  );
  for (const [id, content] of contents) {
    expect(content.equals(seededContent(`reply:${id}`, content.length, BODIES))).toBe(true);
  }
}

describe.each([
  ['TLS 1.3', TLS13, 1],
  ['TLS 1.2', TLS12, 5],
] as const)('messages and pushes over %s', (_version, suite, step) => {
  it.each([spr, fullStateCopy])(
    'go on with $id, none lost, doubled or reordered, whatever record the primary was cut off after',
    async (strategy) => {
      const conversation = async ({ port }: TestCluster): Promise<void> => {
        const client = await MessageClient.open(port, suite);
        await converse(client);
        expectConversation(client);
        client.destroy();
      };
      await atEachCut(() => start(strategy, suite), conversation, step);
    },
  );
});

describe.each([spr, fullStateCopy])('a WebSocket with $id', (strategy) => {
  it('survives a second failure, wherever the first backup is', async () => {
    for (let after = 1; after < 16; after += 3) {
      const cluster = await start(strategy, TLS13, 3);
      cluster.plan(0, { after: 20, moment: 'on-next' });
      cluster.plan(1, { after, moment: 'at-once' });
      const client = await MessageClient.open(cluster.port, TLS13);
      await converse(client);
      expectConversation(client);
      expect(cluster.failed).toEqual([0, 1]);
      client.destroy();
      cluster.stop();
    }
  });

  it('goes on in the middle of a message that came in fragments, with pings between', async () => {
    const cluster = await start(strategy);
    const client = await MessageClient.open(cluster.port, TLS13);
    const pongs: string[] = [];
    client.socket.on('pong', (data) => pongs.push(data.toString()));
    await client.opened();
    const message = ask('0-0', BODIES);
    client.socket.send(message.subarray(0, 30), { fin: false });
    client.socket.ping('one');
    await client.until(() => pongs.length === 1);
    client.socket.send(message.subarray(30, 31), { fin: false });
    cluster.kill(0);
    client.socket.ping('two');
    client.socket.send(message.subarray(31), { fin: true });
    client.socket.send(ask('0-1', BODIES));
    await client.until(() => client.labels.length === 2);
    expect([client.lost, client.labels, pongs]).toEqual([undefined, ['0-0 1/1', '0-1 1/1'], ['one', 'two']]);
    client.destroy();
  });

  it('answers messages that were sent in one go, in their order', async () => {
    const cluster = await start(strategy);
    const client = await MessageClient.open(cluster.port, TLS13);
    await client.opened();
    cluster.plan(0, { after: cluster.passed(0).length + 9, moment: 'on-next' });
    const ids = Array.from({ length: 40 }, (_, index) => `0-${index}`);
    for (const id of ids) client.socket.send(ask(id, BODIES));
    await client.until(() => client.labels.length >= ids.length);
    expect([client.lost, client.labels]).toEqual([undefined, ids.flatMap((id) => replyLabels(id))]);
    expect(cluster.failed).toEqual([0]);
    client.destroy();
  });

  it('goes on when its client did not read: what could not be announced was not pushed', async () => {
    const cluster = await start(strategy);
    const client = await MessageClient.open(cluster.port, TLS13);
    await client.opened();
    client.socket.pause();
    client.socket.send(ask('0-0', BODIES, LARGE_PUSHES, 0, LARGE_BYTES));
    const ids = Array.from({ length: LARGE_ECHOES }, (_, index) => `0-${index + 1}`);
    for (const [index, id] of ids.entries()) {
      client.socket.send(ask(id, BODIES, 1, 0, LARGE_BYTES));
      // Pushes come between, until nothing more leaves.
      if (index % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await untilStill(cluster);
    expect(cluster.executions.length).toBeLessThan(ids.length);
    cluster.kill(0);
    client.socket.resume();
    await client.until(() => client.labels.length === ids.length + LARGE_PUSHES);
    expect(client.lost).toBeUndefined();
    const isPush = (label: string): boolean => label.startsWith('0-0 ');
    expect(client.labels.filter(isPush)).toEqual(replyLabels('0-0', LARGE_PUSHES));
    expect(client.labels.filter((label) => !isPush(label))).toEqual(ids.flatMap((id) => replyLabels(id)));
    client.destroy();
  });

  it('closes with the close handshake after a takeover', async () => {
    const cluster = await start(strategy);
    const client = await MessageClient.open(cluster.port, TLS13);
    await client.opened();
    cluster.kill(0);
    client.socket.close(1000, 'done');
    await client.until(() => false);
    expect(client.lost).toBe('1000');
  });

  it('resets a connection whose application pushed what it had not announced', async () => {
    let clock = 0;
    const cluster = await start(strategy, TLS13, 2, (exchange) => {
      const tick = (): void => exchange.send(Buffer.from(`0-0 1/1\n${process.pid} ${clock++};`));
      exchange.checkpoint(Buffer.from('nothing of it'));
      const timer = setInterval(tick, 1);
      return { message() {}, closed: () => clearInterval(timer) };
    });
    const client = await MessageClient.open(cluster.port, TLS13);
    await client.until(() => client.labels.length > 3);
    cluster.kill(0);
    await client.until(() => false);
    expect(client.lost).toBe('1006');
    const counts = client.contents
      .get('0-0')
      ?.toString()
      .match(/ \d+(?=;)/g)
      ?.map(Number);
    expect(counts).toEqual(counts?.map((_, index) => index));
  });
});

describe('a WebSocket', () => {
  it('costs one commit per message, with all that is not handled and nothing else', async () => {
    const cluster = await start(spr);
    const client = await MessageClient.open(cluster.port, TLS13);
    await client.opened();
    const before = cluster.passed(0).length;
    for (let index = 0; index < 20; index += 1) {
      client.socket.send(ask(`0-${index}`, BODIES));
      await client.until(() => client.labels.length === index + 1);
    }
    const commits = cluster
      .passed(0)
      .slice(before)
      .filter((type) => type === ControlType.commit);
    // That of the first checkpoint may come after the upgrade has.
    expect(commits.length - 20).toBeGreaterThanOrEqual(0);
    expect(commits.length - 20).toBeLessThanOrEqual(1);
    client.destroy();
  });

  it('is reset with a strategy that reconnects', async () => {
    const cluster = await start(fullHandshake);
    const client = await MessageClient.open(cluster.port, TLS13);
    await client.opened();
    cluster.kill(0);
    await client.until(() => false);
    expect(client.lost).toBe('1006');
    const next = await MessageClient.open(cluster.port, TLS13);
    await next.opened();
    next.socket.send(ask('0-7', BODIES));
    await next.until(() => next.labels.length === 1);
    expect(next.labels).toEqual(['0-7 1/1']);
    next.destroy();
  });

  it('is closed when a message was lost before it', async () => {
    const cluster = await start(spr);
    const client = await MessageClient.open(cluster.port, TLS13);
    await client.opened();
    client.socket.send(ask('0-0', BODIES));
    client.socket.send(ask('0-2', BODIES));
    await client.until(() => false);
    expect([client.labels, client.lost]).toEqual([['0-0 1/1'], '4001']);
  });

  it('is what the server insists on', async () => {
    const cluster = await start(spr);
    const client = await TestClient.open(cluster.port, TLS13);
    const reply = await client.exchange('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    expect(reply).toMatchObject({ status: 426 });
    client.destroy();
  });
});
