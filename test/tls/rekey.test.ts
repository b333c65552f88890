import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Alert } from '../../src/tls/alert.js';
import { CIPHER_SUITES } from '../../src/tls/cipher-suites.js';
import { nextTrafficSecret } from '../../src/tls/key-schedule-13.js';
import { advanceRead, advanceWrite, encodeKeyUpdate, parseKeyUpdate } from '../../src/tls/rekey.js';
import {
  createReadState,
  createWriteState,
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
    expect(advanceRead(state(), 15)).toEqual({
      suite,
      epoch: 4,
      readBase: 15,
      writeBase: 20,
      secrets: { kind: 'tls13', client: nextTrafficSecret(suite, oldClient), server: oldServer },
    });
  });

  it('of writing has a new server secret and begins behind the KeyUpdate', () => {
    expect(advanceWrite(state(), 21)).toEqual({
      suite,
      epoch: 4,
      readBase: 10,
      writeBase: 21,
      secrets: { kind: 'tls13', client: oldClient, server: nextTrafficSecret(suite, oldServer) },
    });
  });

  it('survives the wiping of the one before', () => {
    const old = state();
    const [read, write] = [advanceRead(old, 15), advanceWrite(old, 25)];
    wipeStaticState(old);
    expect(read.secrets).toMatchObject({ server: oldServer });
    expect(write.secrets).toMatchObject({ client: oldClient });
  });

  it('begins with sequence number 0', () => {
    expect(createReadState(advanceRead(state(), 15), 15).sequenceNumber).toBe(0);
    expect(createWriteState(advanceWrite(state(), 25), 27).sequenceNumber).toBe(2);
  });

  it('cannot begin before a record of the one before', () => {
    expect(() => advanceRead(state(), 10)).toThrow(RangeError);
    expect(() => advanceWrite(state(), 20)).toThrow(RangeError);
  });

  it('does not depend on the order of the two directions', () => {
    fc.assert(
      fc.property(fc.integer({ min: 11, max: 1000 }), fc.integer({ min: 21, max: 1000 }), (read, written) => {
        expect(advanceRead(advanceWrite(state(), written), read)).toEqual(
          advanceWrite(advanceRead(state(), read), written),
        );
      }),
    );
  });
});

describe('TLS 1.2', () => {
  it('has no KeyUpdate', () => {
    const suite = CIPHER_SUITES.find(({ version }) => version === '1.2') ?? SUITES_13[0];
    if (suite === undefined) throw new Error('no suites');
    const secrets = { kind: 'tls12', keyBlock: Buffer.alloc(40) } as const;
    const state: StaticState = { suite, epoch: 0, readBase: 1, writeBase: 1, secrets };
    expect(() => advanceRead(state, 5)).toThrow(refusedWith(Alert.unexpected_message));
    expect(() => advanceWrite(state, 5)).toThrow(refusedWith(Alert.unexpected_message));
  });
});
