/**
 * Sealing of the application state that travels with a commit: the director keeps it and cannot open it. Flow and
 * record positions are additional data, so that only the commit that it was made for can bring it back.
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { RecordPosition } from '../../contracts/strategy.js';

const AEAD = 'aes-256-gcm';
/** Random: 2^32 of them are allowed under one key (NIST SP 800-38D 8.3), and the key lives for one run. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export class CommittedStateSeal {
  readonly #key: KeyObject;

  constructor(clusterKey: Buffer) {
    this.#key = createSecretKey(
      Buffer.from(hkdfSync('sha256', clusterKey, '', 'spr-bench committed state', 32)),
    );
  }

  seal(flowId: number, at: RecordPosition, state: Buffer): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(AEAD, this.#key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(additionalData(flowId, at));
    return Buffer.concat([nonce, cipher.update(state), cipher.final(), cipher.getAuthTag()]);
  }

  /** The state, or undefined when it was not sealed by this cluster for this flow at this commit. */
  open(flowId: number, at: RecordPosition, sealed: Buffer): Buffer | undefined {
    if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
    const nonce = sealed.subarray(0, NONCE_BYTES);
    const decipher = createDecipheriv(AEAD, this.#key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(additionalData(flowId, at));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const state = decipher.update(sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES));
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return state;
  }
}

function additionalData(flowId: number, { recordsRead, recordsWritten }: RecordPosition): Buffer {
  const data = Buffer.alloc(16);
  data.writeUInt32BE(flowId, 0);
  data.writeUIntBE(recordsRead, 4, 6);
  data.writeUIntBE(recordsWritten, 10, 6);
  return data;
}
