import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Alert } from '../../src/tls/alert.js';
import { RecordDeframer, type RecordDeframerOptions } from '../../src/tls/deframer.js';
import { isContentType } from '../../src/tls/record.js';

const CONTROL_TYPE = 130;
const MAX_BODY_BYTES = 300;
const MAX_CONTROL_BYTES = 40;

function options(prefixBytes: 0 | 4): RecordDeframerOptions {
  return {
    prefixBytes,
    accepts: (type) => isContentType(type) || (prefixBytes === 4 && type === CONTROL_TYPE),
    maxBodyBytes: (type) => (type === CONTROL_TYPE ? MAX_CONTROL_BYTES : MAX_BODY_BYTES),
  };
}

/** Any prefix of 4 bytes, for the trunk; none for a client's connection. */
function recordArbitrary(prefixBytes: 0 | 4): fc.Arbitrary<Buffer> {
  const tls = fc.tuple(
    fc.integer({ min: 20, max: 23 }),
    fc.constantFrom(1, 3, 4),
    fc.uint8Array({ maxLength: MAX_BODY_BYTES }),
  );
  const control = fc.tuple(
    fc.constant(CONTROL_TYPE),
    fc.nat(255),
    fc.uint8Array({ maxLength: MAX_CONTROL_BYTES }),
  );
  const prefix = fc.uint8Array({ minLength: prefixBytes, maxLength: prefixBytes });
  return fc
    .tuple(prefix, prefixBytes === 4 ? fc.oneof(tls, control) : tls)
    .map(([before, [type, flags, body]]) => {
      const version = type === CONTROL_TYPE ? [flags, flags] : [3, flags];
      return Buffer.from([...before, type, ...version, body.length >> 8, body.length & 0xff, ...body]);
    });
}

/** Cuts `bytes` at arbitrary places, empty chunks included. */
function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = cuts.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...places].map((start, i) => bytes.subarray(start, places[i] ?? bytes.length));
}

function collect(deframer: RecordDeframer, chunks: readonly Buffer[]): Buffer[] {
  const records: Buffer[] = [];
  for (const chunk of chunks) deframer.push(chunk, (record) => records.push(record));
  return records;
}

const header = (type: number, bodyBytes: number, major = 3) =>
  Buffer.of(type, major, 3, bodyBytes >> 8, bodyBytes & 0xff);

describe.each([0, 4] as const)('RecordDeframer with a prefix of %i bytes', (prefixBytes) => {
  it('gives the same records however the stream is cut', () => {
    const records = fc.array(recordArbitrary(prefixBytes), { maxLength: 8 });
    fc.assert(
      fc.property(records, fc.array(fc.nat(4000), { maxLength: 30 }), (expected, cuts) => {
        const deframer = new RecordDeframer(options(prefixBytes));
        expect(collect(deframer, cut(Buffer.concat(expected), cuts))).toEqual(expected);
        expect(deframer.pendingBytes).toBe(0);
      }),
    );
  });

  it('gives the same records when every byte comes alone', () => {
    fc.assert(
      fc.property(fc.array(recordArbitrary(prefixBytes), { maxLength: 3 }), (expected) => {
        const bytes = Buffer.concat(expected);
        const chunks = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
        expect(collect(new RecordDeframer(options(prefixBytes)), chunks)).toEqual(expected);
      }),
    );
  });

  it('never holds more than one record of the longest kind, whatever it is fed', () => {
    const bound = prefixBytes + 5 + MAX_BODY_BYTES;
    const plausible = recordArbitrary(prefixBytes).map((record) => new Uint8Array(record));
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array({ maxLength: 400 }), plausible)), (chunks) => {
        const deframer = new RecordDeframer(options(prefixBytes));
        for (const chunk of chunks) {
          try {
            deframer.push(Buffer.from(chunk), () => undefined);
          } catch (error) {
            expect([Alert.unexpected_message, Alert.protocol_version, Alert.record_overflow]).toContain(
              (error as { alert: number }).alert,
            );
          }
          expect(deframer.pendingBytes).toBeLessThan(bound);
        }
      }),
    );
  });
});

describe('RecordDeframer', () => {
  it('passes a record that lies in one chunk on as a view of it', () => {
    const chunk = Buffer.concat([header(23, 3), Buffer.from('abc'), header(23, 2), Buffer.from('d')]);
    const records = collect(new RecordDeframer(options(0)), [chunk]);
    expect(records).toHaveLength(1);
    expect(records[0]?.buffer).toBe(chunk.buffer);
    expect(records[0]?.byteOffset).toBe(chunk.byteOffset);
  });

  it('counts what it holds', () => {
    const deframer = new RecordDeframer(options(4));
    collect(deframer, [Buffer.of(0, 0, 0)]);
    expect(deframer.pendingBytes).toBe(3);
    collect(deframer, [Buffer.of(1, 23, 3, 3, 0, 5, 9)]);
    expect(deframer.pendingBytes).toBe(10);
  });

  it.each([
    ['a type that is not accepted', header(99, 1), Alert.unexpected_message],
    ['a control record without a trunk', header(CONTROL_TYPE, 1), Alert.unexpected_message],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n'), Alert.unexpected_message],
    ['another major version', header(22, 1, 2), Alert.protocol_version],
    ['a body above the bound', header(23, MAX_BODY_BYTES + 1), Alert.record_overflow],
  ])('refuses %s as soon as the header is there', (_what, bytes, alert) => {
    const whole = new RecordDeframer(options(0));
    expect(() => collect(whole, [bytes])).toThrow(expect.objectContaining({ alert }));
    const split = new RecordDeframer(options(0));
    collect(split, [bytes.subarray(0, 4)]);
    expect(() => collect(split, [bytes.subarray(4, 5)])).toThrow(expect.objectContaining({ alert }));
    expect(split.pendingBytes).toBeLessThanOrEqual(5);
  });

  it('delivers what came before the broken record, and nothing after it', () => {
    const deframer = new RecordDeframer(options(0));
    const records: Buffer[] = [];
    const push = (chunk: Buffer) => deframer.push(chunk, (record) => records.push(record));
    const good = Buffer.concat([header(23, 1), Buffer.of(7)]);
    expect(() => push(Buffer.concat([good, header(99, 0)]))).toThrow('type 99');
    expect(() => push(good)).toThrow('type 99');
    expect(records).toEqual([good]);
  });

  it('stays dead after its receiver threw', () => {
    const deframer = new RecordDeframer(options(0));
    const failure = new Error('receiver failed');
    const push = () =>
      deframer.push(header(23, 0), () => {
        throw failure;
      });
    expect(push).toThrow(failure);
    expect(() => deframer.push(header(23, 0), () => undefined)).toThrow(failure);
  });
});
