/** Takeovers with keys that servers replace by themselves: at a limit, and as the first thing that a backup does. */
import { afterEach, describe, expect, it } from 'vitest';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import type { RecoveryStrategy } from '../../../src/contracts/strategy.js';
import { type CipherSuite, findSuite, type TlsVersion } from '../../../src/tls/cipher-suites.js';
import { fullStateCopy } from '../../../strategies/full-state-copy.js';
import { spr } from '../../../strategies/spr.js';
import { bulkDownload } from '../../../workloads/bulk-download.js';
import { requestReply } from '../../../workloads/request-reply.js';
import { type ClusterOptions, type CutMoment, isTlsRecord, TestCluster } from './harness.js';
import { get, post, type Result, TestClient } from './test-client.js';

const BODIES = createSeededBytes(11);
const NAMES = ['aes-128-gcm', 'aes-256-gcm', 'chacha20-poly1305'];
const suitesOf = (version: TlsVersion, names = NAMES): CipherSuite[] =>
  names.map((name) => findSuite({ version, name, authentication: 'ecdsa' }));
const STRATEGIES = [spr, fullStateCopy];
const MOMENTS: readonly CutMoment[] = ['on-next', 'at-once'];

const running: TestCluster[] = [];
afterEach(() => {
  for (const cluster of running.splice(0)) cluster.stop();
});

type Options = Pick<ClusterOptions, 'strategy' | 'suite' | 'application' | 'sealing' | 'replicas'>;

async function start(options: Options): Promise<TestCluster> {
  const cluster = await TestCluster.start(options);
  running.push(cluster);
  return cluster;
}

function expectReply(result: Result, id: string, bytes: number): void {
  if (result === 'lost') throw new Error('the connection was lost');
  expect(result.content.length).toBe(bytes);
  expect(result.content.equals(contentOf(id, bytes))).toBe(true);
}

function contentOf(id: string, bytes: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes; at += parts.at(-1)?.length ?? 0) {
    parts.push(BODIES.slice(`reply:${id}`, at, bytes - at));
  }
  return Buffer.concat(parts);
}

interface Course {
  /** Trunk records of an undisturbed exchange, and those up to the first commit. */
  readonly records: number;
  readonly committed: number;
  /** Those before the last one that the client gets: with less it needs a backup. */
  readonly beforeLast: number;
  /** Write keys that were used. */
  readonly keys: number;
}

/** Two requests on one connection, with replicas cut off on the way: replies, and the keys that they were sealed with. */
class Exchange {
  readonly #options: Options;
  readonly #request: string | Buffer;
  readonly #bytes: number;

  constructor(options: Options, request: string | Buffer, bytes: number) {
    this.#options = options;
    this.#request = request;
    this.#bytes = bytes;
  }

  async undisturbed(): Promise<Course> {
    const cluster = await this.#run(() => {});
    const passed = cluster.passed(0);
    const control = passed.findIndex((type) => !isTlsRecord(type));
    const committed = passed.findIndex((type, index) => index > control && isTlsRecord(type));
    const beforeLast = passed.findLastIndex(isTlsRecord);
    return { records: passed.length, committed, beforeLast, keys: cluster.auditNonces().keys };
  }

  /** Cuts replica i off after `after[i]` of its trunk records. */
  async cutAfter(after: readonly number[], moment: CutMoment): Promise<TestCluster> {
    return this.#run((cluster) => {
      for (const [index, records] of after.entries()) cluster.plan(index, { after: records, moment });
    });
  }

  async #run(disturb: (cluster: TestCluster) => void): Promise<TestCluster> {
    const cluster = await start(this.#options);
    disturb(cluster);
    const { suite } = this.#options;
    const client = await TestClient.open(cluster.port, suite);
    expectReply(await client.exchange(this.#request), '0-1', this.#bytes);
    expectReply(await client.exchange(get('0-2', 300)), '0-2', 300);
    client.destroy();
    cluster.stop();
    return cluster;
  }
}

/** Several records, and several KeyUpdates between them. */
const LONG_BYTES = 150_000;
const REKEY_AFTER_RECORDS = 3;

interface Turn {
  readonly suite: CipherSuite;
  readonly name: string;
  /** Those of the numbers from `first` up to `last` that are this suite's turn. @throws RangeError when none is */
  turns(first: number, last: number): number[];
}

/**
 * Suites that make the same records, with keys of their own: what is cut off where is the same for all of them, and each has its
 * turn at every place that another one has not.
 */
function inTurns(suites: readonly CipherSuite[]): Turn[] {
  return suites.map((suite, index) => ({
    suite,
    name: `TLS ${suite.version} ${suite.aead}`,
    turns: (first, last) => {
      const turns: number[] = [];
      for (let turn = first; turn <= last; turn++) if (turn % suites.length === index) turns.push(turn);
      if (turns.length === 0)
        throw new RangeError(`${first} to ${last}: no turn for each of ${suites.length}`);
      return turns;
    },
  }));
}

const TLS13 = inTurns(suitesOf('1.3'));
/** The nonces of these are not made alike (RFC 5288 3, RFC 7905 2). */
const TLS12 = [
  ...inTurns(suitesOf('1.2', ['aes-128-gcm', 'aes-256-gcm'])),
  ...inTurns(suitesOf('1.2', ['chacha20-poly1305'])),
];

describe.each(TLS13)('a key that is used up in the middle of a reply, $name', ({ suite, turns }) => {
  describe.each(STRATEGIES)('$id', (strategy: RecoveryStrategy) => {
    const sealing = { rekey: false, rekeyAfterRecords: REKEY_AFTER_RECORDS };
    const download = { strategy, suite, application: bulkDownload.application(BODIES), sealing };
    const requests = { strategy, suite, application: requestReply.application(BODIES), sealing };
    const body = BODIES.slice('request:0-1', 0, 64);
    const cases = [
      { method: 'GET', exchange: () => new Exchange(download, get('0-1', LONG_BYTES), LONG_BYTES) },
      { method: 'POST', exchange: () => new Exchange(requests, post('0-1', 60_000, body), 60_000) },
    ];

    it.each(cases)(
      'is replaced again at the same place, whatever record of a $method the primary is cut off after',
      async ({ exchange }) => {
        const course = await exchange().undisturbed();
        expect(course.keys).toBeGreaterThanOrEqual(3);
        for (const after of turns(course.committed, course.records)) {
          await exchange().cutAfter([after], MOMENTS[after % 2] ?? 'on-next');
        }
      },
    );

    it('is replaced again by the second backup too', async () => {
      const exchange = (): Exchange =>
        new Exchange({ ...download, replicas: 3 }, get('0-1', LONG_BYTES), LONG_BYTES);
      const { committed, records } = await exchange().undisturbed();
      for (const place of turns(0, Math.floor((records - 1 - committed) / 5))) {
        const first = committed + 5 * place;
        for (const second of [0, 2, 5]) await exchange().cutAfter([first, second], 'on-next');
      }
    });
  });
});

describe.each([...TLS13, ...TLS12])('backups that begin with keys or nonces of their own, $name', (each) => {
  const { suite, turns } = each;
  describe.each(STRATEGIES)('$id', (strategy) => {
    const sealing = { rekey: true };
    const application = requestReply.application(BODIES);
    const bytes = 40_000;
    const body = BODIES.slice('request:0-1', 0, 64);
    const cases = [
      { method: 'GET', request: get('0-1', bytes) },
      { method: 'POST', request: post('0-1', bytes, body) },
    ];

    it.each(cases)('survive a cut after every record of a $method', async ({ request }) => {
      const exchange = new Exchange({ strategy, suite, application, sealing }, request, bytes);
      const course = await exchange.undisturbed();
      expect(course.keys).toBe(1);
      for (const after of turns(course.committed, course.beforeLast)) {
        for (const moment of MOMENTS) {
          const cluster = await exchange.cutAfter([after], moment);
          expect(cluster.auditNonces().keys).toBe(suite.version === '1.3' ? 2 : 1);
        }
      }
    });

    it.each(cases)('survive a second cut, of a $method', async ({ request }) => {
      const options = { strategy, suite, application, sealing, replicas: 3 };
      const exchange = new Exchange(options, request, bytes);
      const { committed, records } = await exchange.undisturbed();
      for (const first of turns(committed, records - 1)) {
        for (const second of [0, 1, 2]) {
          await exchange.cutAfter([first, second], MOMENTS[(first + second) % 2] ?? 'on-next');
        }
      }
    });
  });
});

describe('a backup whose primary had replaced the key unseen', () => {
  it('goes on behind every key that the primary can have used', async () => {
    const [suite] = suitesOf('1.3');
    if (suite === undefined) throw new Error('there are no suites');
    const application = bulkDownload.application(BODIES);
    const sealing = { rekey: true, rekeyAfterRecords: REKEY_AFTER_RECORDS };
    const exchange = new Exchange(
      { strategy: spr, suite, application, sealing },
      get('0-1', LONG_BYTES),
      LONG_BYTES,
    );
    const { committed, records } = await exchange.undisturbed();
    for (let after = committed; after < records; after++) await exchange.cutAfter([after], 'on-next');
  });
});
