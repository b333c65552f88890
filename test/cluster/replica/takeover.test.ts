import { afterEach, describe, expect, it } from 'vitest';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import type { RecoveryStrategy } from '../../../src/contracts/strategy.js';
import { type CipherSuite, findSuite, type TlsVersion } from '../../../src/tls/cipher-suites.js';
import { fullStateCopy } from '../../../strategies/full-state-copy.js';
import { spr } from '../../../strategies/spr.js';
import { requestReply } from '../../../workloads/request-reply.js';
import { handshakeRecords } from './cuts.js';
import { type Cut, type CutMoment, isTlsRecord, TestCluster } from './harness.js';
import { get, post, type Result, TestClient } from './test-client.js';

const BODIES = createSeededBytes(3);
const REPLY_BYTES = 500;
const POST_BODY = BODIES.slice('request:0-1', 0, 64);
const REQUESTS = { GET: get('0-1', REPLY_BYTES), POST: post('0-1', REPLY_BYTES, POST_BODY) } as const;
type Method = keyof typeof REQUESTS;

const VARIANTS = (['1.3', '1.2'] as const satisfies TlsVersion[]).flatMap((version) =>
  ['aes-128-gcm', 'aes-256-gcm', 'chacha20-poly1305'].map((name) => {
    const suite = findSuite({ version, name, authentication: 'ecdsa' });
    // Both moments for one suite of each version; what differs between the suites does not depend on the moment.
    const moments: readonly CutMoment[] = name === 'aes-128-gcm' ? ['on-next', 'at-once'] : ['on-next'];
    return { name: `TLS ${version} ${name}`, suite, moments };
  }),
);
const STRATEGIES = [spr, fullStateCopy];

const running: TestCluster[] = [];
afterEach(() => {
  for (const cluster of running.splice(0)) cluster.stop();
});

async function start(strategy: RecoveryStrategy, suite: CipherSuite): Promise<TestCluster> {
  const cluster = await TestCluster.start({ strategy, suite, application: requestReply.application(BODIES) });
  running.push(cluster);
  return cluster;
}

function expectReply(result: Result, id: string): void {
  expect(result).toEqual({ status: 200, content: BODIES.slice(`reply:${id}`, 0, REPLY_BYTES) });
}

/** Where the trunk records of an undisturbed exchange are, counted from the first. */
interface Course {
  readonly records: number;
  /** Records up to the end of the handshake; the first commit follows. */
  readonly handshake: number;
  /** Records before the reply. */
  readonly reply: number;
}

async function undisturbedCourse(
  strategy: RecoveryStrategy,
  suite: CipherSuite,
  method: Method,
): Promise<Course> {
  const cluster = await start(strategy, suite);
  const client = await TestClient.open(cluster.port, suite);
  await client.secure();
  expectReply(await client.exchange(REQUESTS[method]), '0-1');
  const passed = cluster.passed(0);
  const handshake = handshakeRecords(cluster);
  const reply = passed.findIndex((type, index) => index > handshake && isTlsRecord(type));
  client.destroy();
  return { records: passed.length, handshake, reply };
}

interface Disturbed {
  readonly cluster: TestCluster;
  readonly result: Result;
  /** A further request on the same connection. */
  readonly next: Result;
}

/** One request with the primary cut off on the way, and another one after it. */
async function exchangeWithCut(
  strategy: RecoveryStrategy,
  suite: CipherSuite,
  method: Method,
  cut: Cut,
): Promise<Disturbed> {
  const cluster = await start(strategy, suite);
  cluster.plan(0, cut);
  const client = await TestClient.open(cluster.port, suite);
  const result = await client.exchange(REQUESTS[method]);
  const next = await client.exchange(get('0-2', REPLY_BYTES));
  client.destroy();
  return { cluster, result, next };
}

function expectKept({ result, next }: Disturbed): void {
  expectReply(result, '0-1');
  expectReply(next, '0-2');
}

/** Lost, and for a reason that has a name: the client saw a handshake that nobody else can finish. */
function expectRefused({ cluster, result }: Disturbed): void {
  expect(result).toBe('lost');
  expect(cluster.ended).toHaveLength(1);
  expect(['state-missing', 'handshake-unfinished', 'state-mismatch']).toContain(cluster.ended[0]?.cause);
}

function expectRightCourse(
  disturbed: Disturbed,
  method: Method,
  course: Course,
  { after, moment }: Cut,
): void {
  const { cluster, result } = disturbed;
  // With the last record of the handshake the primary had no time to tell its backup; the client saw no reply yet.
  const undecided = after === course.handshake && moment === 'at-once';
  if (undecided ? result === 'lost' : after > 0 && after < course.handshake) expectRefused(disturbed);
  else expectKept(disturbed);
  const outcomeReplicated = after > course.reply || (after === course.reply && moment === 'on-next');
  if (method === 'POST' && outcomeReplicated) {
    expect(cluster.executions.filter((id) => id === '0-1')).toHaveLength(1);
  }
}

describe.each(VARIANTS)('$name', ({ suite, moments }) => {
  describe.each(STRATEGIES)('$id', (strategy) => {
    it.each<Method>(['GET', 'POST'])('survives a cut after every record of a %s', async (method) => {
      const course = await undisturbedCourse(strategy, suite, method);
      for (let after = 0; after <= course.records; after++) {
        for (const moment of moments) {
          const cut = { after, moment };
          const disturbed = await exchangeWithCut(strategy, suite, method, cut);
          expectRightCourse(disturbed, method, course, cut);
          disturbed.cluster.stop();
        }
      }
    });
  });
});
