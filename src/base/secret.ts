/** Memory for secrets: it can be wiped for good, and shows nothing of what is in it. */
import { inspect } from 'node:util';

/**
 * Zeroed memory for a secret of this many bytes. Unlike a small `Buffer.alloc` it lies outside of V8's heap: in there a
 * Buffer is copied when the collector moves it, and when OpenSSL asks for its memory, and `fill(0)` reaches neither
 * original. Inspected, or as JSON, it shows its length only, so that no error message or log can tell it.
 */
export function allocateSecret(bytes: number): Buffer {
  const secret = Buffer.from(new ArrayBuffer(bytes));
  const redacted = (): string => `<secret of ${bytes} bytes>`;
  Object.defineProperties(secret, {
    [inspect.custom]: { value: redacted },
    toJSON: { value: redacted },
  });
  return secret;
}

/** A copy in memory of its own, which can be wiped without regard to the original. */
export function copySecret(secret: Uint8Array): Buffer {
  const copy = allocateSecret(secret.length);
  copy.set(secret);
  return copy;
}

/** As {@link copySecret}, but wipes the original. */
export function moveSecret(secret: Uint8Array): Buffer {
  const copy = copySecret(secret);
  secret.fill(0);
  return copy;
}
