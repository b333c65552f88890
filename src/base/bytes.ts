/** Reading and writing of network-order (big-endian) binary fields, with every bound checked. */
import { ProtocolError } from './errors.js';

/** The alert decode_error of RFC 8446 6.2: a field out of its range, or a message of the wrong length. */
const DECODE_ERROR = 50;

/** 2^32: splits a number above 32 bits into two halves. */
const UINT32_RANGE = 0x1_0000_0000;

/** Reads fields from a buffer, in order. Every read throws ProtocolError decode_error when too few bytes are left. */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #subject: string;
  #position = 0;

  /** @param subject what the bytes are, for error messages: `ServerHello` */
  constructor(bytes: Buffer, subject = 'message') {
    this.#bytes = bytes;
    this.#subject = subject;
  }

  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#advance(2));
  }

  uint24(): number {
    return this.#bytes.readUIntBE(this.#advance(3), 3);
  }

  uint32(): number {
    return this.#bytes.readUInt32BE(this.#advance(4));
  }

  uint48(): number {
    return this.#bytes.readUIntBE(this.#advance(6), 6);
  }

  /** A 64-bit integer; more than `Number.MAX_SAFE_INTEGER` is a decode_error. */
  uint64AsNumber(): number {
    const at = this.#advance(8);
    const value = this.#bytes.readUInt32BE(at) * UINT32_RANGE + this.#bytes.readUInt32BE(at + 4);
    if (!Number.isSafeInteger(value)) this.#fail(`integer above 2^53 - 1 at byte ${at}`);
    return value;
  }

  /** The next `length` bytes, as a view: not a copy. */
  bytes(length: number): Buffer {
    const at = this.#advance(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A vector with a length of 1 byte (RFC 8446 3.4), as a view. */
  vector8(): Buffer {
    return this.bytes(this.uint8());
  }

  /** A vector with a length of 2 bytes, as a view. */
  vector16(): Buffer {
    return this.bytes(this.uint16());
  }

  /** All bytes that are left, as a view. */
  rest(): Buffer {
    return this.bytes(this.remaining);
  }

  /** Asserts that everything has been read. */
  end(): void {
    if (this.remaining !== 0) this.#fail(`${this.remaining} bytes after its end at byte ${this.#position}`);
  }

  #advance(length: number): number {
    const at = this.#position;
    if (length > this.#bytes.length - at) {
      this.#fail(`needs ${length} bytes at byte ${at}, has ${this.#bytes.length - at}`);
    }
    this.#position = at + length;
    return at;
  }

  #fail(problem: string): never {
    throw new ProtocolError(DECODE_ERROR, `${this.#subject}: ${problem}`);
  }
}

/** Room for a typical small message; it doubles when it does not do. */
const INITIAL_CAPACITY_BYTES = 64;

/**
 * Writes fields into one growing buffer, and leaves no copy behind when it grows: there may be secrets in it. A value that
 * does not fit its field throws RangeError.
 */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacityBytes = INITIAL_CAPACITY_BYTES) {
    this.#bytes = Buffer.allocUnsafe(Math.max(1, capacityBytes));
  }

  get length(): number {
    return this.#length;
  }

  uint8(value: number): this {
    const at = this.#extend(1);
    this.#bytes.writeUInt8(value, at);
    return this;
  }

  uint16(value: number): this {
    const at = this.#extend(2);
    this.#bytes.writeUInt16BE(value, at);
    return this;
  }

  uint24(value: number): this {
    const at = this.#extend(3);
    this.#bytes.writeUIntBE(value, at, 3);
    return this;
  }

  uint32(value: number): this {
    const at = this.#extend(4);
    this.#bytes.writeUInt32BE(value, at);
    return this;
  }

  uint48(value: number): this {
    const at = this.#extend(6);
    this.#bytes.writeUIntBE(value, at, 6);
    return this;
  }

  /** Writes an integer of 0 to `Number.MAX_SAFE_INTEGER` as 64 bits. */
  uint64AsNumber(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`64-bit field: ${value} is not an integer of 0 to 2^53 - 1`);
    }
    const at = this.#extend(8);
    this.#bytes.writeUInt32BE(Math.floor(value / UINT32_RANGE), at);
    this.#bytes.writeUInt32BE(value % UINT32_RANGE, at + 4);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    const at = this.#extend(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Opens a vector with a length of 1 byte: call what it returns when the vector's content has been written. */
  writeLengthUint8(): () => void {
    return this.#openVector(1);
  }

  /** Opens a vector with a length of 2 bytes, as {@link writeLengthUint8}. */
  writeLengthUint16(): () => void {
    return this.#openVector(2);
  }

  /** What has been written, as a view: write no more afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #openVector(lengthBytes: number): () => void {
    const at = this.#extend(lengthBytes);
    const start = this.#length;
    return () => {
      this.#bytes.writeUIntBE(this.#length - start, at, lengthBytes);
    };
  }

  /** Makes room. Call it before `#bytes` is read: it may replace that buffer. */
  #extend(length: number): number {
    const at = this.#length;
    const needed = at + length;
    if (needed > this.#bytes.length) this.#grow(needed);
    this.#length = needed;
    return at;
  }

  #grow(needed: number): void {
    const bytes = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    const written = this.#bytes.subarray(0, this.#length);
    bytes.set(written);
    written.fill(0);
    this.#bytes = bytes;
  }
}
