import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Alert } from '../../src/tls/alert.js';
import { CIPHER_SUITES, type CipherSuite, findSuite } from '../../src/tls/cipher-suites.js';
import { deriveTrafficKeys } from '../../src/tls/key-schedule-13.js';
import { MAX_PLAINTEXT_BYTES } from '../../src/tls/record.js';
import { ReadState, SealLimitError, WriteState } from '../../src/tls/record-protection.js';
import { fuzzRuns } from '../fuzz-budget.js';
import { fixedKeys, referenceSeal, sealInner13 } from './reference-seal.js';
import { CLIENT, CONTENT, SERVER } from './rfc8448.js';

const AES_128 = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'rsa' });
const SUITES_13 = CIPHER_SUITES.filter((suite) => suite.version === '1.3');

const writeState = (suite: CipherSuite, sequenceNumber = 0) =>
  new WriteState(suite, fixedKeys(suite), sequenceNumber);
const readState = (suite: CipherSuite, sequenceNumber = 0) =>
  new ReadState(suite, fixedKeys(suite), sequenceNumber);
const refusedWith = (alert: number) => expect.objectContaining({ name: 'ProtocolError', alert });

const sequenceNumbers = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: AES_128.sealLimit - 1 }));
const contents = fc
  .tuple(
    fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: MAX_PLAINTEXT_BYTES })),
    fc.nat(255),
  )
  .map(([length, byte]) => Buffer.alloc(length, byte));
const types = fc.constantFrom(21, 22, 23);

describe('RFC 8448 3', () => {
  it.each([
    ['client', CLIENT, 0],
    ['server', SERVER, 1],
  ])('%s records are opened and sealed as published', (_side, side, sequenceNumber) => {
    const keys = deriveTrafficKeys(AES_128, side.secret);
    const read = new ReadState(AES_128, keys, sequenceNumber);
    expect(read.open(side.applicationData)).toEqual({ type: 23, content: CONTENT });
    expect(read.open(side.closeNotify)).toEqual({ type: 21, content: Buffer.of(1, 0) });
    const write = new WriteState(AES_128, keys, sequenceNumber);
    expect(Buffer.concat(write.seal(23, CONTENT))).toEqual(side.applicationData);
    expect(Buffer.concat(write.seal(21, Buffer.of(1, 0)))).toEqual(side.closeNotify);
  });
});

describe.each(CIPHER_SUITES)('$name', (suite) => {
  it('seals what the plain reading of the RFC seals', () => {
    fc.assert(
      fc.property(types, contents, sequenceNumbers, (type, content, sequenceNumber) => {
        const sealed = Buffer.concat(writeState(suite, sequenceNumber).seal(type, content));
        const expected = referenceSeal(suite, fixedKeys(suite), { type, content, sequenceNumber });
        expect(sealed.equals(expected)).toBe(true);
      }),
      { numRuns: fuzzRuns(50) },
    );
  });

  it('opens what it sealed, for every size around the turning points', () => {
    const write = writeState(suite);
    const read = readState(suite);
    for (const length of [0, 1, 2, 15, 16, 17, 2047, 2048, 2049, 4096, 16_383, 16_384]) {
      const content = Buffer.alloc(length, length);
      const record = Buffer.concat(write.seal(23, content));
      expect(record).toHaveLength(write.recordBytes(length));
      expect(write.contentBytes(record.length)).toBe(length);
      expect(read.open(record)).toEqual({ type: 23, content });
    }
    expect(read.sequenceNumber).toBe(12);
  });

  it('rejects any flipped bit and stays as it was', () => {
    const content = Buffer.from('transfer 100 to account 42');
    const record = Buffer.concat(writeState(suite).seal(23, content));
    fc.assert(
      fc.property(fc.nat(record.length * 8 - 1), (bit) => {
        const forged = Buffer.from(record);
        forged.writeUInt8(forged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        const read = readState(suite);
        expect(() => read.open(forged)).toThrow(expect.objectContaining({ name: 'ProtocolError' }));
        expect(read.sequenceNumber).toBe(0);
        expect(read.open(record).content).toEqual(content);
      }),
    );
  });

  it('rejects a replayed, a skipped and a truncated record with bad_record_mac', () => {
    const write = writeState(suite);
    const [first, second] = [write.seal(23, CONTENT), write.seal(23, CONTENT)].map((list) =>
      Buffer.concat(list),
    );
    const read = readState(suite);
    expect(() => read.open(second ?? CONTENT)).toThrow(refusedWith(Alert.bad_record_mac));
    read.open(first ?? CONTENT);
    expect(() => read.open(first ?? CONTENT)).toThrow(refusedWith(Alert.bad_record_mac));
    const short = Buffer.of(23, 3, 3, 0, 15, ...Buffer.alloc(15));
    expect(() => read.open(short)).toThrow(refusedWith(Alert.bad_record_mac));
  });

  it('rejects what is not one whole record', () => {
    const record = Buffer.concat(writeState(suite).seal(23, CONTENT));
    for (const bytes of [record.subarray(0, 4), record.subarray(0, -1), Buffer.concat([record, CONTENT])]) {
      expect(() => readState(suite).open(bytes)).toThrow(refusedWith(Alert.decode_error));
    }
  });

  it('rejects contents above 2^14 bytes', () => {
    const content = Buffer.alloc(MAX_PLAINTEXT_BYTES + 1);
    expect(() => writeState(suite).seal(23, content)).toThrow(RangeError);
    const record = referenceSeal(suite, fixedKeys(suite), { type: 23, content, sequenceNumber: 0 });
    expect(() => readState(suite).open(record)).toThrow(refusedWith(Alert.record_overflow));
  });

  it('rejects bodies above the bound of the version before it decrypts them', () => {
    const bodyBytes = (suite.version === '1.3' ? 16_640 : 18_432) + 1;
    const record = Buffer.concat([
      Buffer.of(23, 3, 3, bodyBytes >> 8, bodyBytes & 0xff),
      Buffer.alloc(bodyBytes),
    ]);
    expect(() => readState(suite).open(record)).toThrow(refusedWith(Alert.record_overflow));
  });

  it('puts a prefix before the record', () => {
    for (const length of [10, 5000]) {
      const content = Buffer.alloc(length, 3);
      const plain = Buffer.concat(writeState(suite).seal(23, content));
      const prefixed = Buffer.concat(writeState(suite).seal(23, content, Buffer.of(1, 2, 3, 4)));
      expect(prefixed).toEqual(Buffer.concat([Buffer.of(1, 2, 3, 4), plain]));
    }
  });

  it('seals small contents into one buffer, large ones into a list, and leaves the content alone', () => {
    const small = Buffer.alloc(100, 1);
    const large = Buffer.alloc(10_000, 2);
    expect(writeState(suite).seal(23, small)).toHaveLength(1);
    expect(writeState(suite).seal(23, large)).toHaveLength(3);
    expect(small).toEqual(Buffer.alloc(100, 1));
    expect(large).toEqual(Buffer.alloc(10_000, 2));
  });

  it('tells the content length of record lengths, and refuses impossible ones', () => {
    const write = writeState(suite);
    const shortest = write.recordBytes(0);
    const longest = write.recordBytes(MAX_PLAINTEXT_BYTES);
    expect(write.contentBytes(shortest)).toBe(0);
    expect(write.contentBytes(longest)).toBe(MAX_PLAINTEXT_BYTES);
    for (const recordBytes of [0, shortest - 1, longest + 1]) {
      expect(() => write.contentBytes(recordBytes)).toThrow(refusedWith(Alert.decode_error));
    }
  });

  it('uses up a sequence number also when sealing fails', () => {
    const keys = { ...fixedKeys(suite), key: createSecretKey(Buffer.alloc(5)) };
    const write = new WriteState(suite, keys, 41);
    expect(() => write.seal(23, CONTENT)).toThrow();
    expect(write.sequenceNumber).toBe(42);
  });

  it('refuses to go past the seal limit', () => {
    const write = writeState(suite, suite.sealLimit - 2);
    write.seal(23, CONTENT);
    expect(write.nextAction).toBe(suite.version === '1.3' ? 'rekey' : 'seal');
    write.seal(23, CONTENT);
    expect(write.nextAction).toBe('refuse');
    expect(() => write.seal(23, CONTENT)).toThrow(SealLimitError);
    expect(() => write.seal(23, CONTENT)).toThrow(`${suite.sealLimit} are allowed`);
    expect(write.sequenceNumber).toBe(suite.sealLimit);
  });

  it('asks for a new key in good time', () => {
    expect(writeState(suite)).toMatchObject({ nearLimit: false, nextAction: 'seal' });
    expect(writeState(suite, suite.sealLimit - 65_537).nearLimit).toBe(false);
    expect(writeState(suite, suite.sealLimit - 65_536).nearLimit).toBe(true);
  });

  it('refuses sequence numbers and IVs that cannot be', () => {
    for (const sequenceNumber of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(() => writeState(suite, sequenceNumber)).toThrow(RangeError);
      expect(() => readState(suite, sequenceNumber)).toThrow(RangeError);
    }
    const keys = { ...fixedKeys(suite), iv: Buffer.alloc(3) };
    expect(() => new WriteState(suite, keys)).toThrow('IV of 3 bytes');
  });

  it('counts above 2^32 records', () => {
    const sequenceNumber = 2 ** 40 + 5;
    const record = referenceSeal(suite, fixedKeys(suite), { type: 23, content: CONTENT, sequenceNumber });
    expect(readState(suite, sequenceNumber).open(record).content).toEqual(CONTENT);
  });
});

describe.each(SUITES_13)('TLS 1.3 inner plaintext, $name', (suite) => {
  const sealInner = (inner: Buffer) => sealInner13(suite, fixedKeys(suite), 0, inner);

  it('loses its padding', () => {
    fc.assert(
      fc.property(fc.nat(300), types, (paddingBytes, type) => {
        const record = referenceSeal(suite, fixedKeys(suite), {
          type,
          content: CONTENT,
          sequenceNumber: 0,
          paddingBytes,
        });
        expect(readState(suite).open(record)).toEqual({ type, content: CONTENT });
      }),
    );
  });

  it('keeps zeros that belong to the content', () => {
    const content = Buffer.alloc(5);
    expect(readState(suite).open(sealInner(Buffer.of(0, 0, 0, 0, 0, 23, 0)))).toEqual({ type: 23, content });
  });

  it.each([
    ['nothing at all', Buffer.alloc(0)],
    ['zeros only', Buffer.alloc(40)],
    ['a change_cipher_spec', Buffer.of(1, 20)],
    ['an unknown type', Buffer.of(1, 24)],
    ['an empty alert', Buffer.of(21)],
    ['an empty handshake message', Buffer.of(22, 0)],
  ])('is refused with unexpected_message: %s', (_what, inner) => {
    expect(() => readState(suite).open(sealInner(inner))).toThrow(refusedWith(Alert.unexpected_message));
  });

  it('may be empty application data', () => {
    expect(readState(suite).open(sealInner(Buffer.of(23)))).toEqual({ type: 23, content: Buffer.alloc(0) });
  });

  it('is limited with its padding', () => {
    const full = Buffer.concat([Buffer.alloc(MAX_PLAINTEXT_BYTES - 1, 1), Buffer.of(23, 0)]);
    expect(readState(suite).open(sealInner(full)).content).toHaveLength(MAX_PLAINTEXT_BYTES - 1);
    const over = Buffer.concat([full, Buffer.of(0)]);
    expect(() => readState(suite).open(sealInner(over))).toThrow(refusedWith(Alert.record_overflow));
  });

  it.each([20, 21, 22])('never comes in a record of outer type %i', (type) => {
    const record = sealInner(Buffer.concat([CONTENT, Buffer.of(23)]));
    record[0] = type;
    expect(() => readState(suite).open(record)).toThrow(refusedWith(Alert.unexpected_message));
  });
});
