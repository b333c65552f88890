/** The per-record nonces of the AEADs, each built in one buffer that is used again for every record. */
import { randomInt } from 'node:crypto';
import { type CipherSuite, NONCE_BYTES } from './cipher-suites.js';

const UINT32_RANGE = 0x1_0000_0000;

/** Writes a sequence number as 64 bits at `offset`. */
export function writeSequenceNumber(target: Buffer, offset: number, sequenceNumber: number): void {
  target.writeUInt32BE(Math.floor(sequenceNumber / UINT32_RANGE), offset);
  target.writeUInt32BE(sequenceNumber % UINT32_RANGE, offset + 4);
}

/** One direction's nonces. The buffer returned is valid until the next call. */
export interface NonceSequence {
  /** Nonce of the record that is sealed with this sequence number. */
  forSequenceNumber(sequenceNumber: number): Buffer;
  /** Nonce of a received record, whose explicit part, if there is one, is at `explicitAt` of `record`. */
  forReceived(sequenceNumber: number, record: Buffer, explicitAt: number): Buffer;
  /** Writes the explicit part of the last nonce at `offset`. Returns the offset behind it. */
  writeExplicit(target: Buffer, offset: number): number;
}

/**
 * A region of explicit nonces that no replica has used for this key: replicas cannot tell each other of it when they
 * fail, so it is drawn, out of 2^32 - 1. Never 0, which is that of the handshake.
 */
export function freshNonceRegion(used: number): number {
  for (;;) {
    const region = randomInt(1, UINT32_RANGE);
    if (region !== used) return region;
  }
}

/** @param region of explicit nonces, 0 to 2^32 - 1; of no meaning where nonces are implicit */
export function nonceSequence(suite: CipherSuite, iv: Buffer, region = 0): NonceSequence {
  if (iv.length !== suite.fixedIvBytes) {
    throw new RangeError(`IV of ${iv.length} bytes, ${suite.name} needs ${suite.fixedIvBytes}`);
  }
  return suite.explicitNonceBytes === 0 ? new ImplicitNonces(iv) : new ExplicitNonces(iv, region);
}

/** The sequence number, padded to the left, XORed with the IV: RFC 8446 5.3 and RFC 7905 2. */
class ImplicitNonces implements NonceSequence {
  readonly #nonce: Buffer;
  readonly #ivHigh: number;
  readonly #ivLow: number;

  constructor(iv: Buffer) {
    this.#nonce = Buffer.from(iv);
    this.#ivHigh = iv.readUInt32BE(4);
    this.#ivLow = iv.readUInt32BE(8);
  }

  forSequenceNumber(sequenceNumber: number): Buffer {
    const high = Math.floor(sequenceNumber / UINT32_RANGE);
    this.#nonce.writeUInt32BE((this.#ivHigh ^ high) >>> 0, 4);
    this.#nonce.writeUInt32BE((this.#ivLow ^ sequenceNumber) >>> 0, 8);
    return this.#nonce;
  }

  forReceived(sequenceNumber: number): Buffer {
    return this.forSequenceNumber(sequenceNumber);
  }

  writeExplicit(_target: Buffer, offset: number): number {
    return offset;
  }
}

/**
 * TLS 1.2 GCM: a salt and 8 bytes that each record carries (RFC 5288 3). A sealed record carries the number of a region
 * (4 bytes) and its sequence number (4 bytes; the seal limit is below 2^32), and nothing random: a backup that seals
 * regenerated output then makes the very same record, so that its tag can be compared with the one that the client
 * already has. In region 0 that is the sequence number itself, as RFC 5288 suggests.
 */
class ExplicitNonces implements NonceSequence {
  readonly #nonce: Buffer;
  readonly #saltBytes: number;
  readonly #explicitBytes: number;
  readonly #region: number;

  constructor(salt: Buffer, region: number) {
    this.#saltBytes = salt.length;
    this.#explicitBytes = NONCE_BYTES - salt.length;
    this.#nonce = Buffer.alloc(NONCE_BYTES);
    this.#nonce.set(salt);
    this.#region = region;
  }

  /** @throws RangeError from 2^32 on: nonces of the next region would begin. */
  forSequenceNumber(sequenceNumber: number): Buffer {
    this.#nonce.writeUInt32BE(this.#region, this.#saltBytes);
    this.#nonce.writeUInt32BE(sequenceNumber, this.#saltBytes + 4);
    return this.#nonce;
  }

  forReceived(_sequenceNumber: number, record: Buffer, explicitAt: number): Buffer {
    record.copy(this.#nonce, this.#saltBytes, explicitAt, explicitAt + this.#explicitBytes);
    return this.#nonce;
  }

  writeExplicit(target: Buffer, offset: number): number {
    this.#nonce.copy(target, offset, this.#saltBytes);
    return offset + this.#explicitBytes;
  }
}
