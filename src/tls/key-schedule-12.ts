/** The TLS 1.2 key schedule (RFC 5246 5 and 6.3): from the master secret to keys. Mirrors `key-schedule-13.ts`. */
import { createHmac, createSecretKey } from 'node:crypto';
import { moveSecret } from '../base/secret.js';
import type { CipherSuite, HashAlgorithm } from './cipher-suites.js';
import type { DirectionKeys } from './key-schedule-13.js';

/** PRF (RFC 5246 5): P_hash of the label and the seed. */
export function prf(
  hash: HashAlgorithm,
  secret: Buffer,
  label: string,
  seed: Buffer,
  length: number,
): Buffer {
  const key = createSecretKey(secret);
  const labelledSeed = Buffer.concat([Buffer.from(label, 'latin1'), seed]);
  const blocks: Buffer[] = [];
  let a = labelledSeed;
  for (let bytes = 0; bytes < length; ) {
    a = createHmac(hash, key).update(a).digest();
    const block = createHmac(hash, key).update(a).update(labelledSeed).digest();
    blocks.push(block);
    bytes += block.length;
  }
  const output = Buffer.concat(blocks, length);
  for (const block of blocks) block.fill(0);
  return output;
}

/** Length of the key block: two keys and two fixed IVs (RFC 5246 6.3); an AEAD has no MAC keys. */
export function keyBlockBytes(suite: CipherSuite): number {
  return 2 * (suite.keyBytes + suite.fixedIvBytes);
}

/** The key block (RFC 5246 6.3), cut to what {@link keyBlockKeys} needs. */
export function deriveKeyBlock(
  suite: CipherSuite,
  masterSecret: Buffer,
  clientRandom: Buffer,
  serverRandom: Buffer,
): Buffer {
  const seed = Buffer.concat([serverRandom, clientRandom]);
  return moveSecret(prf(suite.hash, masterSecret, 'key expansion', seed, keyBlockBytes(suite)));
}

/** The keys with which `side` writes. They do not share memory with `block`, which is in the order of RFC 5246 6.3. */
export function keyBlockKeys(suite: CipherSuite, block: Buffer, side: 'client' | 'server'): DirectionKeys {
  if (block.length !== keyBlockBytes(suite)) {
    throw new RangeError(`key block of ${block.length} bytes, ${suite.name} needs ${keyBlockBytes(suite)}`);
  }
  const { keyBytes, fixedIvBytes } = suite;
  const index = side === 'client' ? 0 : 1;
  const keyAt = index * keyBytes;
  const ivAt = 2 * keyBytes + index * fixedIvBytes;
  return {
    key: createSecretKey(block.subarray(keyAt, keyAt + keyBytes)),
    iv: Buffer.from(block.subarray(ivAt, ivAt + fixedIvBytes)),
  };
}
