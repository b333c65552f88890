/**
 * Sealing of what replicas tell each other: AES-256-GCM under keys derived for one link from the cluster key. The
 * nonce is the frame's number, and header and number are additional data: a frame that was changed, repeated, left out,
 * reordered or taken from another link does not open.
 *
 *     length of the rest (4) | flow id (4) | epoch (2) | kind (1) | ciphertext | tag (16)
 */
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { ProtocolError } from '../../base/errors.js';
import { Alert } from '../../tls/alert.js';

const AEAD = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 11;
const COUNTER_BYTES = 8;
/** A whole snapshot: a window of output, a journal of input, and their framing. */
const MAX_PAYLOAD_BYTES = 4 * 1024 * 1024;

/** Bytes that a frame adds to its payload. */
export const FRAME_OVERHEAD_BYTES = HEADER_BYTES + TAG_BYTES;
export const CLUSTER_KEY_BYTES = 32;
export const SALT_BYTES = 32;

export const FrameKind = { hello: 1, state: 2, forget: 3, acknowledgement: 4 } as const;

export interface Frame {
  readonly flowId: number;
  /** Of the connection's traffic secrets, modulo 2^16. */
  readonly epoch: number;
  readonly kind: number;
  readonly payload: Buffer;
}

export type Direction = 'to-backup' | 'to-primary';

/** One key per link and direction: `salt` is new for each link, and both ends have a part in it. */
export function deriveLinkKey(clusterKey: Buffer, salt: Buffer, direction: Direction): KeyObject {
  const info = `spr-bench link ${direction}`;
  return createSecretKey(Buffer.from(hkdfSync('sha256', clusterKey, salt, info, KEY_BYTES)));
}

/** Header and number of a frame as additional data, and its nonce: kept per end of a link, written for each frame. */
class FrameContext {
  readonly nonce = Buffer.alloc(NONCE_BYTES);
  readonly additionalData = Buffer.alloc(HEADER_BYTES + COUNTER_BYTES);
  counter = 0;

  prepare(header: Buffer): void {
    header.copy(this.additionalData, 0, 0, HEADER_BYTES);
    writeCounter(this.additionalData, HEADER_BYTES, this.counter);
    writeCounter(this.nonce, NONCE_BYTES - COUNTER_BYTES, this.counter);
    this.counter += 1;
  }
}

function writeCounter(target: Buffer, offset: number, counter: number): void {
  target.writeUInt32BE(Math.floor(counter / 2 ** 32), offset);
  target.writeUInt32BE(counter % 2 ** 32, offset + 4);
}

export class FrameSealer {
  readonly #key: KeyObject;
  readonly #context = new FrameContext();

  constructor(key: KeyObject) {
    this.#key = key;
  }

  /** Frames sealed so far. */
  get count(): number {
    return this.#context.counter;
  }

  /** @throws RangeError when the payload is longer than a peer accepts. */
  seal({ flowId, epoch, kind, payload }: Frame): Buffer {
    if (payload.length > MAX_PAYLOAD_BYTES) {
      throw new RangeError(`frame payload of ${payload.length} bytes, allowed are ${MAX_PAYLOAD_BYTES}`);
    }
    const frame = Buffer.allocUnsafe(FRAME_OVERHEAD_BYTES + payload.length);
    frame.writeUInt32BE(frame.length - 4, 0);
    frame.writeUInt32BE(flowId, 4);
    frame.writeUInt16BE(epoch % 2 ** 16, 8);
    frame[10] = kind;
    this.#context.prepare(frame);
    const cipher = createCipheriv(AEAD, this.#key, this.#context.nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(this.#context.additionalData);
    cipher.update(payload).copy(frame, HEADER_BYTES);
    cipher.final();
    cipher.getAuthTag().copy(frame, HEADER_BYTES + payload.length);
    return frame;
  }
}

export class FrameOpener {
  readonly #key: KeyObject;
  readonly #context = new FrameContext();
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #neededBytes = HEADER_BYTES;
  #failed = false;

  constructor(key: KeyObject) {
    this.#key = key;
  }

  /** Frames opened so far. */
  get count(): number {
    return this.#context.counter;
  }

  /**
   * Calls `onFrame` for each frame that `chunk` completes.
   *
   * @throws ProtocolError when a frame is malformed or does not open, and always after that
   */
  push(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    if (this.#failed)
      throw new ProtocolError(Alert.bad_record_mac, 'the replication link has already failed');
    this.#failed = true;
    this.#push(chunk, onFrame);
    this.#failed = false;
  }

  #push(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    if (this.#pendingBytes < this.#neededBytes) return;
    let bytes = this.#pending.length === 1 ? chunk : Buffer.concat(this.#pending, this.#pendingBytes);
    for (;;) {
      const frameBytes = wholeFrameBytes(bytes);
      if (bytes.length < frameBytes) {
        this.#keep(bytes, frameBytes);
        return;
      }
      onFrame(this.#open(bytes.subarray(0, frameBytes)));
      bytes = bytes.subarray(frameBytes);
    }
  }

  #keep(rest: Buffer, neededBytes: number): void {
    this.#pending = rest.length === 0 ? [] : [rest];
    this.#pendingBytes = rest.length;
    this.#neededBytes = neededBytes;
  }

  #open(frame: Buffer): Frame {
    this.#context.prepare(frame);
    const decipher = createDecipheriv(AEAD, this.#key, this.#context.nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(this.#context.additionalData);
    decipher.setAuthTag(frame.subarray(frame.length - TAG_BYTES));
    const payload = decipher.update(frame.subarray(HEADER_BYTES, frame.length - TAG_BYTES));
    try {
      decipher.final();
    } catch (cause) {
      throw new ProtocolError(Alert.bad_record_mac, 'replication frame does not open', { cause });
    }
    return { flowId: frame.readUInt32BE(4), epoch: frame.readUInt16BE(8), kind: frame[10] ?? 0, payload };
  }
}

/** Length of the frame that `bytes` begin with, as far as it can be known. */
function wholeFrameBytes(bytes: Buffer): number {
  if (bytes.length < 4) return HEADER_BYTES;
  const total = bytes.readUInt32BE(0) + 4;
  if (total < FRAME_OVERHEAD_BYTES || total > FRAME_OVERHEAD_BYTES + MAX_PAYLOAD_BYTES) {
    throw new ProtocolError(Alert.decode_error, `replication frame of ${total} bytes`);
  }
  return total;
}
