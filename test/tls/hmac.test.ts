import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { hmac } from '../../src/tls/hmac.js';

const HASHES = [
  { hash: 'sha256', blockBytes: 64 },
  { hash: 'sha384', blockBytes: 128 },
] as const;

describe('hmac', () => {
  /** RFC 4231 4.3: a key that is shorter than the hash. */
  it.each([
    ['sha256', '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'],
    [
      'sha384',
      'af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649',
    ],
  ] as const)('gives test case 2 of RFC 4231 with %s', (hash, expected) => {
    const message = Buffer.from('what do ya want for nothing?');
    expect(hmac(hash, Buffer.from('Jefe'), message).toString('hex')).toBe(expected);
  });

  it.each(HASHES)('is that of OpenSSL for $hash, whatever key and message are', ({ hash, blockBytes }) => {
    const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((each) => Buffer.from(each));
    fc.assert(
      fc.property(bytes(blockBytes), bytes(200), (key, message) => {
        expect(hmac(hash, key, message)).toEqual(createHmac(hash, key).update(message).digest());
      }),
    );
  });

  it.each(HASHES)('leaves key and message of $hash as they were', ({ hash, blockBytes }) => {
    const key = Buffer.alloc(blockBytes, 7);
    const message = Buffer.from('message');
    hmac(hash, key, message);
    expect([key, message]).toEqual([Buffer.alloc(blockBytes, 7), Buffer.from('message')]);
  });

  it.each(HASHES)('leaves nothing of the key of $hash in memory', ({ hash, blockBytes }) => {
    const allocate = vi.spyOn(Buffer, 'allocUnsafe');
    hmac(hash, Buffer.alloc(blockBytes, 7), Buffer.from('message'));
    const used: Buffer[] = allocate.mock.results.map(({ value }) => value);
    allocate.mockRestore();
    expect(used.length).toBeGreaterThan(0);
    for (const bytes of used) expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  it.each(HASHES)('refuses a key longer than a block of $hash', ({ hash, blockBytes }) => {
    expect(() => hmac(hash, Buffer.alloc(blockBytes + 1), Buffer.alloc(0))).toThrow(RangeError);
  });
});
