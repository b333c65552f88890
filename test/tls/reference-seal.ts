/** Record protection once more, as plainly as the RFCs put it, to compare the real one with and to make bad records. */
import { createCipheriv, createSecretKey } from 'node:crypto';
import type { CipherSuite } from '../../src/tls/cipher-suites.js';
import type { DirectionKeys } from '../../src/tls/key-schedule-13.js';

export interface ReferenceRecord {
  readonly type: number;
  readonly content: Buffer;
  readonly sequenceNumber: number;
  /** Zeros behind the inner type; TLS 1.3 only. */
  readonly paddingBytes?: number;
}

/** Keys that depend on nothing but the suite. */
export function fixedKeys(suite: CipherSuite): DirectionKeys {
  return {
    key: createSecretKey(Buffer.alloc(suite.keyBytes, 0x4b)),
    iv: Buffer.alloc(suite.fixedIvBytes, 0x1e),
  };
}

export function referenceSeal(suite: CipherSuite, keys: DirectionKeys, record: ReferenceRecord): Buffer {
  return suite.version === '1.3' ? seal13(suite, keys, record) : seal12(suite, keys, record);
}

function seal13(suite: CipherSuite, keys: DirectionKeys, record: ReferenceRecord): Buffer {
  const inner = Buffer.concat([
    record.content,
    Buffer.of(record.type),
    Buffer.alloc(record.paddingBytes ?? 0),
  ]);
  return sealInner13(suite, keys, record.sequenceNumber, inner);
}

/** A TLS 1.3 record with any TLSInnerPlaintext (RFC 8446 5.2). */
export function sealInner13(
  suite: CipherSuite,
  keys: DirectionKeys,
  sequenceNumber: number,
  inner: Buffer,
): Buffer {
  const header = Buffer.concat([Buffer.of(23, 3, 3), uint16(inner.length + 16)]);
  return Buffer.concat([header, aead(suite, keys, xorNonce(keys.iv, sequenceNumber), header, inner)]);
}

function seal12(suite: CipherSuite, keys: DirectionKeys, record: ReferenceRecord): Buffer {
  const { type, content, sequenceNumber } = record;
  const explicit = suite.explicitNonceBytes === 8 ? uint64(sequenceNumber) : Buffer.alloc(0);
  const nonce =
    explicit.length === 8 ? Buffer.concat([keys.iv, explicit]) : xorNonce(keys.iv, sequenceNumber);
  const start = Buffer.of(type, 3, 3);
  const aad = Buffer.concat([uint64(sequenceNumber), start, uint16(content.length)]);
  const body = Buffer.concat([explicit, aead(suite, keys, nonce, aad, content)]);
  return Buffer.concat([start, uint16(body.length), body]);
}

function aead(
  suite: CipherSuite,
  keys: DirectionKeys,
  nonce: Buffer,
  aad: Buffer,
  plaintext: Buffer,
): Buffer {
  // The GCM typings fit all three AEADs.
  const cipher = createCipheriv(suite.aead as 'aes-128-gcm', keys.key, nonce, { authTagLength: 16 });
  cipher.setAAD(aad);
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function xorNonce(iv: Buffer, sequenceNumber: number): Buffer {
  const padded = Buffer.concat([Buffer.alloc(4), uint64(sequenceNumber)]);
  return Buffer.from(iv.map((byte, i) => byte ^ (padded[i] ?? 0)));
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function uint16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}
