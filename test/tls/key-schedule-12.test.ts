import { describe, expect, it } from 'vitest';
import { CIPHER_SUITES } from '../../src/tls/cipher-suites.js';
import { deriveKeyBlock, keyBlockBytes, keyBlockKeys, prf } from '../../src/tls/key-schedule-12.js';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const SUITES_12 = CIPHER_SUITES.filter((suite) => suite.version === '1.2');

describe('prf', () => {
  /** Published on the TLS mailing list in 2009 and used by most implementations since. */
  it.each([
    {
      hash: 'sha256' as const,
      secret: '9bbe436ba940f017b17652849a71db35',
      seed: 'a0ba9f936cda311827a6f796ffd5198c',
      output:
        'e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af' +
        '0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66',
    },
    {
      hash: 'sha384' as const,
      secret: 'b80b733d6ceefcdc71566ea48e5567df',
      seed: 'cd665cf6a8447dd6ff8b27555edb7465',
      output:
        '7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cde9ca0faa60be9fe34f82b1233c9146a0' +
        'e534cb400fed2700884f9dc236f80edd8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918425' +
        '9b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee691c8f3a26854308d5eaa3be85e0990703d73e56f',
    },
  ])('gives the published output with $hash', ({ hash, secret, seed, output }) => {
    const expected = hex(output);
    expect(prf(hash, hex(secret), 'test label', hex(seed), expected.length)).toEqual(expected);
  });
});

describe('key block', () => {
  it.each(SUITES_12)('of $name is split in the order of RFC 5246 6.3', (suite) => {
    const block = Buffer.from(Array.from({ length: keyBlockBytes(suite) }, (_, i) => i));
    const client = keyBlockKeys(suite, block, 'client');
    const server = keyBlockKeys(suite, block, 'server');
    expect(Buffer.concat([client.key.export(), server.key.export(), client.iv, server.iv])).toEqual(block);
    expect(client.key.symmetricKeySize).toBe(suite.keyBytes);
    expect(client.iv).toHaveLength(suite.fixedIvBytes);
  });

  it.each(SUITES_12)('of $name depends on the secret and on both randoms', (suite) => {
    const secret = Buffer.alloc(48, 1);
    const derive = (client: number, server: number) =>
      deriveKeyBlock(suite, secret, Buffer.alloc(32, client), Buffer.alloc(32, server)).toString('hex');
    expect(derive(1, 2)).toHaveLength(2 * keyBlockBytes(suite));
    expect(new Set([derive(1, 2), derive(2, 1), derive(1, 1)]).size).toBe(3);
  });

  it('does not share memory with its parts', () => {
    for (const suite of SUITES_12) {
      const block = Buffer.alloc(keyBlockBytes(suite), 5);
      const server = keyBlockKeys(suite, block, 'server');
      block.fill(0);
      expect(server.iv).toEqual(Buffer.alloc(suite.fixedIvBytes, 5));
    }
  });

  it.each(SUITES_12)('of a wrong length is refused for $name', (suite) => {
    expect(() => keyBlockKeys(suite, Buffer.alloc(keyBlockBytes(suite) - 1), 'client')).toThrow(RangeError);
  });
});
