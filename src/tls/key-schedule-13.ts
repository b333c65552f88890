/** The part of the TLS 1.3 key schedule that follows the handshake (RFC 8446 7): from traffic secrets to keys. */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { moveSecret } from '../base/secret.js';
import { type CipherSuite, type HashAlgorithm, NONCE_BYTES } from './cipher-suites.js';

/** What one direction of a connection is protected with. */
export interface DirectionKeys {
  readonly key: KeyObject;
  /** 12 bytes; in TLS 1.2 with GCM the 4 bytes of the salt. */
  readonly iv: Buffer;
}

const NO_CONTEXT = Buffer.alloc(0);

/** RFC 8446 7.1: every label starts so. */
const LABEL_PREFIX = 'tls13 ';

/**
 * HKDF-Expand-Label (RFC 8446 7.1).
 * @param secret a Buffer, or a KeyObject when several labels are expanded from one secret: it is much cheaper
 * @param length at most 255 times the length of the hash (RFC 5869 2.3)
 */
export function hkdfExpandLabel(
  hash: HashAlgorithm,
  secret: Buffer | KeyObject,
  label: string,
  context: Buffer,
  length: number,
): Buffer {
  const key = Buffer.isBuffer(secret) ? createSecretKey(secret) : secret;
  return hkdfExpand(hash, key, hkdfLabel(label, context, length), length);
}

/** Key and IV of the direction that `secret` belongs to (RFC 8446 7.3). */
export function deriveTrafficKeys(suite: CipherSuite, secret: Buffer): DirectionKeys {
  const secretKey = createSecretKey(secret);
  const key = hkdfExpandLabel(suite.hash, secretKey, 'key', NO_CONTEXT, suite.keyBytes);
  const iv = hkdfExpandLabel(suite.hash, secretKey, 'iv', NO_CONTEXT, NONCE_BYTES);
  const keys = { key: createSecretKey(key), iv };
  key.fill(0);
  return keys;
}

/** The traffic secret that follows a KeyUpdate (RFC 8446 7.2). The old one is left for the caller to wipe. */
export function nextTrafficSecret(suite: CipherSuite, secret: Buffer): Buffer {
  return moveSecret(hkdfExpandLabel(suite.hash, secret, 'traffic upd', NO_CONTEXT, suite.hashBytes));
}

/** struct HkdfLabel of RFC 8446 7.1, and behind it one byte of room for the counter of {@link hkdfExpand}. */
function hkdfLabel(label: string, context: Buffer, length: number): Buffer {
  const fullLabel = LABEL_PREFIX + label;
  const info = Buffer.allocUnsafe(2 + 1 + fullLabel.length + 1 + context.length + 1);
  let at = info.writeUInt16BE(length, 0);
  at = info.writeUInt8(fullLabel.length, at);
  at += info.write(fullLabel, at, 'latin1');
  at = info.writeUInt8(context.length, at);
  info.set(context, at);
  return info;
}

/** HKDF-Expand (RFC 5869 2.3); the last byte of `info` becomes the counter. One block does for every key and IV here. */
function hkdfExpand(hash: HashAlgorithm, key: KeyObject, info: Buffer, length: number): Buffer {
  const counterAt = info.length - 1;
  info.writeUInt8(1, counterAt);
  let block = createHmac(hash, key).update(info).digest();
  if (length <= block.length) return block.subarray(0, length);
  const blocks = [block];
  for (let counter = 2; blocks.length * block.length < length; counter += 1) {
    info.writeUInt8(counter, counterAt);
    block = createHmac(hash, key).update(block).update(info).digest();
    blocks.push(block);
  }
  return Buffer.concat(blocks, length);
}
