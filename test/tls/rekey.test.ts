import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Alert } from '../../src/tls/alert.js';
import { CIPHER_SUITES, findSuite } from '../../src/tls/cipher-suites.js';
import { keyBlockBytes, keyBlockKeys } from '../../src/tls/key-schedule-12.js';
import { nextTrafficSecret } from '../../src/tls/key-schedule-13.js';
import { ReadState } from '../../src/tls/record-protection.js';
import {
  advanceRead,
  advanceWrite,
  encodeKeyUpdate,
  enterNonceRegion,
  parseKeyUpdate,
} from '../../src/tls/rekey.js';
import {
  createReadState,
  createWriteState,
  owedKeyUpdates,
  type StaticState,
  wipeStaticState,
} from '../../src/tls/static-state.js';

const SUITES_13 = CIPHER_SUITES.filter((suite) => suite.version === '1.3');
const refusedWith = (alert: number) => expect.objectContaining({ name: 'ProtocolError', alert });

describe('KeyUpdate', () => {
  it.each([true, false])('with request_update %s is parsed back', (requestUpdate) => {
    expect(parseKeyUpdate(encodeKeyUpdate(requestUpdate))).toEqual({ requestUpdate });
  });

  it('is laid out as in RFC 8446 4.6.3', () => {
    expect([...encodeKeyUpdate(true)]).toEqual([24, 0, 0, 1, 1]);
  });

  it.each([
    ['nothing', [], Alert.unexpected_message],
    ['another message', [4, 0, 0, 1, 1], Alert.unexpected_message],
    ['something behind it', [24, 0, 0, 1, 0, 24], Alert.unexpected_message],
    ['part of it', [24, 0, 0, 1], Alert.decode_error],
    ['a wrong length', [24, 0, 0, 2, 1], Alert.decode_error],
    ['an unknown request', [24, 0, 0, 1, 2], Alert.illegal_parameter],
  ])('is refused when it is %s', (_what, content, alert) => {
    expect(() => parseKeyUpdate(Buffer.from(content))).toThrow(refusedWith(alert));
  });
});

describe.each(SUITES_13)('the next epoch of $name', (suite) => {
  const state = (): StaticState => ({
    suite,
    epoch: 3,
    readBase: 10,
    writeBase: 20,
    secrets: {
      kind: 'tls13',
      client: Buffer.alloc(suite.hashBytes, 1),
      server: Buffer.alloc(suite.hashBytes, 2),
    },
  });
  const oldClient = Buffer.alloc(suite.hashBytes, 1);
  const oldServer = Buffer.alloc(suite.hashBytes, 2);

  it('of reading has a new client secret and begins behind the KeyUpdate', () => {
    expect(advanceRead(state(), 15, false)).toEqual({
      suite,
      epoch: 4,
      readBase: 15,
      writeBase: 20,
      secrets: { kind: 'tls13', client: nextTrafficSecret(suite, oldClient), server: oldServer },
      keyUpdates: { asked: 0, answered: 0 },
    });
  });

  it('of writing has a new server secret and begins behind the KeyUpdate', () => {
    expect(advanceWrite(state(), 21, false)).toEqual({
      suite,
      epoch: 4,
      readBase: 10,
      writeBase: 21,
      secrets: { kind: 'tls13', client: oldClient, server: nextTrafficSecret(suite, oldServer) },
      keyUpdates: { asked: 0, answered: 0 },
    });
  });

  it('survives the wiping of the one before', () => {
    const old = state();
    const [read, write] = [advanceRead(old, 15, false), advanceWrite(old, 25, false)];
    wipeStaticState(old);
    expect(read.secrets).toMatchObject({ server: oldServer });
    expect(write.secrets).toMatchObject({ client: oldClient });
  });

  it('tells how many KeyUpdates are owed, after more than one byte counts too', () => {
    let current = state();
    let records = 100;
    for (let round = 0; round < 300; round++) {
      current = advanceRead(current, ++records, true);
      expect(owedKeyUpdates(current)).toBe(1);
      current = advanceWrite(current, ++records, true);
      expect(owedKeyUpdates(current)).toBe(0);
    }
    expect(owedKeyUpdates(advanceWrite(current, ++records, true))).toBe(-1);
    expect(owedKeyUpdates(advanceWrite(current, ++records, false))).toBe(0);
    expect(owedKeyUpdates(advanceRead(current, ++records, false))).toBe(0);
  });

  it('begins with sequence number 0', () => {
    expect(createReadState(advanceRead(state(), 15, false), 15).sequenceNumber).toBe(0);
    expect(createWriteState(advanceWrite(state(), 25, false), 27).sequenceNumber).toBe(2);
  });

  it('cannot begin before a record of the one before', () => {
    expect(() => advanceRead(state(), 10, false)).toThrow(RangeError);
    expect(() => advanceWrite(state(), 20, false)).toThrow(RangeError);
  });

  it('does not depend on the order of the two directions', () => {
    fc.assert(
      fc.property(fc.integer({ min: 11, max: 1000 }), fc.integer({ min: 21, max: 1000 }), (read, written) => {
        expect(advanceRead(advanceWrite(state(), written, false), read, false)).toEqual(
          advanceWrite(advanceRead(state(), read, false), written, false),
        );
      }),
    );
  });
});

describe('TLS 1.2', () => {
  const stateOf = (name: string): StaticState => {
    const suite = findSuite({ version: '1.2', name, authentication: 'ecdsa' });
    const secrets = { kind: 'tls12', keyBlock: Buffer.alloc(keyBlockBytes(suite), 7) } as const;
    return { suite, epoch: 0, readBase: 1, writeBase: 1, secrets };
  };

  it('has regions of explicit nonces: key and sequence numbers go on', () => {
    const state = stateOf('aes-128-gcm');
    const next = enterNonceRegion(state, 5, 0xabcdef01);
    expect(next).toEqual({ ...state, epoch: 1, nonceRegion: { number: 0xabcdef01, base: 5 } });
    wipeStaticState(state);
    const write = createWriteState(next, 5);
    expect(write.sequenceNumber).toBe(4);
    const record = Buffer.concat(write.seal(23, Buffer.from('reply')));
    expect(record.subarray(5, 13).toString('hex')).toBe('abcdef0100000004');
    const keys = keyBlockKeys(state.suite, Buffer.alloc(40, 7), 'server');
    const client = new ReadState(state.suite, keys, 4);
    expect(client.open(record).content.toString()).toBe('reply');
  });

  it('has none with ChaCha20-Poly1305', () => {
    expect(() => enterNonceRegion(stateOf('chacha20-poly1305'), 5, 1)).toThrow('whose nonces are implicit');
  });

  it('has no KeyUpdate', () => {
    const state = stateOf('aes-128-gcm');
    expect(() => advanceRead(state, 5, false)).toThrow(refusedWith(Alert.unexpected_message));
    expect(() => advanceWrite(state, 5, false)).toThrow(refusedWith(Alert.unexpected_message));
  });
});
