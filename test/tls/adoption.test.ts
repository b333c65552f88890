import { once } from 'node:events';
import { Duplex } from 'node:stream';
import {
  type ConnectionOptions,
  connect,
  createSecureContext,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Adopted, HANDSHAKE_TIMEOUT_MS, ServerHandshake } from '../../src/tls/adoption.js';
import { AlertLevel } from '../../src/tls/alert.js';
import { CIPHER_SUITES, type CipherSuite, findSuite } from '../../src/tls/cipher-suites.js';
import { RecordDeframer, TLS_STREAM } from '../../src/tls/deframer.js';
import { ContentType, recordType, writeRecordHeader } from '../../src/tls/record.js';
import { RecordLayer } from '../../src/tls/record-layer.js';
import { type Certificate, selfSigned } from './openssl-connection.js';

const TLS13 = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
const TLS12 = findSuite({ version: '1.2', name: 'aes-128-gcm', authentication: 'ecdsa' });
const certificates = new Map<'ecdsa' | 'rsa', Certificate>();
const running: Handshake[] = [];

beforeAll(() => {
  certificates.set('rsa', selfSigned('rsa'));
  certificates.set('ecdsa', selfSigned('ecdsa'));
});
afterEach(() => {
  for (const handshake of running.splice(0)) handshake.destroy();
});

function versionOptions({ version, opensslName }: CipherSuite) {
  return { minVersion: `TLSv${version}`, maxVersion: `TLSv${version}`, ciphers: opensslName } as const;
}

function serverContext(suite: CipherSuite, changes: object = {}): SecureContext {
  const certificate = certificates.get(suite.authentication === 'rsa' ? 'rsa' : 'ecdsa');
  return createSecureContext({
    ...certificate,
    ...versionOptions(suite),
    sessionIdContext: 'test',
    ...changes,
  });
}

interface HandshakeOptions {
  readonly client?: ConnectionOptions;
  /** Sent as soon as the client can. */
  readonly early?: string;
  /** What becomes of the `index`th record of the client on its way. */
  readonly change?: (record: Buffer, index: number) => readonly Buffer[];
  readonly clientCertificate?: 'none' | 'required';
  readonly timeoutMs?: number;
  /** Lets other handshakes run between two records. */
  readonly interleaved?: boolean;
}

/** A real client and a handshake under test, in memory, with every record that went between them. */
class Handshake {
  readonly fromClient: Buffer[] = [];
  readonly fromServer: Buffer[] = [];
  readonly client: TLSSocket;
  readonly server: ServerHandshake;
  readonly outcome: Promise<Adopted | string>;
  readonly #wire: Duplex;
  #text = '';
  #settled = false;

  constructor(suite: CipherSuite, context: SecureContext, options: HandshakeOptions = {}) {
    const deframer = new RecordDeframer(TLS_STREAM);
    this.#wire = new Duplex({
      read() {},
      write: (chunk: Buffer, _encoding, callback) => {
        deframer.push(Buffer.from(chunk), (record) => this.#fromClient(record, options));
        if (options.interleaved === true) setImmediate(callback);
        else callback();
      },
    });
    let settle: (outcome: Adopted | string) => void = () => {};
    this.outcome = new Promise((resolve) => {
      settle = (outcome) => {
        if (this.#settled) throw new Error(`a second outcome: ${JSON.stringify(outcome)}`);
        this.#settled = true;
        resolve(outcome);
      };
    });
    const { clientCertificate = 'none', timeoutMs = HANDSHAKE_TIMEOUT_MS } = options;
    this.server = new ServerHandshake(
      { secureContext: context, clientCertificate, timeoutMs },
      {
        send: (record) => this.toClient(record),
        adopted: settle,
        failed: settle,
      },
    );
    this.client = connect({
      socket: this.#wire,
      rejectUnauthorized: false,
      ...versionOptions(suite),
      ...options.client,
    });
    this.client.on('error', () => {});
    this.client.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1');
    });
    if (options.early !== undefined) this.client.write(options.early);
    running.push(this);
  }

  async adopted(): Promise<Adopted> {
    const outcome = await this.outcome;
    if (typeof outcome === 'string') throw new Error(`the handshake failed: ${outcome}`);
    return outcome;
  }

  toClient(record: Buffer): void {
    this.fromServer.push(record);
    this.#wire.push(record);
  }

  async clientReads(text: string): Promise<void> {
    while (this.#text !== text) await once(this.client, 'data');
  }

  destroy(): void {
    this.client.destroy();
    this.server.destroy();
  }

  #fromClient(record: Buffer, { change, interleaved }: HandshakeOptions): void {
    const index = this.fromClient.length;
    for (const each of change?.(record, index) ?? [record]) {
      this.fromClient.push(each);
      if (interleaved === true) setImmediate(() => this.server.push(each));
      else this.server.push(each);
    }
  }
}

/** One text each way with the record layer: only right keys and right numbers make that work. */
async function expectLive(handshake: Handshake, adopted: Adopted): Promise<void> {
  const { state, recordsRead, recordsWritten } = adopted;
  const records = new RecordLayer({ state, recordsRead, recordsWritten, prefix: Buffer.alloc(0) });
  handshake.client.write('ping');
  await new Promise((resolve) => setImmediate(resolve));
  const opened = handshake.fromClient.slice(recordsRead).map((record) => records.open(record));
  expect(Buffer.concat(opened.map(({ content }) => content)).toString()).toBe('ping');
  handshake.toClient(Buffer.concat(records.seal(ContentType.application_data, Buffer.from('pong'))));
  await handshake.clientReads('pong');
}

describe.each(CIPHER_SUITES)('$name', (suite) => {
  it('is adopted after a full handshake, and after a resumed one', async () => {
    const context = serverContext(suite);
    const first = new Handshake(suite, context);
    const sessions: Buffer[] = [];
    first.client.on('session', (session) => sessions.push(session));
    const full = await first.adopted();
    expect(full).toMatchObject({ resumed: false, recordsWritten: first.fromServer.length });
    expect(full.state.suite).toBe(suite);
    await expectLive(first, full);
    expect(first.client.isSessionReused()).toBe(false);

    const second = new Handshake(suite, context, { client: { session: sessions.at(-1) } });
    const resumed = await second.adopted();
    expect(resumed).toMatchObject({ resumed: true, recordsWritten: second.fromServer.length });
    await expectLive(second, resumed);
    expect(second.client.isSessionReused()).toBe(true);
  });

  it('counts records of the application epoch apart', async () => {
    const handshake = new Handshake(suite, serverContext(suite));
    const { state, recordsRead, recordsWritten } = await handshake.adopted();
    // TLS 1.3: two tickets, nothing of the client. TLS 1.2: Finished is the first record of the epoch, both ways.
    const [read, written] = suite.version === '1.3' ? [0, 2] : [1, 1];
    expect([recordsRead - state.readBase, recordsWritten - state.writeBase]).toEqual([read, written]);
    expect(state.epoch).toBe(0);
  });
});

describe.each([TLS13, TLS12])('a handshake of TLS $version', (suite) => {
  it('is adopted among 200 others that happen at the same time', async () => {
    const context = serverContext(suite);
    const handshakes = Array.from(
      { length: 200 },
      (_, index) => new Handshake(suite, context, { interleaved: index % 2 === 0, early: 'early' }),
    );
    const all = await Promise.all(handshakes.map((handshake) => handshake.adopted()));
    const written = new Set(all.map(({ recordsWritten, state }) => recordsWritten - state.writeBase));
    expect(written).toEqual(new Set([suite.version === '1.3' ? 2 : 1]));
    for (const [index, { recordsWritten }] of all.entries()) {
      expect(recordsWritten).toBe(handshakes[index]?.fromServer.length);
    }
  });

  it('keeps application data that came with Finished for the adopted connection', async () => {
    const handshake = new Handshake(suite, serverContext(suite), { early: 'GET / HTTP/1.1\r\n\r\n' });
    const { state, recordsRead, recordsWritten } = await handshake.adopted();
    await new Promise((resolve) => setImmediate(resolve));
    const records = new RecordLayer({ state, recordsRead, recordsWritten, prefix: Buffer.alloc(0) });
    const held = handshake.server.takeHeldRecords();
    const early = [...held, ...handshake.fromClient.slice(recordsRead + held.length)];
    expect(records.open(early[0] ?? Buffer.alloc(0)).content.toString()).toBe('GET / HTTP/1.1\r\n\r\n');
    expect(handshake.server.takeHeldRecords()).toEqual([]);
  });

  it('may begin with a ClientHello in pieces', async () => {
    const handshake = new Handshake(suite, serverContext(suite), {
      change: (record, index) => (index === 0 ? fragment(record, 60) : [record]),
    });
    const adopted = await handshake.adopted();
    expect(adopted.recordsRead).toBeGreaterThan(4);
    await expectLive(handshake, adopted);
  });

  it('fails with an alert when the client sends garbage', async () => {
    const garbage = fragmentOf(ContentType.handshake, Buffer.alloc(64, 0xee));
    const handshake = new Handshake(suite, serverContext(suite), { change: () => [garbage] });
    expect(typeof (await handshake.outcome)).toBe('string');
    const alert = handshake.fromServer.at(-1) ?? Buffer.alloc(0);
    expect([recordType(alert), alert[5]]).toEqual([ContentType.alert, AlertLevel.fatal]);
  });

  it('fails when Finished was changed on the way', async () => {
    const handshake = new Handshake(suite, serverContext(suite), {
      change: (record, index) => {
        const isFinished = suite.version === '1.3' ? recordType(record) === 23 : index === 3;
        if (isFinished) record[record.length - 1] = (record.at(-1) ?? 0) ^ 1;
        return [record];
      },
    });
    expect(typeof (await handshake.outcome)).toBe('string');
  });

  it('fails, and nothing else, when it leads to a suite that the record layer does not speak', async () => {
    const ciphers = suite.version === '1.3' ? 'TLS_AES_128_CCM_SHA256' : 'ECDHE-ECDSA-AES128-SHA256';
    const handshake = new Handshake(suite, serverContext(suite, { ciphers }), { client: { ciphers } });
    expect(await handshake.outcome).toMatch(/^cipher suite 0x\w+ is not supported$/);
  });

  it('says nothing any more when it was given up', async () => {
    const handshake = new Handshake(suite, serverContext(suite), {
      change: (record, index) => {
        if (index === 1) handshake.server.destroy();
        return [record];
      },
    });
    const outcomes: unknown[] = [];
    void handshake.outcome.then((outcome) => outcomes.push(outcome));
    while (handshake.fromClient.length < 2) await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(outcomes).toEqual([]);
  });
});

it('TLS 1.3 survives a HelloRetryRequest', async () => {
  const context = serverContext(TLS13, { ecdhCurve: 'P-384' });
  const handshake = new Handshake(TLS13, context, { client: { ecdhCurve: 'P-256:P-384' } });
  const adopted = await handshake.adopted();
  expect(handshake.fromClient.filter((record) => recordType(record) === ContentType.handshake)).toHaveLength(
    2,
  );
  await expectLive(handshake, adopted);
});

function fragment(record: Buffer, bytes: number): Buffer[] {
  const fragments: Buffer[] = [];
  for (let at = 5; at < record.length; at += bytes) {
    fragments.push(fragmentOf(recordType(record), record.subarray(at, at + bytes)));
  }
  return fragments;
}

function fragmentOf(type: number, body: Buffer): Buffer {
  const record = Buffer.alloc(5 + body.length);
  writeRecordHeader(record, 0, type, body.length);
  body.copy(record, 5);
  return record;
}
