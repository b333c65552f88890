import { createHmac, hkdfSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findSuite } from '../../src/tls/cipher-suites.js';
import { deriveTrafficKeys, hkdfExpandLabel, nextTrafficSecret } from '../../src/tls/key-schedule-13.js';
import { CLIENT, SERVER } from './rfc8448.js';

const AES_128 = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'rsa' });
const AES_256 = findSuite({ version: '1.3', name: 'aes-256-gcm', authentication: 'rsa' });

describe('deriveTrafficKeys', () => {
  it.each([
    ['client', CLIENT],
    ['server', SERVER],
  ])('gives the %s key and IV of RFC 8448 3', (_side, { secret, key, iv }) => {
    const keys = deriveTrafficKeys(AES_128, secret);
    expect(keys.key.export()).toEqual(key);
    expect(keys.iv).toEqual(iv);
  });

  it('leaves the secret as it was', () => {
    const secret = Buffer.from(CLIENT.secret);
    deriveTrafficKeys(AES_128, secret);
    expect(secret).toEqual(CLIENT.secret);
  });
});

describe('hkdfExpandLabel', () => {
  /** The "finished" key of the server's handshake traffic secret in RFC 8448 3. */
  it('gives the finished key of RFC 8448 3', () => {
    const secret = Buffer.from('b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38', 'hex');
    expect(hkdfExpandLabel('sha256', secret, 'finished', Buffer.alloc(0), 32).toString('hex')).toBe(
      '008d3b66f816ea559f96b537e885c31fc068bf492c652f01f288a1d8cdc19fc8',
    );
  });

  it('refuses more than one block', () => {
    expect(() => hkdfExpandLabel('sha256', SERVER.secret, 'long', Buffer.alloc(0), 33)).toThrow(RangeError);
    expect(hkdfExpandLabel('sha256', SERVER.secret, 'long', Buffer.alloc(0), 32)).toHaveLength(32);
  });

  it('agrees with HKDF of OpenSSL', () => {
    // HKDF-Extract of nothing gives a known pseudorandom key, from which hkdfSync expands.
    const prk = createHmac('sha256', Buffer.alloc(32)).update(Buffer.from('ikm')).digest();
    const info = Buffer.concat([Buffer.of(0, 12, 8), Buffer.from('tls13 iv'), Buffer.of(0)]);
    const expected = Buffer.from(hkdfSync('sha256', 'ikm', Buffer.alloc(32), info, 12));
    expect(hkdfExpandLabel('sha256', prk, 'iv', Buffer.alloc(0), 12)).toEqual(expected);
  });
});

describe('nextTrafficSecret', () => {
  it.each([
    [AES_128, 'sha256', 32],
    [AES_256, 'sha384', 48],
  ] as const)('expands the label "traffic upd" to the length of the hash', (suite, hash, hashBytes) => {
    const secret = Buffer.alloc(hashBytes, 7);
    const info = Buffer.concat([
      Buffer.of(0, hashBytes, 17),
      Buffer.from('tls13 traffic upd'),
      Buffer.of(0, 1),
    ]);
    expect(nextTrafficSecret(suite, secret)).toEqual(createHmac(hash, secret).update(info).digest());
  });
});
