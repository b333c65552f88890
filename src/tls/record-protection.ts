/**
 * Record protection: one state per direction and epoch, on the AEADs of `node:crypto`
 * (RFC 8446 5.2, RFC 5246 6.2.3.3).
 */
import {
  type CipherGCM,
  createCipheriv,
  createDecipheriv,
  type DecipherGCM,
  type KeyObject,
} from 'node:crypto';
import { ProtocolError } from '../base/errors.js';
import { Alert } from './alert.js';
import { type Aead, type CipherSuite, TAG_BYTES } from './cipher-suites.js';
import type { DirectionKeys } from './key-schedule-13.js';
import { type NonceSequence, nonceSequence } from './nonce.js';
import {
  MAX_PLAINTEXT_BYTES,
  RECORD_HEADER_BYTES,
  recordBodyBytes,
  recordType,
  writeRecordHeader,
} from './record.js';
import { type OpenedRecord, type RecordFormat, recordFormat } from './record-format.js';

/**
 * Up to here one buffer is cheaper than a list of three, above it copying the content costs more than it saves
 * (measured: the two meet between 1 and 2 KiB; one buffer is also cheaper to write to a socket).
 */
const SINGLE_BUFFER_BYTES = 2048;

/** Room below the seal limit for a KeyUpdate and for all that one turn of the event loop may still want to send. */
const REKEY_MARGIN_RECORDS = 65_536;

const NO_PREFIX = Buffer.alloc(0);

/** A write state has sealed as many records as one key may seal (RFC 8446 5.5). */
export class SealLimitError extends Error {
  override readonly name = 'SealLimitError';
  /** Records sealed with the key. */
  readonly sealed: number;

  constructor(suite: CipherSuite, sealed: number) {
    super(`${suite.name}: ${sealed} records sealed with one key, at most ${suite.sealLimit} are allowed`);
    this.sealed = sealed;
  }
}

/** What a write state allows next: to seal, to seal a KeyUpdate and little else, or nothing. */
export type NextAction = 'seal' | 'rekey' | 'refuse';

export interface WriteStateOptions {
  /** Server records in total when the key began: names the key among those of its connection. */
  readonly keyBase?: number;
  /** Region of the explicit nonces. */
  readonly nonceRegion?: number;
}

/** What the last record was sealed with, for the proof that no nonce is used twice. */
export interface SealedWith {
  readonly keyBase: number;
  readonly sequenceNumber: number;
  /** Nonce bytes that the record itself carries, behind its header. */
  readonly explicitNonceBytes: number;
}

/** Seals the records of one direction of one epoch. It never uses a sequence number twice. */
export class WriteState {
  readonly #suite: CipherSuite;
  readonly #format: RecordFormat;
  readonly #key: KeyObject;
  readonly #nonces: NonceSequence;
  readonly #aad: Buffer;
  /** What protection adds to the content, the record header included. */
  readonly #overheadBytes: number;
  readonly #keyBase: number;
  #sequenceNumber: number;
  #sealedNumber: number | undefined;

  constructor(
    suite: CipherSuite,
    keys: DirectionKeys,
    sequenceNumber = 0,
    { keyBase = 0, nonceRegion = 0 }: WriteStateOptions = {},
  ) {
    this.#suite = suite;
    this.#format = recordFormat(suite.version);
    this.#key = keys.key;
    this.#nonces = nonceSequence(suite, keys.iv, nonceRegion);
    this.#aad = Buffer.alloc(this.#format.aadBytes);
    this.#overheadBytes =
      RECORD_HEADER_BYTES + suite.explicitNonceBytes + this.#format.innerTypeBytes + TAG_BYTES;
    this.#keyBase = keyBase;
    this.#sequenceNumber = checkedSequenceNumber(sequenceNumber);
  }

  /** Sequence number of the next record. */
  get sequenceNumber(): number {
    return this.#sequenceNumber;
  }

  /** Of the last record: undefined before the first. */
  get sealedWith(): SealedWith | undefined {
    if (this.#sealedNumber === undefined) return undefined;
    return {
      keyBase: this.#keyBase,
      sequenceNumber: this.#sealedNumber,
      explicitNonceBytes: this.#suite.explicitNonceBytes,
    };
  }

  /** Whether so few records are left under this key that it should be replaced. */
  get nearLimit(): boolean {
    return this.#sequenceNumber >= this.#suite.sealLimit - REKEY_MARGIN_RECORDS;
  }

  /** TLS 1.2 has no KeyUpdate: there is never a `rekey`. */
  get nextAction(): NextAction {
    if (this.#sequenceNumber >= this.#suite.sealLimit) return 'refuse';
    return this.nearLimit && this.#suite.version === '1.3' ? 'rekey' : 'seal';
  }

  /** Length of the content of a record of `recordBytes` bytes, header included, that this state sealed. */
  contentBytes(recordBytes: number): number {
    const contentBytes = recordBytes - this.#overheadBytes;
    const longestBytes = this.recordBytes(MAX_PLAINTEXT_BYTES);
    if (contentBytes < 0 || contentBytes > MAX_PLAINTEXT_BYTES) {
      throw new ProtocolError(
        Alert.decode_error,
        `record of ${recordBytes} bytes, ${this.#suite.name} makes ${this.#overheadBytes} to ${longestBytes}`,
      );
    }
    return contentBytes;
  }

  /** Length of the record that `contentBytes` bytes of content become, header included. */
  recordBytes(contentBytes: number): number {
    return contentBytes + this.#overheadBytes;
  }

  /**
   * Seals one record. The concatenation of the returned buffers is `prefix` and the record; they share no memory with
   * `content` or `prefix`.
   * @param content 0 to 16384 bytes
   * @param prefix goes before the record header, not protected: the flow id on a trunk
   * @throws SealLimitError when the key is used up
   */
  seal(type: number, content: Buffer, prefix: Buffer = NO_PREFIX): Buffer[] {
    if (content.length > MAX_PLAINTEXT_BYTES) {
      throw new RangeError(
        `content of ${content.length} bytes, one record takes at most ${MAX_PLAINTEXT_BYTES}`,
      );
    }
    const sequenceNumber = this.#takeSequenceNumber();
    const nonce = this.#nonces.forSequenceNumber(sequenceNumber);
    this.#sealedNumber = sequenceNumber;
    const cipher = createCipher(this.#suite.aead, this.#key, nonce);
    return content.length <= SINGLE_BUFFER_BYTES
      ? this.#sealSmall(cipher, type, content, prefix, sequenceNumber)
      : this.#sealLarge(cipher, type, content, prefix, sequenceNumber);
  }

  /** Before anything can fail, so that no failure makes a number come twice. */
  #takeSequenceNumber(): number {
    const sequenceNumber = this.#sequenceNumber;
    if (sequenceNumber >= this.#suite.sealLimit) throw new SealLimitError(this.#suite, sequenceNumber);
    this.#sequenceNumber = sequenceNumber + 1;
    return sequenceNumber;
  }

  /** One buffer; the content is copied into it so that one `update` takes the inner type as well. */
  #sealSmall(
    cipher: CipherGCM,
    type: number,
    content: Buffer,
    prefix: Buffer,
    sequenceNumber: number,
  ): [Buffer] {
    const sealed = Buffer.allocUnsafe(prefix.length + this.recordBytes(content.length));
    const contentAt = this.#writeHead(cipher, sealed, type, content.length, prefix, sequenceNumber);
    const tagAt = sealed.length - TAG_BYTES;
    content.copy(sealed, contentAt);
    if (this.#format.innerTypeBytes === 1) sealed[tagAt - 1] = type;
    cipher.update(sealed.subarray(contentAt, tagAt)).copy(sealed, contentAt);
    cipher.final();
    cipher.getAuthTag().copy(sealed, tagAt);
    return [sealed];
  }

  /** Head, ciphertext and trailer (inner type and tag): the content is not copied. */
  #sealLarge(
    cipher: CipherGCM,
    type: number,
    content: Buffer,
    prefix: Buffer,
    sequenceNumber: number,
  ): [Buffer, Buffer, Buffer] {
    const { innerTypeBytes } = this.#format;
    const head = Buffer.allocUnsafe(prefix.length + RECORD_HEADER_BYTES + this.#suite.explicitNonceBytes);
    this.#writeHead(cipher, head, type, content.length, prefix, sequenceNumber);
    const ciphertext = cipher.update(content);
    const trailer = Buffer.allocUnsafe(innerTypeBytes + TAG_BYTES);
    if (innerTypeBytes === 1) cipher.update(Buffer.of(type)).copy(trailer);
    cipher.final();
    cipher.getAuthTag().copy(trailer, innerTypeBytes);
    return [head, ciphertext, trailer];
  }

  /** Writes prefix, header and explicit nonce, sets the additional data. Returns where the content begins. */
  #writeHead(
    cipher: CipherGCM,
    target: Buffer,
    type: number,
    contentBytes: number,
    prefix: Buffer,
    sequenceNumber: number,
  ): number {
    prefix.copy(target);
    const headerAt = prefix.length;
    const bodyBytes = this.recordBytes(contentBytes) - RECORD_HEADER_BYTES;
    writeRecordHeader(target, headerAt, this.#format.outerType(type), bodyBytes);
    this.#format.writeAad(this.#aad, target, headerAt, contentBytes, sequenceNumber);
    cipher.setAAD(this.#aad);
    return this.#nonces.writeExplicit(target, headerAt + RECORD_HEADER_BYTES);
  }
}

/** Opens the records of one direction of one epoch, in order. A record that is refused leaves the state as it was. */
export class ReadState {
  readonly #suite: CipherSuite;
  readonly #format: RecordFormat;
  readonly #key: KeyObject;
  readonly #nonces: NonceSequence;
  readonly #aad: Buffer;
  #sequenceNumber: number;

  constructor(suite: CipherSuite, keys: DirectionKeys, sequenceNumber = 0) {
    this.#suite = suite;
    this.#format = recordFormat(suite.version);
    this.#key = keys.key;
    this.#nonces = nonceSequence(suite, keys.iv);
    this.#aad = Buffer.alloc(this.#format.aadBytes);
    this.#sequenceNumber = checkedSequenceNumber(sequenceNumber);
  }

  /** Sequence number of the next record. */
  get sequenceNumber(): number {
    return this.#sequenceNumber;
  }

  /**
   * Opens one whole record, which starts at its 5-byte header. The content does not share memory with it.
   * @throws ProtocolError unexpected_message, record_overflow, decode_error, or bad_record_mac for all that is not
   *   authentic, which includes records too short for a tag
   */
  open(record: Buffer): OpenedRecord {
    const type = this.#checkedOuterType(record);
    const ciphertextAt = RECORD_HEADER_BYTES + this.#suite.explicitNonceBytes;
    const tagAt = record.length - TAG_BYTES;
    if (tagAt < ciphertextAt) {
      throw new ProtocolError(
        Alert.bad_record_mac,
        `protected record of ${record.length} bytes has no room for a tag`,
      );
    }
    const plaintext = this.#decrypt(record, ciphertextAt, tagAt);
    const opened = this.#format.unwrap(type, plaintext);
    this.#sequenceNumber += 1;
    return opened;
  }

  #checkedOuterType(record: Buffer): number {
    const bodyBytes = record.length - RECORD_HEADER_BYTES;
    if (bodyBytes < 0 || recordBodyBytes(record) !== bodyBytes) {
      throw new ProtocolError(Alert.decode_error, `${record.length} bytes are not one whole record`);
    }
    const type = recordType(record);
    this.#format.checkOuterType(type);
    const { maxBodyBytes } = this.#format;
    if (bodyBytes > maxBodyBytes) {
      throw new ProtocolError(
        Alert.record_overflow,
        `protected record with a body of ${bodyBytes} bytes, at most ${maxBodyBytes} are allowed`,
      );
    }
    return type;
  }

  #decrypt(record: Buffer, ciphertextAt: number, tagAt: number): Buffer {
    const nonce = this.#nonces.forReceived(this.#sequenceNumber, record, RECORD_HEADER_BYTES);
    const decipher = createDecipher(this.#suite.aead, this.#key, nonce);
    this.#format.writeAad(this.#aad, record, 0, tagAt - ciphertextAt, this.#sequenceNumber);
    decipher.setAAD(this.#aad);
    decipher.setAuthTag(record.subarray(tagAt));
    const plaintext = decipher.update(record.subarray(ciphertextAt, tagAt));
    try {
      decipher.final();
    } catch (cause) {
      throw new ProtocolError(
        Alert.bad_record_mac,
        `record with sequence number ${this.#sequenceNumber} is not authentic`,
        { cause },
      );
    }
    return plaintext;
  }
}

function checkedSequenceNumber(sequenceNumber: number): number {
  if (Number.isSafeInteger(sequenceNumber) && sequenceNumber >= 0) return sequenceNumber;
  throw new RangeError(`sequence number ${sequenceNumber}, must be an integer of 0 to 2^53 - 1`);
}

/** Shared by all ciphers: options objects are read, never kept. */
const TAG_LENGTH_OPTION = { authTagLength: TAG_BYTES } as const;

/** The typings know ChaCha20-Poly1305 apart from GCM; what is used here of the two is the same. */
function createCipher(aead: Aead, key: KeyObject, nonce: Buffer): CipherGCM {
  return aead === 'chacha20-poly1305'
    ? createCipheriv(aead, key, nonce, TAG_LENGTH_OPTION)
    : createCipheriv(aead, key, nonce, TAG_LENGTH_OPTION);
}

function createDecipher(aead: Aead, key: KeyObject, nonce: Buffer): DecipherGCM {
  return aead === 'chacha20-poly1305'
    ? createDecipheriv(aead, key, nonce, TAG_LENGTH_OPTION)
    : createDecipheriv(aead, key, nonce, TAG_LENGTH_OPTION);
}
