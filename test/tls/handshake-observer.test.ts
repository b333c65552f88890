import { describe, expect, it } from 'vitest';
import { copySecret } from '../../src/base/secret.js';
import { HandshakeObserver } from '../../src/tls/handshake-observer.js';

const CLIENT_RANDOM = Buffer.alloc(32, 1);
const LABELS = [
  'CLIENT_RANDOM',
  'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
  'SERVER_HANDSHAKE_TRAFFIC_SECRET',
  'EXPORTER_SECRET',
  'CLIENT_TRAFFIC_SECRET_0',
  'SERVER_TRAFFIC_SECRET_0',
];

function log(observer: HandshakeObserver, label: string, byte: number): Buffer {
  const secret = copySecret(Buffer.alloc(32, byte));
  observer.keyLog({ label, clientRandom: CLIENT_RANDOM, secret });
  return secret;
}

const isWiped = (secret: Buffer): boolean => secret.every((byte) => byte === 0);

describe('a handshake that came to nothing', () => {
  it.each(LABELS)('leaves no %s behind', (label) => {
    const observer = new HandshakeObserver();
    const secret = log(observer, label, 7);
    expect(isWiped(secret)).toBe(false);
    observer.wipe();
    expect(isWiped(secret)).toBe(true);
  });
});

it('a secret that is logged again replaces the first, which is wiped', () => {
  const observer = new HandshakeObserver();
  const first = log(observer, 'SERVER_TRAFFIC_SECRET_0', 7);
  const second = log(observer, 'SERVER_TRAFFIC_SECRET_0', 8);
  expect([isWiped(first), isWiped(second)]).toEqual([true, false]);
});
