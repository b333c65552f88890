import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Alert } from '../../src/tls/alert.js';
import { CIPHER_SUITES, type CipherSuite, suiteById } from '../../src/tls/cipher-suites.js';
import { keyBlockBytes } from '../../src/tls/key-schedule-12.js';
import {
  createReadState,
  createWriteState,
  parseStaticState,
  parseStaticStateHead,
  STATIC_STATE_FIELDS,
  type StaticState,
  sealsFrom,
  serializeStaticState,
  staticStateBytes,
  wipeStaticState,
} from '../../src/tls/static-state.js';
import { CLIENT, CONTENT, SERVER } from './rfc8448.js';

const AES_128_ID = 0x1301;
const UINT48_MAX = 2 ** 48 - 1;

const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array));

function secretsOf(suite: CipherSuite): fc.Arbitrary<StaticState['secrets']> {
  return suite.version === '1.3'
    ? fc.record({
        kind: fc.constant('tls13' as const),
        client: bytes(suite.hashBytes),
        server: bytes(suite.hashBytes),
      })
    : fc.record({ kind: fc.constant('tls12' as const), keyBlock: bytes(keyBlockBytes(suite)) });
}

/** What can only have happened with this suite, and has happened at least once. */
function changesOf(suite: CipherSuite): fc.Arbitrary<Pick<StaticState, 'keyUpdates' | 'nonceRegion'>> {
  if (suite.version === '1.3') {
    const keyUpdates = fc.record({ asked: fc.nat(255), answered: fc.integer({ min: 1, max: 255 }) });
    return fc.option(fc.record({ keyUpdates }), { nil: {} });
  }
  if (suite.explicitNonceBytes === 0) return fc.constant({});
  const number = fc.integer({ min: 1, max: 0xffff_ffff });
  const nonceRegion = fc.record({ number, base: fc.maxSafeNat().map((n) => n % UINT48_MAX) });
  return fc.option(fc.record({ nonceRegion }), { nil: {} });
}

const states: fc.Arbitrary<StaticState> = fc.constantFrom(...CIPHER_SUITES).chain((suite) =>
  fc
    .tuple(
      fc.record({
        suite: fc.constant(suite),
        epoch: fc.nat(0xffff_ffff),
        readBase: fc.maxSafeNat().map((n) => n % UINT48_MAX),
        writeBase: fc.maxSafeNat().map((n) => n % UINT48_MAX),
        secrets: secretsOf(suite),
      }),
      changesOf(suite),
    )
    .map(([state, changes]) => ({ ...state, ...changes })),
);

/** The connection of RFC 8448 3, as if the handshake had taken 3 client and 5 server records. */
function rfc8448State(): StaticState {
  const suite = suiteById(AES_128_ID);
  if (suite === undefined) throw new Error('TLS_AES_128_GCM_SHA256 is missing');
  const secrets = {
    kind: 'tls13',
    client: Buffer.from(CLIENT.secret),
    server: Buffer.from(SERVER.secret),
  } as const;
  return { suite, epoch: 0, readBase: 3, writeBase: 5, secrets };
}

const refused = expect.objectContaining({ name: 'ProtocolError', alert: Alert.decode_error });

describe('serialized static state', () => {
  it('is parsed back', () => {
    fc.assert(
      fc.property(states, (state) => {
        const serialized = serializeStaticState(state);
        expect(serialized).toHaveLength(staticStateBytes(state.suite));
        expect(parseStaticState(serialized)).toEqual(state);
        const { readBase, writeBase } = state;
        expect(parseStaticStateHead(serialized)).toEqual({
          readBase,
          writeBase,
          sealsFrom: sealsFrom(state),
        });
      }),
    );
  });

  it('is refused when it is cut or goes on', () => {
    fc.assert(
      fc.property(states, fc.nat(200), fc.uint8Array({ minLength: 1, maxLength: 20 }), (state, cut, more) => {
        const serialized = serializeStaticState(state);
        for (const parse of [parseStaticState, parseStaticStateHead]) {
          expect(() => parse(serialized.subarray(0, cut % serialized.length))).toThrow(refused);
          expect(() => parse(Buffer.concat([serialized, more]))).toThrow(refused);
        }
      }),
    );
  });

  it('is refused or harmless when it is anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 150 }), (garbage) => {
        try {
          parseStaticState(Buffer.from(garbage));
        } catch (error) {
          expect(error).toEqual(refused);
        }
      }),
    );
  });

  it('is refused with another layout or an unknown suite', () => {
    const serialized = serializeStaticState(rfc8448State());
    const layout = Buffer.from(serialized);
    layout[0] = 1;
    expect(() => parseStaticState(layout)).toThrow('layout 1, must be 2');
    const suite = Buffer.from(serialized);
    suite.writeUInt16BE(0x002f, 1);
    expect(() => parseStaticState(suite)).toThrow('unknown cipher suite 0x002f');
  });

  it('is as small as its fields', () => {
    expect(STATIC_STATE_FIELDS.map((field) => field.name)).toEqual([
      'version',
      'suite',
      'epoch',
      'readBase',
      'writeBase',
      'secrets',
      'keyUpdates',
      'nonceRegion',
    ]);
    const sizes = CIPHER_SUITES.map((suite) => [suite.opensslName, staticStateBytes(suite)]);
    expect(Object.fromEntries(sizes)).toEqual({
      TLS_AES_128_GCM_SHA256: 85,
      TLS_AES_256_GCM_SHA384: 117,
      TLS_CHACHA20_POLY1305_SHA256: 85,
      'ECDHE-ECDSA-AES128-GCM-SHA256': 69,
      'ECDHE-RSA-AES128-GCM-SHA256': 69,
      'ECDHE-ECDSA-AES256-GCM-SHA384': 101,
      'ECDHE-RSA-AES256-GCM-SHA384': 101,
      'ECDHE-ECDSA-CHACHA20-POLY1305': 107,
      'ECDHE-RSA-CHACHA20-POLY1305': 107,
    });
  });

  it('is not made of secrets that do not fit the suite', () => {
    const state = rfc8448State();
    const short = { kind: 'tls13', client: Buffer.alloc(31), server: Buffer.alloc(32) } as const;
    expect(() => serializeStaticState({ ...state, secrets: short })).toThrow(RangeError);
    const uneven = { kind: 'tls13', client: Buffer.alloc(31), server: Buffer.alloc(33) } as const;
    expect(() => serializeStaticState({ ...state, secrets: uneven })).toThrow(RangeError);
    const other = { kind: 'tls12', keyBlock: Buffer.alloc(64) } as const;
    expect(() => serializeStaticState({ ...state, secrets: other })).toThrow(RangeError);
  });
});

describe('wipeStaticState', () => {
  it('leaves no secret, and no other copy loses its own', () => {
    fc.assert(
      fc.property(states, (state) => {
        const serialized = serializeStaticState(state);
        const parsed = parseStaticState(serialized);
        wipeStaticState(parsed);
        const secrets = Object.values(parsed.secrets).filter((value) => Buffer.isBuffer(value));
        for (const secret of secrets) expect(secret.equals(Buffer.alloc(secret.length))).toBe(true);
        expect(parseStaticState(serialized)).toEqual(state);
      }),
    );
  });
});

describe('createReadState and createWriteState', () => {
  it('go on where the totals of the director say', () => {
    const state = rfc8448State();
    const read = createReadState(state, 3);
    expect(read.sequenceNumber).toBe(0);
    expect(read.open(CLIENT.applicationData).content).toEqual(CONTENT);
    const write = createWriteState(state, 6);
    expect(write.sequenceNumber).toBe(1);
    expect(Buffer.concat(write.seal(23, CONTENT))).toEqual(SERVER.applicationData);
  });

  it('refuse totals before the epoch', () => {
    expect(() => createReadState(rfc8448State(), 2)).toThrow('2 client records in total');
    expect(() => createWriteState(rfc8448State(), 4)).toThrow('4 server records in total');
  });
});
