import { getCiphers } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { CIPHER_SUITES, findSuite, suiteById } from '../../src/tls/cipher-suites.js';

describe('CIPHER_SUITES', () => {
  it('has three suites of TLS 1.3 and six of TLS 1.2, each known to OpenSSL', () => {
    const known = new Set(getCiphers().map((name) => name.toUpperCase()));
    for (const { opensslName } of CIPHER_SUITES) expect(known).toContain(opensslName);
    expect(CIPHER_SUITES.filter((suite) => suite.version === '1.3')).toHaveLength(3);
    expect(CIPHER_SUITES.filter((suite) => suite.version === '1.2')).toHaveLength(6);
  });

  it('has nonces of 12 bytes', () => {
    for (const suite of CIPHER_SUITES) expect(suite.fixedIvBytes + suite.explicitNonceBytes).toBe(12);
  });

  it('limits AES-GCM keys to 2^24.5 records', () => {
    expect(suiteById(0x1301)?.sealLimit).toBe(23_726_566);
    expect(suiteById(0x1303)?.sealLimit).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('suiteById', () => {
  it('finds every suite by its code point', () => {
    for (const suite of CIPHER_SUITES) expect(suiteById(suite.id)).toBe(suite);
    expect(new Set(CIPHER_SUITES.map((suite) => suite.id)).size).toBe(CIPHER_SUITES.length);
  });

  it('knows no others', () => {
    expect(suiteById(0x002f)).toBeUndefined();
  });
});

describe('findSuite', () => {
  it.each([
    ['1.3', 'aes-128-gcm', 'rsa', 'TLS_AES_128_GCM_SHA256'],
    ['1.3', 'TLS_CHACHA20_POLY1305_SHA256', 'ecdsa', 'TLS_CHACHA20_POLY1305_SHA256'],
    ['1.2', 'aes-256-gcm', 'ecdsa', 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
    ['1.2', 'aes-256-gcm', 'rsa', 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'],
    ['1.2', 'ECDHE-RSA-CHACHA20-POLY1305', 'rsa', 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256'],
    ['1.2', 'AES-128-GCM', 'ecdsa', 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
  ] as const)('TLS %s, %s, %s key: %s', (version, name, authentication, expected) => {
    expect(findSuite({ version, name, authentication }).name).toBe(expected);
  });

  it.each([
    ['1.3', 'aes-128-cbc', 'rsa'],
    ['1.3', 'ECDHE-RSA-AES128-GCM-SHA256', 'rsa'],
    ['1.2', 'ECDHE-RSA-AES128-GCM-SHA256', 'ecdsa'],
    ['1.2', '', 'rsa'],
  ] as const)('refuses TLS %s, "%s", %s key', (version, name, authentication) => {
    expect(() => findSuite({ version, name, authentication })).toThrow(UsageError);
  });

  it('says which option, which value and what is allowed', () => {
    expect(() => findSuite({ version: '1.3', name: 'rc4', authentication: 'rsa' })).toThrow(
      '--suite "rc4" is not available with TLS 1.3 and an RSA key; allowed: aes-128-gcm, TLS_AES_128_GCM_SHA256, ' +
        'aes-256-gcm, TLS_AES_256_GCM_SHA384, chacha20-poly1305, TLS_CHACHA20_POLY1305_SHA256',
    );
  });
});
