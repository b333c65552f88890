/** Handshakes of every kind, in records of every cut, with the primary cut off after each record that it sends. */
import { once } from 'node:events';
import type { ConnectionOptions } from 'node:tls';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import type { Application } from '../../../src/contracts/workload.js';
import { findSuite } from '../../../src/tls/cipher-suites.js';
import { ContentType } from '../../../src/tls/record.js';
import { spr } from '../../../strategies/spr.js';
import { requestReply } from '../../../workloads/request-reply.js';
import { fuzzRuns } from '../../fuzz-budget.js';
import { type Certificate, selfSigned } from '../../tls/openssl-connection.js';
import { cutInto, type Piece, type Shape } from '../../tls/record-reshaper.js';
import { type ClusterOptions, type Cut, isTlsRecord, TestCluster } from './harness.js';
import { openReshaped, type ReshapedOptions } from './reshaped-client.js';
import { get, post, type Result } from './test-client.js';

const BODIES = createSeededBytes(3);
const REPLY_BYTES = 500;
const TLS13 = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
const TLS12 = findSuite({ version: '1.2', name: 'aes-128-gcm', authentication: 'ecdsa' });
const { application_data: DATA, handshake: HANDSHAKE } = ContentType;
/** Why a connection may be lost whose handshake only the dead primary could finish. */
const UNFINISHED = ['state-missing', 'handshake-unfinished', 'state-mismatch'];

let clientCertificate: Certificate;
beforeAll(() => {
  clientCertificate = selfSigned('ecdsa');
});

const running: TestCluster[] = [];
afterEach(() => {
  for (const cluster of running.splice(0)) cluster.stop();
});

interface Handshakes {
  readonly what: string;
  readonly cluster?: () => Partial<ClusterOptions>;
  readonly client?: () => Partial<ReshapedOptions>;
  /** Makes a connection before, whose session the one under test resumes. */
  readonly resumes?: boolean;
}

const KINDS: readonly Handshakes[] = [
  {
    what: 'a client certificate',
    cluster: () => ({ clientCertificate: 'required', context: { ca: clientCertificate.cert } }),
    client: () => ({ tls: { ...clientCertificate } }),
  },
  {
    what: 'a client certificate in records of 100 bytes',
    cluster: () => ({ clientCertificate: 'required', context: { ca: clientCertificate.cert } }),
    client: () => ({
      tls: { ...clientCertificate },
      shape: {
        plain: (type, content) => cutInto(100, type, content),
        flight: (content) => cutInto(100, HANDSHAKE, content),
      },
    }),
  },
  {
    what: 'a ClientHello in records of one byte, in segments of one byte',
    client: () => ({
      shape: { plain: (type, content) => cutInto(1, type, content) },
      segments: [1],
      // A post-quantum key share, which newer versions of Node offer, would be 1,200 records more.
      tls: { ecdhCurve: 'X25519:P-256' },
    }),
  },
  { what: 'a resumed session', resumes: true },
  {
    what: 'records of one byte with padding',
    client: () => ({
      shape: {
        flight: (content) => padded(cutInto(1, HANDSHAKE, content)),
        data: (content) => padded(cutInto(1, DATA, content)),
      },
    }),
  },
];
const HELLO_RETRY: Handshakes = {
  what: 'a HelloRetryRequest',
  cluster: () => ({ context: { ecdhCurve: 'P-384' } }),
  client: () => ({ tls: { ecdhCurve: 'P-256:P-384' } }),
};

/** In TLS 1.2 the client speaks only when the server has answered its Finished. */
const JOINED: Handshakes = {
  what: 'a request in one segment with Finished',
  client: () => ({ joined: true }),
};

const CASES = [
  ...[TLS13, TLS12].flatMap((suite) => KINDS.map((kind) => ({ version: suite.version, suite, ...kind }))),
  ...[HELLO_RETRY, JOINED].map((kind) => ({ version: TLS13.version, suite: TLS13, ...kind })),
];
type Case = (typeof CASES)[number];

/** Nothing that TLS 1.2 could not have: there the padding is left out when the record is made. */
function padded(pieces: readonly Piece[]): Piece[] {
  return pieces.map((piece) => ({ ...piece, paddingBytes: 20 }));
}

interface Tried {
  readonly cluster: TestCluster;
  readonly result: Result;
  readonly next: Result;
  /** Types of the trunk records of the primary for this connection. */
  readonly passed: readonly number[];
}

async function exchange({ suite, ...kind }: Case, cut?: Cut): Promise<Tried> {
  const application = requestReply.application(BODIES);
  const cluster = await TestCluster.start({ strategy: spr, suite, application, ...kind.cluster?.() });
  running.push(cluster);
  const options = { shape: {}, ...kind.client?.() };
  const resuming: ConnectionOptions =
    kind.resumes === true ? { session: await sessionOf(cluster, suite, options) } : {};
  const before = cluster.passed(0).length;
  if (cut !== undefined) cluster.plan(0, { ...cut, after: before + cut.after });
  const client = await openReshaped(cluster.port, suite, {
    ...options,
    tls: { ...options.tls, ...resuming },
  });
  const result = await client.exchange(post('0-1', REPLY_BYTES, BODIES.slice('request:0-1', 0, 64)));
  const next = await client.exchange(get('0-2', REPLY_BYTES));
  // Where the primary says nothing at all, the backup makes the handshake, with ticket keys of its own.
  if (cut === undefined) expect(client.socket.isSessionReused()).toBe(kind.resumes === true);
  const passed = cluster.passed(0).slice(before);
  client.destroy();
  return { cluster, result, next, passed };
}

async function sessionOf(
  cluster: TestCluster,
  suite: Case['suite'],
  options: ReshapedOptions,
): Promise<Buffer> {
  const client = await openReshaped(cluster.port, suite, options);
  const session = once(client.socket, 'session');
  expectReply(await client.exchange(get('0-0', REPLY_BYTES)), '0-0');
  const [ticket] = await session;
  const ended = cluster.ended.length;
  client.destroy();
  while (cluster.ended.length === ended) await new Promise((resolve) => setImmediate(resolve));
  cluster.ended.length = 0;
  return ticket as Buffer;
}

function expectReply(result: Result, id: string): void {
  expect(result).toEqual({ status: 200, content: BODIES.slice(`reply:${id}`, 0, REPLY_BYTES) });
}

describe.each(CASES)('$what, TLS $version', (kind) => {
  it('is survived wherever the primary is cut off', async () => {
    const undisturbed = await exchange(kind);
    expectReply(undisturbed.result, '0-1');
    expectReply(undisturbed.next, '0-2');
    const handshake = undisturbed.passed.findIndex((type) => !isTlsRecord(type));
    for (let after = 0; after <= handshake + 2; after++) {
      for (const moment of ['on-next', 'at-once'] as const) {
        const tried = await exchange(kind, { after, moment });
        if (after === 0 || after > handshake) expectReply(tried.result, '0-1');
        // Up to here only the dead primary could have finished the handshake, or told of it.
        if (tried.result === 'lost') expect(UNFINISHED).toContain(tried.cluster.ended[0]?.cause);
        else expectReply(tried.next, '0-2');
        tried.cluster.stop();
      }
    }
  });
});

describe('a conversation', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 12 });
  const shapes = fc.record({
    plain: lengths,
    flight: lengths,
    data: lengths,
    segments: lengths,
    paddingBytes: fc.nat(50),
    emptyRecords: fc.nat(3),
    joined: fc.boolean(),
    suite: fc.constantFrom(TLS13, TLS12),
  });
  const cuts = fc.record({
    after: fc.integer({ min: 0, max: 14 }),
    moment: fc.constantFrom('on-next' as const, 'at-once' as const),
  });

  it('goes on as it was, whatever its records and its segments are, wherever the primary is cut off', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, cuts, async ({ suite, segments, ...cut }, at) => {
        const joined = cut.joined && suite.version === '1.3';
        const shape: Shape = {
          plain: (type, content) => cutBy(cut.plain, type, content),
          flight: (content) =>
            cutBy(cut.flight, HANDSHAKE, content).map((piece) => ({
              ...piece,
              paddingBytes: cut.paddingBytes,
            })),
          data: (content) => [
            ...Array<Piece>(cut.emptyRecords).fill({ type: DATA, content: Buffer.alloc(0) }),
            ...cutBy(cut.data, DATA, content).map((piece) => ({
              ...piece,
              paddingBytes: cut.paddingBytes,
            })),
          ],
        };
        const kind = {
          what: '',
          version: suite.version,
          suite,
          client: () => ({ shape, segments, joined }),
        };
        const { cluster, result, next } = await exchange(kind, at);
        cluster.stop();
        if (result === 'lost') expect(UNFINISHED).toContain(cluster.ended[0]?.cause);
        else expectReply(result, '0-1');
        if (result !== 'lost') expectReply(next, '0-2');
      }),
      { numRuns: fuzzRuns(15) },
    );
  });
});

describe('a handshake that takes nearly all of the flow window', () => {
  it('leaves room for what follows', async () => {
    const application: Application = (request, response) => {
      request.resume();
      request.on('end', () => response.end());
    };
    const cluster = await TestCluster.start({ strategy: spr, suite: TLS13, application });
    running.push(cluster);
    const client = await openReshaped(cluster.port, TLS13, {
      // 38 KB that the server does not care for, in records of one byte: 230 KB on the wire.
      tls: { ALPNProtocols: Array<string>(190).fill('x'.repeat(200)) },
      shape: { plain: (type, content) => cutInto(1, type, content) },
    });
    expect(await client.exchange(post('0-1', 0, Buffer.alloc(600_000)))).toMatchObject({ status: 200 });
    client.destroy();
  });
});

/** Pieces as long as `lengths` says, over and over. */
function cutBy(lengths: readonly number[], type: number, content: Buffer): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0, turn = 0; at < content.length; turn++) {
    const end = at + (lengths[turn % lengths.length] ?? 1);
    pieces.push({ type, content: content.subarray(at, end) });
    at = end;
  }
  return pieces;
}
