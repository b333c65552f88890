/** Cuts a byte stream into whole TLS records without looking into their bodies. */
import { ProtocolError } from '../base/errors.js';
import { Alert } from './alert.js';
import { isContentType, MAX_CIPHERTEXT_BYTES, RECORD_HEADER_BYTES, RECORD_VERSION_MAJOR } from './record.js';

export interface RecordDeframerOptions {
  /** Bytes before each record: 0 on a client's connection, 4 on a trunk (the flow id). */
  readonly prefixBytes: 0 | 4;
  /** Whether a record of this type may come at all. */
  accepts(type: number): boolean;
  /** Longest body of a record of an accepted type, bytes. */
  maxBodyBytes(type: number): number;
}

/** The byte stream of one TLS peer. */
export const TLS_STREAM: RecordDeframerOptions = {
  prefixBytes: 0,
  accepts: isContentType,
  maxBodyBytes: () => MAX_CIPHERTEXT_BYTES,
};

/**
 * Turns chunks into records. A record that lies in one chunk is passed on as a view of it; one that straddles chunks is
 * copied once, into a buffer of its exact size, allocated only after its header has been checked.
 *
 * After anything was thrown, by a check or by the receiver, the stream has no meaning any more: further pushes throw the
 * same error.
 */
export class RecordDeframer {
  readonly #options: RecordDeframerOptions;
  readonly #prefixBytes: number;
  /** Prefix and header: what must be there before the length of a record is known. */
  readonly #headBytes: number;
  /** The head of a record whose head straddles chunks: rare, and none of it is kept for connections that idle. */
  #head: Buffer | undefined;
  /** The record being collected, of its final size; undefined while its head is incomplete. */
  #record: Buffer | undefined;
  /** Bytes in `#record`, or in `#head` when there is no record. */
  #filledBytes = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: RecordDeframerOptions) {
    this.#options = options;
    this.#prefixBytes = options.prefixBytes;
    this.#headBytes = options.prefixBytes + RECORD_HEADER_BYTES;
  }

  /** Bytes held of a record that is not complete yet: at most the head and the bound of its type. */
  get pendingBytes(): number {
    return this.#filledBytes;
  }

  /**
   * Calls `onRecord` for each record that `chunk` completes, in order, before it returns. A record is prefix, header and
   * body. It may be a view of `chunk`: copy it to keep it for long. `onRecord` must not push.
   * @throws ProtocolError unexpected_message (type not accepted), protocol_version, record_overflow
   */
  push(chunk: Buffer, onRecord: (record: Buffer) => void): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    try {
      this.#push(chunk, onRecord);
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  #push(chunk: Buffer, onRecord: (record: Buffer) => void): void {
    let offset = this.#filledBytes === 0 ? 0 : this.#complete(chunk, onRecord);
    while (chunk.length - offset >= this.#headBytes) {
      const end = offset + this.#checkedRecordBytes(chunk, offset);
      if (end > chunk.length) break;
      onRecord(chunk.subarray(offset, end));
      offset = end;
    }
    if (offset < chunk.length) this.#keep(chunk, offset);
  }

  /** Goes on with the record that earlier chunks began. Returns how much of `chunk` belonged to it. */
  #complete(chunk: Buffer, onRecord: (record: Buffer) => void): number {
    const headEnd = this.#head === undefined ? 0 : this.#completeHead(this.#head, chunk);
    const record = this.#record;
    if (record === undefined) return headEnd;
    const offset = this.#fill(record, chunk, headEnd);
    if (this.#filledBytes === record.length) {
      this.#record = undefined;
      this.#filledBytes = 0;
      onRecord(record);
    }
    return offset;
  }

  /** Begins the record when its head is complete. Returns how much of `chunk` belonged to the head. */
  #completeHead(head: Buffer, chunk: Buffer): number {
    const offset = this.#fill(head, chunk, 0);
    if (this.#filledBytes === this.#headBytes) {
      this.#record = Buffer.allocUnsafe(this.#checkedRecordBytes(head, 0));
      head.copy(this.#record);
      this.#head = undefined;
    }
    return offset;
  }

  /** Appends what fits of `chunk` from `offset` on. Returns the offset behind it. */
  #fill(target: Buffer, chunk: Buffer, offset: number): number {
    const copied = chunk.copy(target, this.#filledBytes, offset);
    this.#filledBytes += copied;
    return offset + copied;
  }

  /** Keeps the beginning of a record. A complete head in it has been checked. */
  #keep(chunk: Buffer, offset: number): void {
    const startBytes = chunk.length - offset;
    if (startBytes < this.#headBytes) {
      this.#head = Buffer.allocUnsafe(this.#headBytes);
      this.#fill(this.#head, chunk, offset);
      return;
    }
    this.#record = Buffer.allocUnsafe(this.#checkedRecordBytes(chunk, offset));
    this.#fill(this.#record, chunk, offset);
  }

  /** Length of the whole record, prefix included, whose complete head is at `offset`. */
  #checkedRecordBytes(bytes: Buffer, offset: number): number {
    const at = offset + this.#prefixBytes;
    const type = bytes.readUInt8(at);
    const bodyBytes = bytes.readUInt16BE(at + 3);
    if (!this.#options.accepts(type)) {
      throw new ProtocolError(Alert.unexpected_message, `record of type ${type} is not expected here`);
    }
    // Private types (control records) use the version bytes for something else.
    if (isContentType(type) && bytes.readUInt8(at + 1) !== RECORD_VERSION_MAJOR) {
      throw new ProtocolError(
        Alert.protocol_version,
        `record version ${bytes.readUInt8(at + 1)}.${bytes.readUInt8(at + 2)}, must be 3.x`,
      );
    }
    const maxBodyBytes = this.#options.maxBodyBytes(type);
    if (bodyBytes > maxBodyBytes) {
      throw new ProtocolError(
        Alert.record_overflow,
        `record of type ${type} with a body of ${bodyBytes} bytes, at most ${maxBodyBytes} are allowed`,
      );
    }
    return this.#headBytes + bodyBytes;
  }
}
