/** What differs between a protected record of TLS 1.3 (RFC 8446 5.2) and one of TLS 1.2 (RFC 5246 6.2.3.3). */
import { ProtocolError } from '../base/errors.js';
import { Alert } from './alert.js';
import type { TlsVersion } from './cipher-suites.js';
import { writeSequenceNumber } from './nonce.js';
import {
  ContentType,
  isContentType,
  MAX_CIPHERTEXT_BYTES,
  MAX_CIPHERTEXT_BYTES_13,
  MAX_PLAINTEXT_BYTES,
  RECORD_HEADER_BYTES,
} from './record.js';

/** A record after its protection was removed. */
export interface OpenedRecord {
  readonly type: number;
  readonly content: Buffer;
}

export interface RecordFormat {
  /** Bytes of the additional data. */
  readonly aadBytes: number;
  /** Bytes that the content type takes behind the content, inside the protection: 1 or 0. */
  readonly innerTypeBytes: 0 | 1;
  readonly maxBodyBytes: number;
  /** Content type that the header of a protected record shows. */
  outerType(type: number): number;
  /** Fills `aad` for the record at `recordAt` of `bytes`. `contentBytes`: what is inside, without the tag. */
  writeAad(aad: Buffer, bytes: Buffer, recordAt: number, contentBytes: number, sequenceNumber: number): void;
  /** Throws ProtocolError when a protected record may not have this type in its header. */
  checkOuterType(type: number): void;
  /** Content and content type of an authentic plaintext. */
  unwrap(outerType: number, plaintext: Buffer): OpenedRecord;
}

/** TLS 1.3: every record looks like application data; the true type follows the content, then padding. */
const FORMAT_13: RecordFormat = {
  aadBytes: RECORD_HEADER_BYTES,
  innerTypeBytes: 1,
  maxBodyBytes: MAX_CIPHERTEXT_BYTES_13,

  outerType(): number {
    return ContentType.application_data;
  },

  writeAad(aad, bytes, recordAt): void {
    bytes.copy(aad, 0, recordAt, recordAt + RECORD_HEADER_BYTES);
  },

  checkOuterType(type): void {
    if (type === ContentType.application_data) return;
    throw new ProtocolError(
      Alert.unexpected_message,
      `unprotected record of type ${type} in a TLS 1.3 epoch`,
    );
  },

  unwrap(_outerType, plaintext): OpenedRecord {
    // RFC 8446 5.4: padding does not raise the limit.
    checkContentBytes(plaintext.length, MAX_PLAINTEXT_BYTES + 1);
    const typeAt = lastNonZero(plaintext);
    const type = typeAt < 0 ? 0 : plaintext.readUInt8(typeAt);
    if (!isContentType(type) || type === ContentType.change_cipher_spec) {
      throw new ProtocolError(Alert.unexpected_message, `protected record with inner content type ${type}`);
    }
    if (typeAt === 0 && type !== ContentType.application_data) {
      throw new ProtocolError(
        Alert.unexpected_message,
        `empty protected record with inner content type ${type}`,
      );
    }
    return { type, content: plaintext.subarray(0, typeAt) };
  },
};

/** seq_num (8) + type (1) + version (2) + length of the content (2): RFC 5246 6.2.3.3. */
const AAD_BYTES_12 = 8 + RECORD_HEADER_BYTES;

/** TLS 1.2: the type is in the header; there is no padding. */
const FORMAT_12: RecordFormat = {
  aadBytes: AAD_BYTES_12,
  innerTypeBytes: 0,
  maxBodyBytes: MAX_CIPHERTEXT_BYTES,

  outerType(type): number {
    return type;
  },

  writeAad(aad, bytes, recordAt, contentBytes, sequenceNumber): void {
    writeSequenceNumber(aad, 0, sequenceNumber);
    bytes.copy(aad, 8, recordAt, recordAt + 3);
    aad.writeUInt16BE(contentBytes, AAD_BYTES_12 - 2);
  },

  checkOuterType(type): void {
    if (isContentType(type)) return;
    throw new ProtocolError(Alert.unexpected_message, `record of unknown content type ${type}`);
  },

  unwrap(type, content): OpenedRecord {
    checkContentBytes(content.length, MAX_PLAINTEXT_BYTES);
    return { type, content };
  },
};

const FORMATS: Readonly<Record<TlsVersion, RecordFormat>> = { '1.3': FORMAT_13, '1.2': FORMAT_12 };

export function recordFormat(version: TlsVersion): RecordFormat {
  return FORMATS[version];
}

function checkContentBytes(bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new ProtocolError(
    Alert.record_overflow,
    `record with ${bytes} bytes inside, at most ${maxBytes} are allowed`,
  );
}

/** Index of the last byte that is not zero, -1 when there is none. */
function lastNonZero(bytes: Buffer): number {
  let at = bytes.length - 1;
  while (at >= 0 && bytes[at] === 0) at -= 1;
  return at;
}
