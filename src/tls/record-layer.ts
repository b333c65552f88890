/**
 * The record layer of a live connection, seen from the server: both directions, the record totals as the director
 * counts them, and the static state that a KeyUpdate replaces. One owner of keys and sequence numbers.
 */
import { ContentType } from './record.js';
import type { OpenedRecord } from './record-format.js';
import type { ReadState, WriteState } from './record-protection.js';
import { advanceRead, advanceWrite, encodeKeyUpdate } from './rekey.js';
import { createReadState, createWriteState, type StaticState, wipeStaticState } from './static-state.js';

export interface RecordLayerStart {
  readonly state: StaticState;
  /** Records of the connection so far, from its first. */
  readonly recordsRead: number;
  readonly recordsWritten: number;
  /** Goes before each sealed record: the flow id of a trunk. */
  readonly prefix: Buffer;
}

export class RecordLayer {
  readonly #prefix: Buffer;
  #state: StaticState;
  #read: ReadState;
  #write: WriteState;
  #recordsRead: number;
  #writtenBeforeKey: number;

  constructor(start: RecordLayerStart) {
    this.#prefix = start.prefix;
    this.#state = start.state;
    this.#recordsRead = start.recordsRead;
    this.#read = createReadState(start.state, start.recordsRead);
    this.#write = createWriteState(start.state, start.recordsWritten);
    this.#writtenBeforeKey = start.state.writeBase;
  }

  get state(): StaticState {
    return this.#state;
  }

  get recordsRead(): number {
    return this.#recordsRead;
  }

  get recordsWritten(): number {
    return this.#writtenBeforeKey + this.#write.sequenceNumber;
  }

  /** For regenerating records that the client has: what it seals counts as written. */
  get write(): WriteState {
    return this.#write;
  }

  /** @throws ProtocolError */
  open(record: Buffer): OpenedRecord {
    this.#recordsRead += 1;
    return this.#read.open(record);
  }

  /** Seals one record of at most 2^14 bytes. The parts begin with the prefix. */
  seal(type: number, content: Buffer): Buffer[] {
    return this.#write.seal(type, content, this.#prefix);
  }

  /** Whether the write key should be replaced before anything else is sealed (RFC 8446 5.5). */
  get needsRekey(): boolean {
    return this.#write.nextAction === 'rekey';
  }

  /** The client replaced its traffic secret; the record just opened was the last one under the old. */
  rekeyRead(): void {
    const next = advanceRead(this.#state, this.#recordsRead);
    this.#read = createReadState(next, this.#recordsRead);
    this.#replaceState(next);
  }

  /** Replaces the write secret. Returns the record that tells the client, the last one under the old. */
  rekeyWrite(): Buffer[] {
    const parts = this.seal(ContentType.handshake, encodeKeyUpdate(false));
    const recordsWritten = this.recordsWritten;
    const next = advanceWrite(this.#state, recordsWritten);
    this.#write = createWriteState(next, recordsWritten);
    this.#writtenBeforeKey = recordsWritten;
    this.#replaceState(next);
    return parts;
  }

  /** Fills the secrets with zeros; nothing can be sealed for a backup any more. */
  wipe(): void {
    wipeStaticState(this.#state);
  }

  #replaceState(next: StaticState): void {
    wipeStaticState(this.#state);
    this.#state = next;
  }
}
