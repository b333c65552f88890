import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseKeyLogLine } from '../../src/tls/key-log.js';

const RANDOM = Buffer.alloc(32, 0xa5);

const line = (label: string, random: Buffer, secret: Buffer, end = '\n') =>
  Buffer.from(`${label} ${random.toString('hex')} ${secret.toString('hex')}${end}`);

describe('parseKeyLogLine', () => {
  it('parses what OpenSSL writes', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 64 }).map((secret) => Buffer.from(secret));
    fc.assert(
      fc.property(
        fc.constantFrom('CLIENT_RANDOM', 'SERVER_TRAFFIC_SECRET_0', 'CLIENT_TRAFFIC_SECRET_12'),
        fc.uint8Array({ minLength: 32, maxLength: 32 }).map((random) => Buffer.from(random)),
        bytes,
        fc.constantFrom('', '\n', '\r\n'),
        (label, clientRandom, secret, end) => {
          expect(parseKeyLogLine(line(label, clientRandom, secret, end))).toEqual({
            label,
            clientRandom,
            secret,
          });
        },
      ),
    );
  });

  it('takes upper-case digits', () => {
    const upper = Buffer.from(`CLIENT_RANDOM ${'AB'.repeat(32)} CDEF`);
    expect(parseKeyLogLine(upper)?.secret).toEqual(Buffer.of(0xcd, 0xef));
  });

  it('wipes the line, also one that it does not understand', () => {
    for (const input of [line('CLIENT_RANDOM', RANDOM, Buffer.alloc(48, 7)), Buffer.from('# secret 01')]) {
      parseKeyLogLine(input);
      expect(input.equals(Buffer.alloc(input.length))).toBe(true);
    }
  });

  it.each([
    ['nothing', ''],
    ['a comment', '# a comment line'],
    ['no secret', `CLIENT_RANDOM ${RANDOM.toString('hex')}`],
    ['an empty secret', `CLIENT_RANDOM ${RANDOM.toString('hex')} `],
    ['a short client random', 'CLIENT_RANDOM abcd abcd'],
    ['half a byte', `CLIENT_RANDOM ${RANDOM.toString('hex')} abc`],
    ['a digit that is none', `CLIENT_RANDOM ${RANDOM.toString('hex')} abcg`],
    ['a lower-case label', `client_random ${RANDOM.toString('hex')} abcd`],
    ['more behind the secret', `CLIENT_RANDOM ${RANDOM.toString('hex')} abcd ef`],
    ['a secret of 65 bytes', `CLIENT_RANDOM ${RANDOM.toString('hex')} ${'ab'.repeat(65)}`],
  ])('gives undefined for %s', (_what, text) => {
    expect(parseKeyLogLine(Buffer.from(text))).toBeUndefined();
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        parseKeyLogLine(Buffer.from(bytes));
      }),
    );
  });
});
