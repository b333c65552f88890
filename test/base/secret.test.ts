import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { allocateSecret, copySecret, moveSecret } from '../../src/base/secret.js';
import { SecretSearch } from '../fixtures/secret-search.js';

const BYTES = Buffer.from('00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210', 'hex');

describe('allocateSecret', () => {
  it.each([0, 12, 32, 48, 64, 5000])('gives %i zeroed bytes', (bytes) => {
    expect(Buffer.compare(allocateSecret(bytes), Buffer.alloc(bytes))).toBe(0);
  });

  it('gives a Buffer to all who ask', () => {
    const secret = copySecret(BYTES);
    expect([Buffer.isBuffer(secret), secret.constructor, secret.toString('hex')]).toEqual([
      true,
      Buffer,
      BYTES.toString('hex'),
    ]);
    expect(secret).toEqual(BYTES);
  });

  it('gives memory of its own, no part of a pool', () => {
    const secret = allocateSecret(32);
    expect([secret.byteOffset, secret.buffer.byteLength]).toEqual([0, 32]);
  });
});

describe('copySecret', () => {
  it('shares no memory with the original', () => {
    const original = Buffer.from(BYTES);
    const copy = copySecret(original);
    original.fill(0);
    expect(Buffer.compare(copy, BYTES)).toBe(0);
  });
});

describe('moveSecret', () => {
  it('wipes the original', () => {
    const original = Buffer.from(BYTES);
    expect(Buffer.compare(moveSecret(original), BYTES)).toBe(0);
    expect(original).toEqual(Buffer.alloc(BYTES.length));
  });
});

describe('what is printed of a secret', () => {
  const holder = { list: [copySecret(BYTES)], map: new Map([['key', { secret: copySecret(BYTES) }]]) };
  const error = Object.assign(new Error('failed'), { holder });
  const printed = {
    inspected: inspect(holder, { depth: Number.POSITIVE_INFINITY }),
    'inspected with all that is hidden': inspect(holder, { depth: null, showHidden: true }),
    'as a part of an error': inspect(error, { depth: null }),
    'as JSON': JSON.stringify([holder, [...holder.map]]),
  };

  it.each(Object.entries(printed))('is its length: %s', (_how, text) => {
    expect(text).toContain('<secret of 32 bytes>');
    expect(new SecretSearch({ BYTES }).find(Buffer.from(text))).toEqual([]);
  });

  it('is all of it without that', () => {
    const search = new SecretSearch({ BYTES });
    expect(search.find(Buffer.from(inspect({ bytes: BYTES })))).toContain('BYTES as an inspected Buffer');
    expect(search.find(Buffer.from(JSON.stringify({ bytes: BYTES })))).toContain('BYTES as a JSON array');
  });
});
