/** Memory for secrets: it can be wiped for good, and shows nothing of what is in it. */
import { inspect } from 'node:util';

/**
 * A Buffer that is shown as its length. A class, because properties of each Buffer's own take four times as long to make:
 * a takeover makes about ten of them.
 */
class Secret extends Uint8Array {
  static {
    Object.setPrototypeOf(Secret.prototype, Buffer.prototype);
    // To all who ask it is a Buffer.
    Reflect.deleteProperty(Secret.prototype, 'constructor');
  }

  [inspect.custom](): string {
    return `<secret of ${this.length} bytes>`;
  }

  toJSON(): string {
    return this[inspect.custom]();
  }
}

/**
 * Zeroed memory for a secret of this many bytes. Unlike a small `Buffer.alloc` it lies outside of V8's heap: in there a
 * Buffer is copied when the collector moves it, and when OpenSSL asks for its memory, and `fill(0)` reaches neither
 * original. Inspected, or as JSON, it shows its length only, so that no error message or log can tell it.
 */
export function allocateSecret(bytes: number): Buffer {
  // A Buffer by its prototypes, which the compiler cannot see.
  return new Secret(new ArrayBuffer(bytes)) as unknown as Buffer;
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
