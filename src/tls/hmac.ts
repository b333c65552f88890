/** HMAC (RFC 2104) of short messages under keys that are used once or twice each. */
import { hash as digest } from 'node:crypto';
import type { HashAlgorithm } from './cipher-suites.js';

/** What the hash takes at a time, to which the key is padded (FIPS 180-4 1). */
const BLOCK_BYTES: Readonly<Record<HashAlgorithm, number>> = { sha256: 64, sha384: 128 };
/** RFC 2104 2. */
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/**
 * By two one-shot hashes. The `Hmac` of Node is a stream and an object of OpenSSL, both left to the collector, and wants an
 * object for its key: all that takes longer than four hashes.
 * @param key at most one block of the hash, as all traffic secrets are
 * @throws RangeError for a longer one
 */
export function hmac(hash: HashAlgorithm, key: Buffer, message: Buffer): Buffer {
  const innerDigest = hashBehindKey(hash, key, INNER_PAD, message);
  const output = hashBehindKey(hash, key, OUTER_PAD, innerDigest);
  innerDigest.fill(0);
  return output;
}

function hashBehindKey(hash: HashAlgorithm, key: Buffer, pad: number, message: Buffer): Buffer {
  const blockBytes = BLOCK_BYTES[hash];
  if (key.length > blockBytes) {
    throw new RangeError(`HMAC key of ${key.length} bytes, at most ${blockBytes} with ${hash}`);
  }
  const input = Buffer.allocUnsafe(blockBytes + message.length);
  for (let at = 0; at < blockBytes; at++) input[at] = (key[at] ?? 0) ^ pad;
  message.copy(input, blockBytes);
  const output = digest(hash, input, 'buffer');
  input.fill(0);
  return output;
}
