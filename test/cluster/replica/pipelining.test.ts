import { EventEmitter, once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import type { Replica } from '../../../src/cluster/replica/replica.js';
import type { RecoveryStrategy } from '../../../src/contracts/strategy.js';
import type { Application } from '../../../src/contracts/workload.js';
import { ControlType } from '../../../src/net/control-records.js';
import { findSuite } from '../../../src/tls/cipher-suites.js';
import { ContentType } from '../../../src/tls/record.js';
import { fullStateCopy } from '../../../strategies/full-state-copy.js';
import { spr } from '../../../strategies/spr.js';
import { requestReply } from '../../../workloads/request-reply.js';
import { TestCluster, until } from './harness.js';
import { get, post, type Result, TestClient } from './test-client.js';

const BODIES = createSeededBytes(3);
const SUITE = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
const APPLICATION = requestReply.application(BODIES);

const running: TestCluster[] = [];
afterEach(() => {
  for (const cluster of running.splice(0)) cluster.stop();
});

async function start(
  strategy: RecoveryStrategy,
  application: Application = APPLICATION,
): Promise<{ cluster: TestCluster; client: TestClient }> {
  const cluster = await TestCluster.start({ strategy, suite: SUITE, application });
  running.push(cluster);
  const client = await TestClient.open(cluster.port, SUITE);
  expect(await client.secure()).toBe(true);
  return { cluster, client };
}

function expectReply(result: Result, id: string, bytes: number): void {
  expect(result).toEqual({ status: 200, content: BODIES.slice(`reply:${id}`, 0, bytes) });
}

function backup(cluster: TestCluster): Replica {
  const [, replica] = cluster.replicas;
  if (replica === undefined) throw new Error('there is no second replica');
  return replica;
}

function postRequest(id: string, bytes: number): Buffer {
  return post(id, bytes, BODIES.slice(`request:${id}`, 0, 64));
}

describe.each([spr, fullStateCopy])('pipelined requests, $id', (strategy) => {
  it.each([
    ['GET, GET', [get('0-1', 100), get('0-2', 200)]],
    ['GET, POST', [get('0-1', 100), postRequest('0-2', 200)]],
    ['POST, GET', [postRequest('0-1', 100), get('0-2', 200)]],
    ['POST, POST', [postRequest('0-1', 100), postRequest('0-2', 200)]],
  ])('are all answered, in order: %s', async (_order, requests) => {
    const { client, cluster } = await start(strategy);
    const commits = (): number => cluster.passed(0).filter((type) => type === ControlType.commit).length;
    await until(() => commits() === 1);
    client.send(Buffer.concat(requests.map((request) => Buffer.from(request))));
    expectReply(await client.reply(), '0-1', 100);
    expectReply(await client.reply(), '0-2', 200);
    await until(() => commits() > 1);
    // What is committed is not replayed: a reply must not come behind the commit of its request.
    expect(cluster.passed(0).slice(cluster.passed(0).indexOf(ControlType.commit) + 1)).toEqual([
      ...requests.map(() => ContentType.application_data),
      ControlType.commit,
    ]);
    expectReply(await client.exchange(get('0-3', 10)), '0-3', 10);
  });
});

describe('the outcome of a request that is not idempotent', () => {
  it('is of no use when it begins behind output that the client may have missed', async () => {
    const events = new EventEmitter();
    const { cluster, client } = await start(spr, (request, response) => {
      response.writeHead(200, { 'Content-Length': 6 });
      if (request.url === '/first') response.end('first.');
      else if (request.method === 'GET') {
        response.write('abc', () => events.emit('begun'));
        events.once('finish', () => response.end('def'));
      } else {
        response.end('posted');
        events.emit('executed');
      }
    });
    await client.exchange('GET /first HTTP/1.1\r\nHost: localhost\r\n\r\n');
    cluster.congest(0);
    client.send(get('0-1', 6));
    await once(events, 'begun');
    client.send(postRequest('0-2', 6));
    await once(events, 'executed');
    const { replication } = backup(cluster);
    const messages = replication.messages;
    events.emit('finish');
    await until(() => replication.messages > messages);
    cluster.kill(0);
    expect(await client.reply()).toBe('lost');
    expect(cluster.ended).toEqual([{ flowId: 1, cause: 'state-mismatch' }]);
  });
});
