/**
 * The record layer of a live connection, seen from the server: both directions, the record totals as the director
 * counts them, and the static state that a KeyUpdate replaces. One owner of keys and sequence numbers.
 */
import { ContentType } from './record.js';
import type { OpenedRecord } from './record-format.js';
import type { ReadState, SealedWith, WriteState } from './record-protection.js';
import { advanceRead, advanceWrite, encodeKeyUpdate, enterNonceRegion } from './rekey.js';
import {
  checkPosition,
  createReadState,
  createWriteState,
  owedKeyUpdates,
  type StaticState,
  wipeStaticState,
} from './static-state.js';

export interface RecordLayerStart {
  readonly state: StaticState;
  /** Records of the connection so far, from its first. */
  readonly recordsRead: number;
  readonly recordsWritten: number;
  /** Goes before each sealed record: the flow id of a trunk. */
  readonly prefix: Buffer;
  /** Records after which a write key is replaced although it could seal more; TLS 1.3 only. */
  readonly rekeyAfterRecords?: number | undefined;
  /** Makes what goes before each record, prefix included, of what it was sealed with. */
  readonly note?: ((sealedWith: SealedWith) => Buffer) | undefined;
  /** Called with each state that another one replaces, right before it is wiped. */
  readonly replaced?: (state: StaticState) => void;
}

export class RecordLayer {
  readonly #prefix: Buffer;
  #state: StaticState;
  /** Undefined until there is something to open: most connections that are taken over are idle. */
  #read: ReadState | undefined;
  /** Undefined until there is something to seal. */
  #write: WriteState | undefined;
  #recordsRead: number;
  /** Server records before the first that is sealed here. */
  readonly #firstToWrite: number;
  #wiped = false;
  readonly #rekeyAfterRecords: number;
  readonly #note: RecordLayerStart['note'];
  readonly #replaced: RecordLayerStart['replaced'];

  constructor(start: RecordLayerStart) {
    this.#prefix = start.prefix;
    this.#state = start.state;
    this.#recordsRead = start.recordsRead;
    this.#firstToWrite = start.recordsWritten;
    checkPosition(start.state, start);
    this.#rekeyAfterRecords =
      start.state.suite.version === '1.3'
        ? (start.rekeyAfterRecords ?? Number.POSITIVE_INFINITY)
        : Number.POSITIVE_INFINITY;
    this.#note = start.note;
    this.#replaced = start.replaced;
  }

  get state(): StaticState {
    return this.#state;
  }

  get recordsRead(): number {
    return this.#recordsRead;
  }

  get recordsWritten(): number {
    return this.#write === undefined
      ? this.#firstToWrite
      : this.#state.writeBase + this.#write.sequenceNumber;
  }

  /** For regenerating records that the client has: what it seals counts as written. */
  get write(): WriteState {
    this.#write ??= createWriteState(this.#liveState, this.#firstToWrite);
    return this.#write;
  }

  /** Derives both keys now; else each is derived when it is first needed. */
  deriveKeys(): void {
    this.#read ??= createReadState(this.#liveState, this.#recordsRead);
    this.#write ??= createWriteState(this.#liveState, this.#firstToWrite);
  }

  /** @throws ProtocolError */
  open(record: Buffer): OpenedRecord {
    this.#read ??= createReadState(this.#liveState, this.#recordsRead);
    this.#recordsRead += 1;
    return this.#read.open(record);
  }

  /** Seals one record of at most 2^14 bytes. The parts begin with the note, if there is one, and the prefix. */
  seal(type: number, content: Buffer): Buffer[] {
    const { write } = this;
    const parts = write.seal(type, content, this.#prefix);
    // What it was sealed with is an object of its own: none is made for nobody.
    if (this.#note === undefined) return parts;
    const { sealedWith } = write;
    return sealedWith === undefined ? parts : [this.#note(sealedWith), ...parts];
  }

  /** Whether the write key should be replaced before anything else is sealed (RFC 8446 5.5). */
  get needsRekey(): boolean {
    const { nextAction, sequenceNumber } = this.write;
    return nextAction === 'rekey' || sequenceNumber >= this.#rekeyAfterRecords;
  }

  /** KeyUpdates of the client that are still to be answered; less than 0 while answers are ahead of them. */
  get owedKeyUpdates(): number {
    return owedKeyUpdates(this.#state);
  }

  /**
   * The client replaced its traffic secret; the record just opened was the last one under the old.
   * @param asks whether it asked for a KeyUpdate in return
   */
  rekeyRead(asks: boolean): void {
    const next = advanceRead(this.#state, this.#recordsRead, asks);
    this.#read = createReadState(next, this.#recordsRead);
    this.#replaceState(next);
  }

  /**
   * Replaces the write secret. Returns the record that tells the client, the last one under the old.
   * @param answers whether it answers a KeyUpdate of the client
   */
  rekeyWrite(answers: boolean): Buffer[] {
    const parts = this.seal(ContentType.handshake, encodeKeyUpdate(false));
    const recordsWritten = this.recordsWritten;
    const next = advanceWrite(this.#state, recordsWritten, answers);
    this.#write = createWriteState(next, recordsWritten);
    this.#replaceState(next);
    return parts;
  }

  /** Seals with explicit nonces of another region from the next record on. TLS 1.2 AES-GCM only. */
  enterNonceRegion(region: number): void {
    const { recordsWritten } = this;
    const next = enterNonceRegion(this.#state, recordsWritten, region);
    this.#write = createWriteState(next, recordsWritten);
    this.#replaceState(next);
  }

  /** Fills the secrets with zeros; nothing can be sealed for a backup any more. */
  wipe(): void {
    wipeStaticState(this.#state);
    this.#wiped = true;
  }

  /** To derive keys from, which nothing may be that has been wiped: everybody knows the keys of zeros. */
  get #liveState(): StaticState {
    if (this.#wiped) throw new Error('keys are wanted of a connection whose secrets are wiped');
    return this.#state;
  }

  #replaceState(next: StaticState): void {
    this.#replaced?.(this.#state);
    wipeStaticState(this.#state);
    this.#state = next;
  }
}
