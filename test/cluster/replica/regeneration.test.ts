import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DivergedError, Regeneration, type SealChange } from '../../../src/cluster/replica/regeneration.js';
import { DELIVERED_ENTRY_BYTES, writeDeliveredEntry } from '../../../src/net/control-records.js';
import { CIPHER_SUITES, type CipherSuite, findSuite } from '../../../src/tls/cipher-suites.js';
import { ContentType } from '../../../src/tls/record.js';
import { WriteState } from '../../../src/tls/record-protection.js';
import { encodeKeyUpdate } from '../../../src/tls/rekey.js';
import { fuzzRuns } from '../../fuzz-budget.js';
import { fixedKeys } from '../../tls/reference-seal.js';

const FIRST = 40;

function writeState(suite: CipherSuite): WriteState {
  return new WriteState(suite, fixedKeys(suite), FIRST);
}

/** A record layer whose KeyUpdates leave the key as it is: what is compared are their places. */
function recordLayer(suite: CipherSuite) {
  let write = writeState(suite);
  const answers: boolean[] = [];
  const regions: number[] = [];
  return {
    /** Whether each KeyUpdate was an answer. */
    answers,
    regions,
    get write() {
      return write;
    },
    get recordsWritten() {
      return write.sequenceNumber;
    },
    rekeyWrite: (answer: boolean) => {
      answers.push(answer);
      return write.seal(ContentType.handshake, encodeKeyUpdate(false));
    },
    enterNonceRegion: (nonceRegion: number) => {
      regions.push(nonceRegion);
      write = new WriteState(suite, fixedKeys(suite), write.sequenceNumber, { nonceRegion });
    },
  };
}

const NO_CHANGES: ReadonlyMap<number, SealChange> = new Map();

/** Entries of records with these contents, as the director noted them. */
function delivered(
  suite: CipherSuite,
  contents: readonly Buffer[],
  type: number = ContentType.application_data,
): Buffer {
  const write = writeState(suite);
  const entries = Buffer.alloc(contents.length * DELIVERED_ENTRY_BYTES);
  for (const [index, content] of contents.entries()) {
    writeDeliveredEntry(entries, index * DELIVERED_ENTRY_BYTES, Buffer.concat(write.seal(type, content)));
  }
  return entries;
}

function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  for (const length of [...lengths, bytes.length]) {
    if (at < bytes.length) chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

const lengths = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 });

// The explicit nonces of TLS 1.2 AES-GCM are those of the sequence numbers, so tags can be compared there too.
describe.each(CIPHER_SUITES)('regeneration with $name', (suite) => {
  it('finds the same records in the same output, however the application writes it, and lets the rest through', () => {
    fc.assert(
      fc.property(
        lengths,
        fc.array(fc.integer({ min: 1, max: 500 })),
        fc.nat(300),
        (records, writes, extra) => {
          const contents = records.map((length, index) => Buffer.alloc(length, index + 1));
          const output = Buffer.concat([...contents, Buffer.alloc(extra, 0xaa)]);
          const layer = recordLayer(suite);
          const regeneration = new Regeneration(delivered(suite, contents), NO_CHANGES);
          const fresh: Buffer[] = [];
          for (const chunk of cut(output, writes)) {
            if (regeneration.done) fresh.push(chunk);
            else fresh.push(...regeneration.check([chunk], layer));
          }
          expect(regeneration.done).toBe(true);
          expect(Buffer.concat(fresh)).toEqual(Buffer.alloc(extra, 0xaa));
          expect(layer.recordsWritten).toBe(FIRST + contents.length);
        },
      ),
      { numRuns: fuzzRuns(25) },
    );
  });

  it('notices any byte that differs', () => {
    fc.assert(
      fc.property(lengths, fc.nat(), (records, position) => {
        const contents = records.map((length, index) => Buffer.alloc(length, index + 1));
        const output = Buffer.concat(contents);
        output.writeUInt8(output.readUInt8(position % output.length) ^ 0x80, position % output.length);
        const regeneration = new Regeneration(delivered(suite, contents), NO_CHANGES);
        expect(() => regeneration.check([output], recordLayer(suite))).toThrow(DivergedError);
      }),
      { numRuns: fuzzRuns(25) },
    );
  });

  it('waits for output until a record is whole', () => {
    const regeneration = new Regeneration(
      delivered(suite, [Buffer.from('abc'), Buffer.from('de')]),
      NO_CHANGES,
    );
    const write = recordLayer(suite);
    for (const byte of 'abcd') expect(regeneration.check([Buffer.from(byte)], write)).toEqual([]);
    expect(regeneration.done).toBe(false);
    const rest = regeneration.check([Buffer.from('ef'), Buffer.from('gh')], write);
    expect(Buffer.concat(rest).toString()).toBe('fgh');
  });

  it('gives up on a record that the application did not make', () => {
    const alert = delivered(suite, [Buffer.of(1, 0)], ContentType.alert);
    expect(() => new Regeneration(alert, NO_CHANGES).check([Buffer.alloc(20)], recordLayer(suite))).toThrow(
      DivergedError,
    );
    const tooShort = Buffer.alloc(DELIVERED_ENTRY_BYTES, 0);
    expect(() =>
      new Regeneration(tooShort, NO_CHANGES).check([Buffer.alloc(20)], recordLayer(suite)),
    ).toThrow(DivergedError);
  });
});

describe('a KeyUpdate among the records', () => {
  const [suite = CIPHER_SUITES[0]] = CIPHER_SUITES;
  if (suite === undefined) throw new Error('there are no suites');

  function keyUpdatesAt(...numbers: readonly number[]): ReadonlyMap<number, SealChange> {
    return new Map(numbers.map((number) => [number, { kind: 'key-update', answers: true }]));
  }

  function deliveredWithKeyUpdate(): Buffer {
    const layer = recordLayer(suite as CipherSuite);
    const records = [
      layer.write.seal(ContentType.application_data, Buffer.from('abc')),
      layer.rekeyWrite(true),
      layer.write.seal(ContentType.application_data, Buffer.from('de')),
      layer.rekeyWrite(true),
    ];
    const entries = Buffer.alloc(records.length * DELIVERED_ENTRY_BYTES);
    for (const [index, parts] of records.entries()) {
      writeDeliveredEntry(entries, index * DELIVERED_ENTRY_BYTES, Buffer.concat(parts));
    }
    return entries;
  }

  it('is made again in its place, once', () => {
    const regeneration = new Regeneration(deliveredWithKeyUpdate(), keyUpdatesAt(FIRST + 1, FIRST + 3));
    const layer = recordLayer(suite);
    expect(regeneration.check([Buffer.from('abcd')], layer)).toEqual([]);
    expect(layer.answers).toEqual([true]);
    const rest = regeneration.check([Buffer.from('efg')], layer);
    expect(Buffer.concat(rest).toString()).toBe('fg');
    expect(layer.answers).toEqual([true, true]);
    expect(regeneration.done).toBe(true);
  });

  it('is made again without output when it comes first', () => {
    const layer = recordLayer(suite);
    const entry = Buffer.alloc(DELIVERED_ENTRY_BYTES);
    writeDeliveredEntry(entry, 0, Buffer.concat(layer.rekeyWrite(false)));
    const regeneration = new Regeneration(entry, keyUpdatesAt(FIRST));
    expect(regeneration.check([], recordLayer(suite))).toEqual([]);
    expect(regeneration.done).toBe(true);
  });

  it('is not taken for output, nor output for it', () => {
    const unknown = new Regeneration(deliveredWithKeyUpdate(), NO_CHANGES);
    expect(() => unknown.check([Buffer.from('abcdefghijkl')], recordLayer(suite))).toThrow(DivergedError);
    const wrong = new Regeneration(deliveredWithKeyUpdate(), keyUpdatesAt(FIRST));
    expect(() => wrong.check([Buffer.from('abc')], recordLayer(suite))).toThrow(DivergedError);
  });
});

describe('a region of nonces that begins among the records', () => {
  const suite = findSuite({ version: '1.2', name: 'aes-128-gcm', authentication: 'ecdsa' });
  const changes = new Map<number, SealChange>([[FIRST + 1, { kind: 'nonce-region', region: 77 }]]);

  function deliveredInTwoRegions(): Buffer {
    const layer = recordLayer(suite);
    const entries = Buffer.alloc(2 * DELIVERED_ENTRY_BYTES);
    const seal = (text: string) => layer.write.seal(ContentType.application_data, Buffer.from(text));
    writeDeliveredEntry(entries, 0, Buffer.concat(seal('abc')));
    layer.enterNonceRegion(77);
    writeDeliveredEntry(entries, DELIVERED_ENTRY_BYTES, Buffer.concat(seal('de')));
    return entries;
  }

  it('is entered again at its first record, once', () => {
    const regeneration = new Regeneration(deliveredInTwoRegions(), changes);
    const layer = recordLayer(suite);
    for (const text of ['abc', 'd']) expect(regeneration.check([Buffer.from(text)], layer)).toEqual([]);
    expect(Buffer.concat(regeneration.check([Buffer.from('ef')], layer)).toString()).toBe('f');
    expect(layer.regions).toEqual([77]);
  });

  it('is noticed when it is not known', () => {
    const regeneration = new Regeneration(deliveredInTwoRegions(), NO_CHANGES);
    expect(() => regeneration.check([Buffer.from('abcde')], recordLayer(suite))).toThrow(DivergedError);
  });
});
