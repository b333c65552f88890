import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ByteReader, ByteWriter } from '../../src/base/bytes.js';
import { ProtocolError } from '../../src/base/errors.js';

const DECODE_ERROR = 50;

type Field =
  | { kind: 'uint8' | 'uint16' | 'uint24' | 'uint32' | 'uint48' | 'uint64AsNumber'; value: number }
  | { kind: 'vector8' | 'vector16'; value: Buffer };

const integer = (kind: Extract<Field['kind'], `uint${string}`>, max: number) =>
  fc.record({ kind: fc.constant(kind), value: fc.maxSafeNat().map((n) => (n <= max ? n : n % (max + 1))) });
const vector = (kind: 'vector8' | 'vector16', maxLength: number) =>
  fc.record({
    kind: fc.constant(kind),
    value: fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes)),
  });

const field: fc.Arbitrary<Field> = fc.oneof(
  integer('uint8', 0xff),
  integer('uint16', 0xffff),
  integer('uint24', 0xff_ffff),
  integer('uint32', 0xffff_ffff),
  integer('uint48', 2 ** 48 - 1),
  integer('uint64AsNumber', Number.MAX_SAFE_INTEGER),
  vector('vector8', 255),
  vector('vector16', 300),
);

function write(writer: ByteWriter, field: Field): void {
  if (Buffer.isBuffer(field.value)) {
    const close = openVector(writer, field.kind);
    writer.bytes(field.value);
    close();
  } else if (field.kind.startsWith('uint')) {
    writer[field.kind as 'uint8'](field.value);
  }
}

function openVector(writer: ByteWriter, kind: Field['kind']): () => void {
  return kind === 'vector8' ? writer.writeLengthUint8() : writer.writeLengthUint16();
}

function serialize(fields: readonly Field[]): Buffer {
  const writer = new ByteWriter(1);
  for (const field of fields) write(writer, field);
  return writer.finish();
}

describe('ByteWriter and ByteReader', () => {
  it('read back what was written, and nothing is left', () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 12 }), (fields) => {
        const reader = new ByteReader(serialize(fields));
        for (const { kind, value } of fields) expect(reader[kind]()).toEqual(value);
        expect(reader.remaining).toBe(0);
        reader.end();
      }),
    );
  });

  it('refuse every truncation with decode_error', () => {
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 6 }), fc.nat(), (fields, cut) => {
        const bytes = serialize(fields);
        const reader = new ByteReader(bytes.subarray(0, cut % bytes.length));
        const readAll = () => {
          for (const { kind } of fields) reader[kind]();
        };
        expect(readAll).toThrow(expect.objectContaining({ alert: DECODE_ERROR }));
      }),
    );
  });

  it('lay numbers out in network order', () => {
    const writer = new ByteWriter().uint8(1).uint16(0x0203).uint24(0x040506).uint32(0x0708090a);
    writer.uint48(0x0b0c0d0e0f10).uint64AsNumber(2 ** 53 - 1);
    expect(writer.finish().toString('hex')).toBe('0102030405060708090a0b0c0d0e0f10001fffffffffffff');
  });

  it('nest vectors', () => {
    const writer = new ByteWriter();
    const outer = writer.writeLengthUint16();
    const inner = writer.writeLengthUint8();
    writer.uint8(7);
    inner();
    outer();
    expect([...writer.finish()]).toEqual([0, 2, 1, 7]);
  });
});

describe('ByteReader', () => {
  it('names the subject, what it needs and what there is', () => {
    const reader = new ByteReader(Buffer.of(1, 2, 3), 'ServerHello');
    reader.uint8();
    expect(() => reader.uint32()).toThrow('ServerHello: needs 4 bytes at byte 1, has 2');
    expect(reader.position).toBe(1);
  });

  it('refuses a vector that claims more than there is', () => {
    expect(() => new ByteReader(Buffer.of(0xff, 0xff, 0)).vector16()).toThrow(ProtocolError);
  });

  it('refuses 64-bit integers above 2^53 - 1', () => {
    const bytes = Buffer.from('0020000000000000', 'hex');
    expect(() => new ByteReader(bytes).uint64AsNumber()).toThrow('above 2^53 - 1');
  });

  it('gives the rest, and refuses an end before the end', () => {
    const reader = new ByteReader(Buffer.of(1, 2, 3));
    reader.uint8();
    expect(() => reader.end()).toThrow('2 bytes after its end at byte 1');
    expect([...reader.rest()]).toEqual([2, 3]);
    expect(reader.rest()).toHaveLength(0);
    reader.end();
  });
});

describe('ByteWriter', () => {
  it('refuses values that do not fit their field', () => {
    expect(() => new ByteWriter().uint8(256)).toThrow(RangeError);
    expect(() => new ByteWriter().uint48(2 ** 48)).toThrow(RangeError);
    expect(() => new ByteWriter().uint64AsNumber(2 ** 53)).toThrow(RangeError);
    expect(() => new ByteWriter().uint64AsNumber(-1)).toThrow(RangeError);
  });

  it('refuses to close a vector that outgrew its length', () => {
    const writer = new ByteWriter();
    const close = writer.writeLengthUint8();
    writer.bytes(Buffer.alloc(256));
    expect(close).toThrow(RangeError);
  });

  it('leaves nothing behind in the memory that it outgrew', () => {
    const allocated: Buffer[] = [];
    const allocate = Buffer.allocUnsafe.bind(Buffer);
    const spy = vi.spyOn(Buffer, 'allocUnsafe').mockImplementation((size) => {
      const buffer = allocate(size);
      allocated.push(buffer);
      return buffer;
    });
    onTestFinished(() => spy.mockRestore());
    const content = Buffer.alloc(40, 0x5e);
    const writer = new ByteWriter();
    for (let i = 0; i < 10; i++) writer.bytes(content);
    expect(writer.finish()).toEqual(Buffer.alloc(400, 0x5e));
    const outgrown = allocated.slice(0, -1);
    expect(outgrown.length).toBeGreaterThan(1);
    for (const buffer of outgrown) expect(buffer.includes(content)).toBe(false);
  });
});
