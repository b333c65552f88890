/** The part of the TLS 1.3 key schedule that follows the handshake (RFC 8446 7): from traffic secrets to keys. */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { moveSecret } from '../base/secret.js';
import { type CipherSuite, type HashAlgorithm, NONCE_BYTES } from './cipher-suites.js';
import { hmac } from './hmac.js';

/** What one direction of a connection is protected with. */
export interface DirectionKeys {
  readonly key: KeyObject;
  /** 12 bytes; in TLS 1.2 with GCM the 4 bytes of the salt. */
  readonly iv: Buffer;
}

const NO_CONTEXT = Buffer.alloc(0);

/** RFC 8446 7.1: every label starts so. */
const LABEL_PREFIX = 'tls13 ';

/** The first and only block of HKDF-Expand (RFC 5869 2.3): a hash is as long as every key, IV and secret of TLS 1.3. */
const FIRST_BLOCK = 1;

/** Made once: they are the same for every connection. */
const KEY_INFO: ReadonlyMap<number, Buffer> = new Map(
  [16, 32].map((keyBytes) => [keyBytes, hkdfInfo('key', NO_CONTEXT, keyBytes)]),
);
const IV_INFO = hkdfInfo('iv', NO_CONTEXT, NONCE_BYTES);

/**
 * HKDF-Expand-Label (RFC 8446 7.1).
 * @param length at most that of the hash
 * @throws RangeError for more
 */
export function hkdfExpandLabel(
  hash: HashAlgorithm,
  secret: Buffer,
  label: string,
  context: Buffer,
  length: number,
): Buffer {
  return hkdfExpand(hash, secret, hkdfInfo(label, context, length), length);
}

/** Key and IV of the direction that `secret` belongs to (RFC 8446 7.3). */
export function deriveTrafficKeys({ hash, keyBytes }: CipherSuite, secret: Buffer): DirectionKeys {
  const keyInfo = KEY_INFO.get(keyBytes) ?? hkdfInfo('key', NO_CONTEXT, keyBytes);
  const key = hkdfExpand(hash, secret, keyInfo, keyBytes);
  const keys = { key: createSecretKey(key), iv: hkdfExpand(hash, secret, IV_INFO, NONCE_BYTES) };
  key.fill(0);
  return keys;
}

/** The traffic secret that follows a KeyUpdate (RFC 8446 7.2). The old one is left for the caller to wipe. */
export function nextTrafficSecret(suite: CipherSuite, secret: Buffer): Buffer {
  return moveSecret(hkdfExpandLabel(suite.hash, secret, 'traffic upd', NO_CONTEXT, suite.hashBytes));
}

/** struct HkdfLabel of RFC 8446 7.1, and behind it the counter of {@link hkdfExpand}. */
function hkdfInfo(label: string, context: Buffer, length: number): Buffer {
  const fullLabel = LABEL_PREFIX + label;
  const info = Buffer.allocUnsafe(2 + 1 + fullLabel.length + 1 + context.length + 1);
  let at = info.writeUInt16BE(length, 0);
  at = info.writeUInt8(fullLabel.length, at);
  at += info.write(fullLabel, at, 'latin1');
  at = info.writeUInt8(context.length, at);
  info.set(context, at);
  info.writeUInt8(FIRST_BLOCK, at + context.length);
  return info;
}

/** HKDF-Expand (RFC 5869 2.3) of what one block has. */
function hkdfExpand(hash: HashAlgorithm, secret: Buffer, info: Buffer, length: number): Buffer {
  const block = hmac(hash, secret, info);
  if (length <= block.length) return block.subarray(0, length);
  throw new RangeError(`HKDF-Expand to ${length} bytes, one block of ${hash} has ${block.length}`);
}
