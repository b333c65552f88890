/** What `node:crypto` itself takes for the protection of a record: the floor of every record layer in JavaScript. */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { NONCE_BYTES, TAG_BYTES } from '../../tls/cipher-suites.js';
import { RECORD_HEADER_BYTES } from '../../tls/record.js';
import { CONTENT_BYTES } from './record-steps.js';
import { type CallStep, must } from './step.js';

const GROUP = 'Records, by node:crypto alone';
/** As the suite that is measured first. */
const AEAD = 'aes-128-gcm';
const KEY_BYTES = 16;
const OPTIONS = { authTagLength: TAG_BYTES };

interface Encrypted {
  readonly ciphertext: Buffer;
  readonly tag: Buffer;
}

/** Key and nonce stay the same, which costs what new nonces cost. Nothing of this leaves the process. */
class BareAead {
  readonly #key = createSecretKey(randomBytes(KEY_BYTES));
  readonly #nonce = randomBytes(NONCE_BYTES);
  readonly #aad = randomBytes(RECORD_HEADER_BYTES);

  encrypt(plaintext: Buffer): Encrypted {
    const cipher = createCipheriv(AEAD, this.#key, this.#nonce, OPTIONS);
    cipher.setAAD(this.#aad);
    const ciphertext = cipher.update(plaintext);
    cipher.final();
    return { ciphertext, tag: cipher.getAuthTag() };
  }

  decrypt({ ciphertext, tag }: Encrypted): Buffer {
    const decipher = createDecipheriv(AEAD, this.#key, this.#nonce, OPTIONS);
    decipher.setAAD(this.#aad);
    decipher.setAuthTag(tag);
    const plaintext = decipher.update(ciphertext);
    decipher.final();
    return plaintext;
  }
}

export function bareRecordSteps(): CallStep[] {
  return CONTENT_BYTES.flatMap((bytes) => {
    const aead = new BareAead();
    const plaintext = randomBytes(bytes);
    const encrypted = aead.encrypt(plaintext);
    const verify = (): void =>
      must(aead.decrypt(aead.encrypt(plaintext)).equals(plaintext), 'a ciphertext does not decrypt');
    return [
      { ...named('encrypt', bytes), call: () => aead.encrypt(plaintext), verify },
      { ...named('decrypt', bytes), call: () => aead.decrypt(encrypted), verify },
    ];
  });
}

function named(
  kind: 'encrypt' | 'decrypt',
  bytes: number,
): Pick<CallStep, 'kind' | 'id' | 'group' | 'title' | 'operations'> {
  const title = `${kind} ${bytes} B, ${AEAD}`;
  return { kind: 'call', id: `bare.${kind}.${AEAD}.${bytes}`, group: GROUP, title, operations: 1 };
}
