/**
 * KeyUpdates of the client and of the server, before, between and after takeovers, one or several in a row, with the
 * server's sequence numbers as they are behind a full handshake and behind a resumed one.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import type { SealingOptions } from '../../../src/cluster/replica/connection-host.js';
import type { Application } from '../../../src/contracts/workload.js';
import { findSuite } from '../../../src/tls/cipher-suites.js';
import { ContentType } from '../../../src/tls/record.js';
import { fullStateCopy } from '../../../strategies/full-state-copy.js';
import { spr } from '../../../strategies/spr.js';
import { until } from './harness.js';
import { Bench } from './record-bench.js';

const SUITE = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
const GET = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';
/** Ten records: there are some left behind all takeovers. */
const REPLY = createSeededBytes(5).slice('reply', 0, 150_000);
/**
 * Records that each owner passes on before the next one takes over. In the second, an owner goes far beyond what its
 * predecessor changed unseen.
 */
const CUTS: readonly (readonly number[])[] = [
  [2, 1, 0],
  [1, 7, 1],
];
const TAKEOVERS = 3;
const APPLICATION: Application = (_request, response) => {
  response.writeHead(200, { 'Content-Length': REPLY.length });
  response.end(REPLY);
};

/** KeyUpdates of the client, in a row: whether each asks for one in return. */
type KeyUpdates = readonly boolean[];

const CLIENT: readonly { readonly keyUpdates: KeyUpdates; readonly name: string }[] = [
  { name: 'none', keyUpdates: [] },
  { name: 'one', keyUpdates: [false] },
  { name: 'one that asks', keyUpdates: [true] },
  { name: 'three, of which two ask', keyUpdates: [true, false, true] },
];

const SERVER: readonly { readonly name: string; readonly sealing: SealingOptions }[] = [
  { name: 'none of its own', sealing: { rekey: false } },
  { name: 'one after each two records', sealing: { rekey: false, rekeyAfterRecords: 2 } },
  { name: 'one at each takeover', sealing: { rekey: true } },
  { name: 'both', sealing: { rekey: true, rekeyAfterRecords: 2 } },
];

/** When the client sends its KeyUpdates. */
type Where = 'before the request' | 'behind the request' | 'in the reply';
const PLACES: readonly Where[] = ['before the request', 'behind the request', 'in the reply'];

const HANDSHAKES = [
  { name: 'full', tickets: 2 },
  { name: 'resumed', tickets: 0 },
];

const running: Bench[] = [];
afterEach(() => {
  for (const bench of running.splice(0)) bench.stop();
});

interface Course {
  readonly keyUpdates: KeyUpdates;
  readonly where: Where;
}

/** One connection and what its client has sent on it. */
class Played {
  readonly bench: Bench;
  /** KeyUpdates of the client that ask for one in return. */
  asked = 0;
  requests = 0;
  /** Of all replies so far, their heads included; and the records in which they came. */
  #contentBytes = 0;
  #records = 0;

  constructor(bench: Bench) {
    this.bench = bench;
  }

  /** One request, its reply, and takeovers on the way, the next one each time that so many more records have passed. */
  async exchange({ keyUpdates, where }: Course, cuts: readonly number[]): Promise<void> {
    const { bench } = this;
    if (where === 'before the request') this.#update(keyUpdates);
    bench.passing = cuts[0] ?? Number.POSITIVE_INFINITY;
    bench.send(bench.client.seal(GET));
    this.requests += 1;
    if (where === 'behind the request') this.#update(keyUpdates);
    for (const [index] of cuts.entries()) {
      await until(() => bench.passing === 0);
      if (where === 'in the reply') this.#update(keyUpdates);
      await this.#takeOver(cuts[index + 1]);
    }
    await this.#untilReplied();
  }

  async #takeOver(passing = Number.POSITIVE_INFINITY): Promise<void> {
    const refused = await this.bench.takeOver(passing);
    if (refused !== undefined) throw new Error(`refused: ${refused}`);
  }

  /** @throws Error when the connection ends instead */
  async #untilReplied(): Promise<void> {
    const { bench } = this;
    await until(() => bench.ends.length > 0 || this.#received() >= this.requests * REPLY.length);
    await until(() => bench.ends.length > 0 || endsWithReply(bench));
    expect(bench.ends).toEqual([]);
  }

  /** Each record is counted once: this is asked again and again. */
  #received(): number {
    const { opened } = this.bench;
    for (const { type, content } of opened.slice(this.#records))
      if (type === ContentType.application_data) this.#contentBytes += content.length;
    this.#records = opened.length;
    return this.#contentBytes;
  }

  #update(keyUpdates: KeyUpdates): void {
    for (const asks of keyUpdates) {
      this.bench.send(this.bench.client.keyUpdate(asks));
      if (asks) this.asked += 1;
    }
  }
}

/** Looks at the last records alone: there are megabytes before them. */
function endsWithReply({ opened }: Bench): boolean {
  const parts: Buffer[] = [];
  for (let index = opened.length - 1, bytes = 0; index >= 0 && bytes < REPLY.length; index--) {
    const { type, content } = opened[index] ?? {};
    if (type !== ContentType.application_data || content === undefined) continue;
    parts.unshift(content);
    bytes += content.length;
  }
  return Buffer.concat(parts).subarray(-REPLY.length).equals(REPLY);
}

/** All replies, in order, and nothing twice. */
function expectReplies({ bench, requests }: Played): void {
  expect(bench.text.split(REPLY.toString('latin1'))).toHaveLength(requests + 1);
}

/** KeyUpdates of the server that the client got. */
function keyUpdatesOf({ opened }: Bench): number {
  return opened.filter(({ type }) => type === ContentType.handshake).length;
}

const STRATEGIES = [spr, fullStateCopy];
const CASES = STRATEGIES.flatMap((strategy) =>
  HANDSHAKES.flatMap((handshake) => SERVER.map((server) => ({ strategy, handshake, server }))),
);

describe.each(CASES)(
  '$strategy.id, $handshake.name handshake, the server replaces its key: $server.name',
  ({ strategy, handshake: { tickets }, server: { sealing } }) => {
    async function start(): Promise<Played> {
      const bench = new Bench(SUITE, strategy, APPLICATION, {
        used: { recordsRead: 0, recordsWritten: tickets },
        sealing,
      });
      running.push(bench);
      await bench.establish();
      return new Played(bench);
    }

    /**
     * Every KeyUpdate that asked for one has got its own, and nobody who made records again added any. One that is due
     * anyway may be the answer.
     */
    function expectAnswers({ bench, asked }: Played): void {
      const own = sealing.rekey || sealing.rekeyAfterRecords !== undefined;
      if (own) expect(keyUpdatesOf(bench)).toBeGreaterThanOrEqual(Math.max(1, asked));
      else expect(keyUpdatesOf(bench)).toBe(asked);
    }

    describe.each(CLIENT)('KeyUpdates of the client: $name', ({ keyUpdates }) => {
      it.each(PLACES)('%s, in exchanges with one takeover each', async (where) => {
        const played = await start();
        for (let takeover = 0; takeover < TAKEOVERS; takeover++) {
          await played.exchange({ keyUpdates, where }, [takeover]);
        }
        await played.exchange({ keyUpdates, where: 'before the request' }, []);
        expectReplies(played);
        expectAnswers(played);
      });

      const courses = PLACES.flatMap((where) => CUTS.map((cuts) => ({ where, cuts })));

      it.each(courses)(
        '$where, in one exchange with takeovers behind $cuts records',
        async ({ where, cuts }) => {
          const played = await start();
          await played.exchange({ keyUpdates, where }, cuts);
          await played.exchange({ keyUpdates, where: 'before the request' }, []);
          expectReplies(played);
          expectAnswers(played);
        },
      );
    });
  },
);
