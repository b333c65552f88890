import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import { HttpApplication } from '../../../src/cluster/replica/http-application.js';
import { Ledger } from '../../../src/cluster/replica/ledger.js';
import { Replica } from '../../../src/cluster/replica/replica.js';
import { OutgoingLink } from '../../../src/cluster/replication/link.js';
import { encodeStateMessage } from '../../../src/cluster/replication/state-message.js';
import type { RecoveryStrategy } from '../../../src/contracts/strategy.js';
import {
  ControlType,
  encodeFence,
  encodeTake,
  parseEnd,
  type Take,
} from '../../../src/net/control-records.js';
import { Trunk } from '../../../src/net/trunk.js';
import { deriveTrunkKey, greetReplica } from '../../../src/net/trunk-greeting.js';
import { Alert, AlertLevel } from '../../../src/tls/alert.js';
import { findSuite } from '../../../src/tls/cipher-suites.js';
import { fullHandshake } from '../../../strategies/full-handshake.js';
import { fullStateCopy } from '../../../strategies/full-state-copy.js';
import { sessionResumption } from '../../../strategies/session-resumption.js';
import { spr } from '../../../strategies/spr.js';
import { requestReply } from '../../../workloads/request-reply.js';
import { type ClusterOptions, TestCluster, until } from './harness.js';
import { get, post, type Result, TestClient } from './test-client.js';

const BODIES = createSeededBytes(3);
const SUITE = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
const APPLICATION = requestReply.application(BODIES);

const UNKNOWN_FLOW: Take = {
  clientAddress: '127.0.0.1',
  clientPort: 1,
  backup: undefined,
  from: 0,
  fromIncarnation: 0,
  commit: { recordsRead: 3, recordsWritten: 6 },
  delivered: 6,
  received: 3,
  creditBytes: 1000,
  sealedState: undefined,
  deliveredEntries: Buffer.alloc(0),
};

const running: TestCluster[] = [];
afterEach(() => {
  for (const cluster of running.splice(0)) cluster.stop();
});

async function start(
  strategy: RecoveryStrategy,
  changes: Partial<ClusterOptions> = {},
): Promise<TestCluster> {
  const cluster = await TestCluster.start({ strategy, suite: SUITE, application: APPLICATION, ...changes });
  running.push(cluster);
  return cluster;
}

function expectReply(result: Result, id: string): void {
  expect(result).toEqual({ status: 200, content: BODIES.slice(`reply:${id}`, 0, 50) });
}

describe.each([spr, fullStateCopy])('$id', (strategy) => {
  it('keeps a flow when its primary hangs, and hears nothing of it when it wakes up', async () => {
    const cluster = await start(strategy, { detector: { intervalMs: 25, missedLimit: 10 } });
    const client = await TestClient.open(cluster.port, SUITE);
    expectReply(await client.exchange(get('0-1', 50)), '0-1');
    cluster.hang(0);
    client.send(get('0-2', 50));
    await until(() => cluster.failed.length > 0);
    expectReply(await client.reply(), '0-2');
    cluster.wake(0);
    expectReply(await client.exchange(get('0-3', 50)), '0-3');
    expect(cluster.ended).toEqual([]);
    client.destroy();
  });

  it('uses nothing that a primary replicates after it has been replaced, and executes its backlog all the same', async () => {
    const cluster = await start(strategy, { detector: { intervalMs: 25, missedLimit: 10 } });
    const client = await TestClient.open(cluster.port, SUITE);
    expectReply(await client.exchange(get('0-1', 50)), '0-1');
    cluster.hang(0);
    client.send(post('0-2', 50, BODIES.slice('request:0-2', 0, 64)));
    expectReply(await client.reply(), '0-2');
    const { holdings, replication } = cluster.replicas[1] ?? {};
    const messages = replication?.messages;
    cluster.wake(0);
    // The request that it had not read before it hung is what it does first: the outcome goes to the backup.
    await until(() => (cluster.replicas[1]?.replication.fenced ?? 0) > 0);
    expect(cluster.executions.filter((id) => id === '0-2')).toHaveLength(2);
    expect(cluster.replicas[1]?.replication.messages).toBe(messages);
    expect(cluster.replicas[1]?.holdings).toEqual(holdings);
    expectReply(await client.exchange(get('0-3', 50)), '0-3');
    expect(cluster.ended).toEqual([]);
    client.destroy();
  });

  it('goes on alone when the backup is lost, whatever the request is', async () => {
    const cluster = await start(strategy);
    const client = await TestClient.open(cluster.port, SUITE);
    expectReply(await client.exchange(get('0-1', 50)), '0-1');
    cluster.kill(1);
    expectReply(await client.exchange(post('0-2', 50, BODIES.slice('request:0-2', 0, 64))), '0-2');
    const other = await TestClient.open(cluster.port, SUITE);
    expectReply(await other.exchange(get('1-1', 50)), '1-1');
    for (const each of [client, other]) each.destroy();
  });

  it('survives one failure after the other', async () => {
    const cluster = await start(strategy, { replicas: 4 });
    const client = await TestClient.open(cluster.port, SUITE);
    for (let index = 0; index < 3; index++) {
      const id = `0-${index}`;
      expectReply(await client.exchange(post(id, 50, BODIES.slice(`request:${id}`, 0, 64))), id);
      cluster.kill(index);
      await until(() => cluster.failed.length === index + 1);
    }
    expectReply(await client.exchange(get('0-9', 50)), '0-9');
    expect(cluster.executions).toEqual(['0-0', '0-1', '0-2', '0-9']);
    expect(cluster.handshakes).toEqual([false]);
    client.destroy();
  });

  it('takes 100 busy connections over at once', async () => {
    const cluster = await start(strategy);
    const clients = await Promise.all(
      Array.from({ length: 100 }, () => TestClient.open(cluster.port, SUITE)),
    );
    const commits = () => cluster.passed(0).filter((type) => type === ControlType.commit);
    await until(() => commits().length === clients.length);
    for (const [index, client] of clients.entries()) client.send(get(`${index}-1`, 50));
    await until(() => cluster.executions.length > 50);
    cluster.kill(0);
    for (const [index, client] of clients.entries()) expectReply(await client.reply(), `${index}-1`);
    expect(cluster.ended).toEqual([]);
    for (const client of clients) client.destroy();
  });
});

describe.each(['adopted', 'native'] as const)('strategies that reconnect, engine %s', (engine) => {
  it('full-handshake resets, and the next handshake is a full one', async () => {
    const cluster = await start(fullHandshake, { engine });
    const client = await TestClient.open(cluster.port, SUITE);
    expectReply(await client.exchange(get('0-1', 50)), '0-1');
    cluster.kill(0);
    expect(await client.reply()).toBe('lost');
    const again = await TestClient.open(cluster.port, SUITE);
    expectReply(await again.exchange(get('0-2', 50)), '0-2');
    expect(cluster.handshakes).toEqual([false, false]);
    again.destroy();
  });

  it('session-resumption resumes on another replica', async () => {
    const cluster = await start(sessionResumption, { engine });
    const client = await TestClient.open(cluster.port, SUITE);
    const sessions: Buffer[] = [];
    client.socket.on('session', (session) => sessions.push(session));
    expectReply(await client.exchange(get('0-1', 50)), '0-1');
    cluster.kill(0);
    expect(await client.reply()).toBe('lost');
    const again = await TestClient.open(cluster.port, SUITE, sessions.at(-1));
    expectReply(await again.exchange(get('0-2', 50)), '0-2');
    expect(again.socket.isSessionReused()).toBe(true);
    expect(cluster.handshakes).toEqual([false, true]);
    again.destroy();
  });
});

/** A director's end of a trunk that notes which flows the replica ends, and why. */
function directorOn(socket: Socket): { readonly director: Trunk; readonly ends: readonly string[] } {
  const ends: string[] = [];
  const director = new Trunk(socket, {
    tlsRecord() {},
    controlRecord: (flowId, _type, _flags, body) => ends.push(`${flowId} ${parseEnd(body)}`),
    batchEnd() {},
    closed() {},
  });
  return { director, ends };
}

describe('the end of a connection', () => {
  it('is a close_notify when the application closes it', async () => {
    const cluster = await start(spr);
    const client = await TestClient.open(cluster.port, SUITE);
    const request = get('0-1', 50).replace('Host:', 'Connection: close\r\nHost:');
    const ended = once(client.socket, 'end');
    expectReply(await client.exchange(request), '0-1');
    await ended;
    await until(() => cluster.ended.length === 1);
    expect(cluster.ended[0]?.cause).toBe('closed');
  });

  it('is an alert when the client sends what is no record, before a handshake too', async () => {
    const cluster = await start(spr);
    const socket = connect(cluster.port, '127.0.0.1');
    const received: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    socket.write(Buffer.of(22, 3, 1, 0xff, 0xff));
    await once(socket, 'end');
    const alert = Buffer.of(21, 3, 3, 0, 2, AlertLevel.fatal, Alert.record_overflow);
    expect(Buffer.concat(received)).toEqual(alert);
  });
});

describe('a replica', () => {
  const CLUSTER_KEY = Buffer.alloc(32);
  const TRUNK_KEY = deriveTrunkKey(CLUSTER_KEY);

  function createReplica(): Replica {
    return new Replica(
      {
        index: 1,
        incarnation: 0,
        strategy: spr,
        engine: 'adopted',
        secureContext: createSecureContext(),
        application: new HttpApplication(APPLICATION, new Ledger('/dev/null', () => 0)),
        clusterKey: CLUSTER_KEY,
        heartbeatIntervalMs: 3_600_000,
      },
      { handshake() {}, takenOver() {}, refused() {} },
      () => 0,
    );
  }

  it('does not believe a primary that the director has fenced, although it takes nothing over from it', async () => {
    const replica = createReplica();
    const { trunkPort, linkPort: port } = await replica.listen();
    const socket = connect(trunkPort, '127.0.0.1');
    await greetReplica(socket, TRUNK_KEY);
    const handler = { tlsRecord() {}, controlRecord() {}, batchEnd() {}, closed() {} };
    const director = new Trunk(socket, handler);
    const identity = { peer: 1, self: 0, incarnation: 7, port, clusterKey: CLUSTER_KEY };
    const primary = await OutgoingLink.connect(identity);
    const outcome = { from: { recordsRead: 3, recordsWritten: 6 }, through: 4, output: Buffer.from('reply') };
    const message = encodeStateMessage({ outcome: { ...outcome, whole: true } });
    const before = primary.replicate(1, 0, message);
    await until(() => primary.acknowledgedCounter === before);
    director.sendControl(0, ControlType.fence, encodeFence({ replica: 0, incarnation: 7 }));
    await until(() => {
      primary.replicate(2, 0, message);
      return replica.replication.fenced > 0;
    });
    const { messages, fenced } = replica.replication;
    const { keeps } = replica.holdings;
    primary.forget(1);
    await until(() => replica.replication.fenced > fenced);
    expect(replica.replication.messages).toBe(messages);
    expect(replica.holdings.keeps).toBe(keeps);
    primary.end();
    replica.stop();
    await once(socket, 'close');
  });

  it('has no director but one of its own run, however many others come first', async () => {
    const replica = createReplica();
    const { trunkPort } = await replica.listen();
    const strangers = [connect(trunkPort, '127.0.0.1'), connect(trunkPort, '127.0.0.1')];
    const [silent, impostor] = strangers;
    if (silent === undefined || impostor === undefined) throw new Error('no strangers');
    await expect(greetReplica(impostor, Buffer.alloc(32, 9))).rejects.toThrow('ended before');
    const socket = connect(trunkPort, '127.0.0.1');
    await greetReplica(socket, TRUNK_KEY);
    const { director, ends } = directorOn(socket);
    director.sendControl(4, ControlType.take, encodeTake(UNKNOWN_FLOW));
    await until(() => ends.length === 1);
    for (const each of [...strangers, socket]) each.destroy();
    replica.stop();
  });

  it('ends flows whose control records make no sense, and refuses to take over what it does not know', async () => {
    const replica = createReplica();
    const { trunkPort } = await replica.listen();
    const socket = connect(trunkPort, '127.0.0.1');
    await greetReplica(socket, TRUNK_KEY);
    const { director, ends } = directorOn(socket);
    director.sendControl(1, ControlType.open, Buffer.of(1, 2));
    director.sendControl(2, ControlType.take, Buffer.of(1, 2));
    director.sendControl(3, ControlType.end, Buffer.of(99));
    director.sendControl(4, ControlType.take, encodeTake(UNKNOWN_FLOW));
    await until(() => ends.length === 4);
    expect(ends).toEqual(['1 internal-error', '2 internal-error', '3 internal-error', '4 state-missing']);
    replica.stop();
    await once(socket, 'close');
  });
});
