/** Handshakes in records as other clients than OpenSSL's cut them, and in such as nobody should. */

import { createSecureContext, type SecureContext } from 'node:tls';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Alert } from '../../src/tls/alert.js';
import { type CipherSuite, findSuite } from '../../src/tls/cipher-suites.js';
import { ContentType, recordType } from '../../src/tls/record.js';
import { RecordLayer } from '../../src/tls/record-layer.js';
import { fuzzRuns } from '../fuzz-budget.js';
import { expectLive, Handshake, type HandshakeOptions, versionOptions } from './handshake-bench.js';
import { type Certificate, selfSigned } from './openssl-connection.js';
import { cutInto, type Piece, plainRecord, RecordReshaper, type Shape } from './record-reshaper.js';

const TLS13 = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
const TLS12 = findSuite({ version: '1.2', name: 'aes-128-gcm', authentication: 'ecdsa' });
const SUITES = [TLS13, TLS12];
const CHANGE_CIPHER_SPEC = plainRecord({ type: ContentType.change_cipher_spec, content: Buffer.of(1) });
const NOTHING = Buffer.alloc(0);

let certificate: Certificate;
const running: Handshake[] = [];

beforeAll(() => {
  certificate = selfSigned('ecdsa');
});
afterEach(() => {
  for (const each of running.splice(0)) each.destroy();
});

function context(suite: CipherSuite): SecureContext {
  return createSecureContext({ ...certificate, ...versionOptions(suite), sessionIdContext: 'test' });
}

function start(suite: CipherSuite, options: HandshakeOptions): Handshake {
  const started = new Handshake(suite, context(suite), options);
  running.push(started);
  return started;
}

/** The alert that the server sent last, without protection or not; undefined when its last record is none. */
function plainAlert({ fromServer }: Handshake): number | undefined {
  const last = fromServer.at(-1) ?? NOTHING;
  return recordType(last) === ContentType.alert && last.length === 7 ? last[6] : undefined;
}

describe.each(SUITES)('a handshake of TLS $version', (suite) => {
  it.each<[string, Shape]>([
    ['a ClientHello of records of one byte', { plain: (type, content) => cutInto(1, type, content) }],
    [
      'a Finished of records of one byte',
      { flight: (content) => cutInto(1, ContentType.handshake, content) },
    ],
  ])('is adopted: %s', async (_what, shape) => {
    const reshaped = start(suite, { reshaper: new RecordReshaper(shape) });
    const adopted = await reshaped.adopted();
    expect(adopted.recordsRead).toBe(reshaped.fromClient.length);
    await expectLive(reshaped, adopted);
  });

  it('is adopted whatever its records are cut into', async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(cuts, cuts, fc.nat(300), async (plain, flight, paddingBytes) => {
        const shape = {
          plain: (type: number, content: Buffer) => cutBy(plain, type, content),
          flight: (content: Buffer) =>
            cutBy(flight, ContentType.handshake, content).map((piece) => ({ ...piece, paddingBytes })),
        };
        const reshaped = start(suite, { reshaper: new RecordReshaper(shape) });
        await expectLive(reshaped, await reshaped.adopted());
        reshaped.destroy();
      }),
      { numRuns: fuzzRuns(15) },
    );
  });

  it('gives up when its time is over, wherever it is, and says nothing more', async () => {
    // Up to which record of the client the handshake comes: none, the ClientHello, all but Finished.
    for (const records of [0, 1, suite.version === '1.3' ? 2 : 3]) {
      const slow = start(suite, {
        timeoutMs: 50,
        change: (record, index) => (index < records ? [record] : []),
      });
      expect(await slow.outcome).toBe('the handshake is not done after 50 ms');
      expect(slow.failure).toBe('timeout');
      const sent = slow.fromServer.length;
      expect(sent > 0).toBe(records > 0);
      slow.server.push(CHANGE_CIPHER_SPEC);
      expect(slow.fromServer).toHaveLength(sent);
    }
  });

  it('is refused when empty handshake records do not end', async () => {
    const empty = Array<Piece>(40).fill({ type: ContentType.handshake, content: NOTHING });
    const plain = (type: number, content: Buffer): Piece[] => [...empty, { type, content }];
    const refused = start(suite, { reshaper: new RecordReshaper({ plain }) });
    expect(typeof (await refused.outcome)).toBe('string');
    expect(plainAlert(refused)).toBe(Alert.unexpected_message);
  });
});

describe('ChangeCipherSpec in TLS 1.3', () => {
  it.each([0, 1, 2])('counts as a record of the client, %i of them', async (count) => {
    const without = (record: Buffer): Buffer[] =>
      recordType(record) === ContentType.change_cipher_spec ? [] : [record];
    let first = true;
    const change = (record: Buffer): Buffer[] => {
      const isHello = first;
      first = false;
      return isHello ? [record, ...Array<Buffer>(count).fill(CHANGE_CIPHER_SPEC)] : without(record);
    };
    const tried = start(TLS13, { change });
    const adopted = await tried.adopted();
    expect([adopted.recordsRead, adopted.state.readBase]).toEqual([2 + count, 2 + count]);
    await expectLive(tried, adopted);
  });
});

describe('application data in the same flight as Finished', () => {
  it.each(SUITES)(
    'waits for the adopted connection, whatever its records are, TLS $version',
    async (suite) => {
      const shape = { data: (content: Buffer) => cutInto(1, ContentType.application_data, content) };
      const reshaped = start(suite, { reshaper: new RecordReshaper(shape), early: 'early' });
      const { state, recordsRead, recordsWritten } = await reshaped.adopted();
      while (reshaped.fromClient.length < recordsRead + 5)
        await new Promise((resolve) => setImmediate(resolve));
      const records = new RecordLayer({ state, recordsRead, recordsWritten, prefix: NOTHING });
      const opened = reshaped.fromClient.slice(recordsRead).map((record) => records.open(record));
      expect(Buffer.concat(opened.map(({ content }) => content)).toString()).toBe('early');
    },
  );
});

/** Pieces as long as `cuts` says, over and over. */
function cutBy(cuts: readonly number[], type: number, content: Buffer): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0, turn = 0; at < content.length; turn++) {
    const end = at + (cuts[turn % cuts.length] ?? 1);
    pieces.push({ type, content: content.subarray(at, end) });
    at = end;
  }
  return pieces;
}

describe('records behind one that is answered with an alert', () => {
  it.each(SUITES)('do not keep the alert from leaving, TLS $version', async (suite) => {
    let hello: Buffer | undefined;
    const change = (record: Buffer): Buffer[] => {
      hello ??= record;
      return [hello, hello, hello];
    };
    const refused = start(suite, { change });
    expect(typeof (await refused.outcome)).toBe('string');
    if (suite.version === '1.3') {
      await refused.untilClientFails();
      // The client of OpenSSL 3.5 does not expect its server's alert without protection here, but it has it.
      const alert = /^ERR_SSL_(SSLV3_ALERT_UNEXPECTED_MESSAGE|RECORD_LAYER_FAILURE)$/;
      expect(refused.clientErrors).toEqual([expect.stringMatching(alert)]);
    } else {
      // From the ServerHello on, the version in the record header of a ClientHello is wrong.
      expect(plainAlert(refused)).toBe(Alert.protocol_version);
    }
  });
});
