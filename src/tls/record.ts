/** The TLS record header (RFC 8446 5.1, RFC 5246 6.2): type (1), version (2), length of the body (2). */

/** Content types, under the names of RFC 8446 5.1. */
export const ContentType = {
  change_cipher_spec: 20,
  alert: 21,
  handshake: 22,
  application_data: 23,
} as const;
export type ContentType = (typeof ContentType)[keyof typeof ContentType];

/** type (1) + legacy_record_version (2) + length (2). */
export const RECORD_HEADER_BYTES = 1 + 2 + 2;

/** Longest content of one record, both versions (RFC 8446 5.1): 2^14. */
export const MAX_PLAINTEXT_BYTES = 16_384;

/** Longest body of a record in TLS 1.2 (RFC 5246 6.2.3): 2^14 + 2048. Every TLS 1.3 record is shorter. */
export const MAX_CIPHERTEXT_BYTES = MAX_PLAINTEXT_BYTES + 2048;

/** Longest body of a protected record in TLS 1.3 (RFC 8446 5.2): 2^14 + 256. */
export const MAX_CIPHERTEXT_BYTES_13 = MAX_PLAINTEXT_BYTES + 256;

/** First byte of the record version of every TLS version. */
export const RECORD_VERSION_MAJOR = 3;

/** Version of every record after the ClientHello: TLS 1.2's own, and TLS 1.3's legacy_record_version. */
export const RECORD_VERSION = 0x0303;

/** Whether `type` is a content type of TLS 1.2 or 1.3. */
export function isContentType(type: number): type is ContentType {
  return type >= ContentType.change_cipher_spec && type <= ContentType.application_data;
}

/** Type of the record whose header starts at `offset`. The caller has checked that the header is complete. */
export function recordType(record: Buffer, offset = 0): number {
  return record.readUInt8(offset);
}

/** Length of the body that the header at `offset` declares, 0 to 65535 bytes. Not checked against any bound. */
export function recordBodyBytes(record: Buffer, offset = 0): number {
  return record.readUInt16BE(offset + 3);
}

/** Writes a record header with version 3.3 at `offset`. */
export function writeRecordHeader(target: Buffer, offset: number, type: number, bodyBytes: number): void {
  target.writeUInt8(type, offset);
  target.writeUInt16BE(RECORD_VERSION, offset + 1);
  target.writeUInt16BE(bodyBytes, offset + 3);
}
