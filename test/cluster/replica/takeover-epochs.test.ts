/**
 * A second fault in the middle of one exchange, whose keys or nonces have changed before: the replica that goes on has to
 * have every epoch since the last commit, although it became the backup after them.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import type { Application } from '../../../src/contracts/workload.js';
import { findSuite, type TlsVersion } from '../../../src/tls/cipher-suites.js';
import { fullStateCopy } from '../../../strategies/full-state-copy.js';
import { spr } from '../../../strategies/spr.js';
import { isTlsRecord, TestCluster, until } from './harness.js';
import { get, TestClient } from './test-client.js';

/** Three records each, and so more than one key each. */
const PART_BYTES = 40_000;
const PARTS = 3;
const REKEY_AFTER_RECORDS = 2;
const REPLY = createSeededBytes(5).slice('reply', 0, PART_BYTES * PARTS);

/** Makes one reply in parts, on whichever replica; its executions wait where the test wants them to. */
class Script {
  #executions = 0;
  readonly #waiting = new Map<string, () => void>();
  readonly #pauses: Set<string>;

  /** @param pauses execution and part that it waits before */
  constructor(...pauses: readonly (readonly [execution: number, part: number])[]) {
    this.#pauses = new Set(pauses.map(String));
  }

  readonly application: Application = (_request, response) => {
    const execution = this.#executions++;
    response.writeHead(200, { 'Content-Length': REPLY.length });
    const write = async (): Promise<void> => {
      for (let part = 0; part < PARTS; part++) {
        await this.#pass(execution, part);
        response.write(REPLY.subarray(part * PART_BYTES, (part + 1) * PART_BYTES));
      }
      response.end();
    };
    void write();
  };

  async waitsBefore(execution: number, part: number): Promise<void> {
    await until(() => this.#waiting.has(String([execution, part])));
  }

  goOn(execution: number, part: number): void {
    this.#waiting.get(String([execution, part]))?.();
  }

  #pass(execution: number, part: number): Promise<void> | undefined {
    const place = String([execution, part]);
    if (!this.#pauses.has(place)) return undefined;
    return new Promise((resolve) => this.#waiting.set(place, resolve));
  }
}

/** One request of one client, and what the client has got of the reply. */
class Exchange {
  readonly cluster: TestCluster;
  readonly client: TestClient;
  #head = '';
  #received = 0;

  constructor(cluster: TestCluster, client: TestClient) {
    this.cluster = cluster;
    this.client = client;
    client.socket.on('data', (chunk: Buffer) => {
      if (this.#received === 0) this.#head = chunk.toString('latin1').split('\r\n\r\n')[0] ?? '';
      this.#received += chunk.length;
    });
    client.send(get('0-1', REPLY.length));
  }

  async untilReceived(parts: number): Promise<void> {
    await until(() => this.#received >= this.#head.length + 4 + parts * PART_BYTES);
  }

  /** Replica `index` dies. Resolves when the state of the flow is where the next fault needs it. */
  async lose(index: number, rejoins = false): Promise<void> {
    const { cluster } = this;
    const failures = cluster.failed.length;
    cluster.kill(index);
    await until(() => cluster.failed.length > failures);
    if (rejoins) await cluster.rejoin(index);
    await this.#untilProtected();
  }

  async #untilProtected(): Promise<void> {
    const { cluster } = this;
    await until(
      () =>
        !cluster.director.protecting &&
        cluster.director
          .status()
          .every(({ index, keeps, alive }) => !alive || cluster.replicas[index]?.holdings.keeps === keeps),
    );
  }

  async expectReply(): Promise<void> {
    const result = await this.client.reply();
    expect(this.cluster.refused).toEqual([]);
    if (result === 'lost') throw new Error(`the connection was lost: ${JSON.stringify(this.cluster.ended)}`);
    expect(result.content.equals(REPLY)).toBe(true);
  }

  /** Keys and numbers that only seem to be right show now. */
  async expectNextReply(): Promise<void> {
    const next = await this.client.exchange(get('0-2', REPLY.length));
    expect(next !== 'lost' && next.content.equals(REPLY)).toBe(true);
    this.client.destroy();
    this.cluster.stop();
  }
}

const running: TestCluster[] = [];
afterEach(() => {
  for (const cluster of running.splice(0)) cluster.stop();
});

const VERSIONS: readonly TlsVersion[] = ['1.3', '1.2'];
const CASES = [spr, fullStateCopy].flatMap((strategy) => VERSIONS.map((version) => ({ strategy, version })));

describe.each(CASES)('$strategy.id, TLS $version', ({ strategy, version }) => {
  /** Where keys cannot change by themselves, a takeover has to change the nonces. */
  const sealing = { rekey: version === '1.2', rekeyAfterRecords: REKEY_AFTER_RECORDS };

  async function start(replicas: number, script: Script): Promise<Exchange> {
    const suite = findSuite({ version, name: 'aes-128-gcm', authentication: 'ecdsa' });
    const { application } = script;
    const cluster = await TestCluster.start({ strategy, suite, application, replicas, sealing });
    running.push(cluster);
    return new Exchange(cluster, await TestClient.open(cluster.port, suite));
  }

  /** Trunk records of replica `index` so far that the client got. */
  function delivered({ cluster }: Exchange, index: number): number {
    return cluster.passed(index).filter(isTlsRecord).length;
  }

  interface Fault {
    readonly rejoins: boolean;
    /** Records of the last part that still pass. */
    readonly after: number;
  }

  /** The primary changes its keys, gets another backup, and dies in the last part. */
  async function replaceBackup({ rejoins, after }: Fault): Promise<number> {
    const script = new Script([0, 1]);
    const exchange = await start(rejoins ? 2 : 3, script);
    await script.waitsBefore(0, 1);
    await exchange.untilReceived(1);
    await exchange.lose(1, rejoins);
    return finish(exchange, 0, after, () => script.goOn(0, 1));
  }

  /** A backup takes over in the middle, changes keys or nonces, gets another backup, and dies in the last part. */
  async function replaceBackupOfOwner({ rejoins, after }: Fault): Promise<number> {
    const script = new Script([0, 1], [1, 2]);
    const exchange = await start(rejoins ? 3 : 4, script);
    await script.waitsBefore(0, 1);
    await exchange.untilReceived(1);
    await exchange.lose(0);
    await script.waitsBefore(1, 2);
    await exchange.untilReceived(2);
    await exchange.lose(2, rejoins);
    return finish(exchange, 1, after, () => script.goOn(1, 2));
  }

  /** Lets the rest pass up to the fault. Returns how many more records the replica has sent, when there was none. */
  async function finish(exchange: Exchange, owner: number, after: number, goOn: () => void): Promise<number> {
    const before = delivered(exchange, owner);
    const { cluster } = exchange;
    cluster.plan(owner, { after: cluster.passed(owner).length + after, moment: 'on-next' });
    goOn();
    await exchange.expectReply();
    const records = delivered(exchange, owner) - before;
    await exchange.expectNextReply();
    return records;
  }

  const courses = [
    { who: 'a primary', course: replaceBackup },
    { who: 'a new owner', course: replaceBackupOfOwner },
  ].flatMap((each) => [false, true].map((rejoins) => ({ ...each, rejoins })));

  it.each(courses)(
    'a backup that comes in the middle is told of every epoch by $who (its predecessor comes back: $rejoins)',
    async ({ course, rejoins }) => {
      const records = await course({ rejoins, after: Number.POSITIVE_INFINITY });
      expect(records).toBeGreaterThanOrEqual(PARTS);
      for (let after = 0; after <= records; after++) await course({ rejoins, after });
    },
  );

  it.each([0, 1, 2])(
    'a new owner that dies before it has made %i parts again has told its backup what comes behind them',
    async (part) => {
      const script = new Script([0, 2], [1, part]);
      const exchange = await start(3, script);
      await script.waitsBefore(0, 2);
      await exchange.untilReceived(2);
      await exchange.lose(0);
      await script.waitsBefore(1, part);
      await exchange.lose(1);
      await exchange.expectReply();
      await exchange.expectNextReply();
    },
  );
});
