/**
 * The check of regenerated output: after a takeover the application makes again what the client already has, and every
 * such record must come out with the very same length and tag, or the client's stream would not continue bit for bit.
 */
import { DELIVERED_ENTRY_BYTES } from '../../net/control-records.js';
import { ContentType } from '../../tls/record.js';
import type { WriteState } from '../../tls/record-protection.js';

const TAG_BYTES = 16;

/** Thrown when a regenerated record is not the one that the client has. */
export class DivergedError extends Error {
  override readonly name = 'DivergedError';
}

/** A change of what seals, at one of the records that the client has. */
export type SealChange =
  /** The record is a KeyUpdate, the last one under its key. */
  | { readonly kind: 'key-update'; readonly answers: boolean }
  /** The record is the first one with an explicit nonce of this region. */
  | { readonly kind: 'nonce-region'; readonly region: number };

/** What seals: the record layer of the connection. */
export interface RegeneratedRecords {
  readonly recordsWritten: number;
  readonly write: WriteState;
  rekeyWrite(answers: boolean): readonly Buffer[];
  enterNonceRegion(region: number): void;
}

export class Regeneration {
  readonly #entries: Buffer;
  readonly #changes: Map<number, SealChange>;
  #offset = 0;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  /**
   * @param entries of a `take`, from the record that is made first
   * @param changes by the number of the record
   */
  constructor(entries: Buffer, changes: ReadonlyMap<number, SealChange>) {
    this.#entries = entries;
    this.#changes = new Map(changes);
  }

  get done(): boolean {
    return this.#offset >= this.#entries.length;
  }

  /**
   * Takes output of the application, seals it in the cuts of the records that the client has, and drops them.
   *
   * @returns what goes beyond them: new output.
   * @throws DivergedError
   */
  check(chunks: readonly Buffer[], records: RegeneratedRecords): Buffer[] {
    for (const chunk of chunks) {
      this.#pending.push(chunk);
      this.#pendingBytes += chunk.length;
    }
    while (!this.done) {
      if (this.#makeChange(records)) continue;
      const contentBytes = this.#nextContentBytes(records.write);
      if (this.#pendingBytes < contentBytes) return [];
      this.#compare(records.write.seal(ContentType.application_data, this.#take(contentBytes)));
    }
    const rest = this.#pending;
    this.#pending = [];
    return rest;
  }

  /** Returns whether the next record was a KeyUpdate, and has been made. */
  #makeChange(records: RegeneratedRecords): boolean {
    const number = records.recordsWritten;
    const change = this.#changes.get(number);
    this.#changes.delete(number);
    if (change?.kind === 'nonce-region') records.enterNonceRegion(change.region);
    if (change?.kind !== 'key-update') return false;
    this.#compare(records.rekeyWrite(change.answers));
    return true;
  }

  /** Of a record that is no output, such as one of the handshake, no content can be had. */
  #nextContentBytes(write: WriteState): number {
    try {
      return write.contentBytes(this.#entries.readUInt16BE(this.#offset));
    } catch (cause) {
      throw new DivergedError('the client has a record that cannot be regenerated', { cause });
    }
  }

  #compare(sealed: readonly Buffer[]): void {
    const record = sealed.length === 1 ? sealed[0] : Buffer.concat(sealed);
    const expected = this.#entries.subarray(this.#offset + 2, this.#offset + DELIVERED_ENTRY_BYTES);
    if (record === undefined || !record.subarray(record.length - TAG_BYTES).equals(expected)) {
      throw new DivergedError('the regenerated reply differs from what the client has');
    }
    this.#offset += DELIVERED_ENTRY_BYTES;
  }

  #take(bytes: number): Buffer {
    const all = this.#pending.length === 1 ? this.#pending[0] : Buffer.concat(this.#pending);
    if (all === undefined) return Buffer.alloc(0);
    this.#pending = all.length === bytes ? [] : [all.subarray(bytes)];
    this.#pendingBytes = all.length - bytes;
    return all.subarray(0, bytes);
  }
}
