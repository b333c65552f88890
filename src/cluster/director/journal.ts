/**
 * What the director keeps of a flow since its last commit: the client's records, to be replayed, and what of the
 * server's records the client has, as evidence. Both are bounded: a flow over a bound is no longer recoverable.
 */
import { DELIVERED_ENTRY_BYTES, writeDeliveredEntry } from '../../net/control-records.js';

/** Enough for an upload in flight; times 10,000 flows it would still fit the memory of a small machine. */
export const MAX_JOURNAL_BYTES = 1024 * 1024;
/**
 * What a record that is kept takes beside its bytes (the Buffer, and the chunk that it came in when it came alone): a
 * client that sends very short records must not make the bound several times as high.
 */
export const RECORD_OVERHEAD_BYTES = 256;
/** With the other fields of a `take` it must fit one control record (64 KiB): 3,000 entries, 46 MiB of reply. */
const MAX_DELIVERED_RECORDS = 3000;
/** Most replies are a few records. */
const INITIAL_DELIVERED_RECORDS = 4;

const NO_BYTES = Buffer.alloc(0);

export class Journal {
  /** Client records received and server records delivered, in total. */
  recordsRead = 0;
  recordsWritten = 0;
  /** Positions of the last commit. */
  commitRead = 0;
  commitWritten = 0;
  /** Whether the application keeps silent until the client speaks, as of the last commit. */
  quiet = false;
  /** Sealed application state of the last commit. */
  sealedState: Buffer | undefined;
  /** False once a bound was passed. */
  recoverable = true;

  #records: Buffer[] = [];
  #bytes = 0;
  #delivered: Buffer = NO_BYTES;

  /** Client records that the last commit does not cover, oldest first. */
  get records(): readonly Buffer[] {
    return this.#records;
  }

  get deliveredEntries(): Buffer {
    return this.#delivered.subarray(0, (this.recordsWritten - this.commitWritten) * DELIVERED_ENTRY_BYTES);
  }

  /** Nothing is under way: a takeover would have nothing to replay and nothing to check. */
  get idle(): boolean {
    return this.quiet && this.recordsRead === this.commitRead && this.recordsWritten === this.commitWritten;
  }

  read(record: Buffer): void {
    this.recordsRead += 1;
    if (!this.recoverable) return;
    this.#bytes += record.length + RECORD_OVERHEAD_BYTES;
    if (this.#bytes > MAX_JOURNAL_BYTES) this.#giveUp();
    else this.#records.push(record);
  }

  written(record: Buffer): void {
    const index = this.recordsWritten - this.commitWritten;
    this.recordsWritten += 1;
    if (!this.recoverable) return;
    if (index >= MAX_DELIVERED_RECORDS) {
      this.#giveUp();
      return;
    }
    const offset = index * DELIVERED_ENTRY_BYTES;
    if (offset === this.#delivered.length) this.#growDelivered();
    writeDeliveredEntry(this.#delivered, offset, record);
  }

  /**
   * Everything up to client record `recordsRead` (modulo 2^32) is answered.
   *
   * @returns false when the count is not one that a correct replica can send.
   */
  commit(recordsRead: number, quiet: boolean, sealedState: Buffer | undefined): boolean {
    const answered = (recordsRead - (this.commitRead % 2 ** 32) + 2 ** 32) % 2 ** 32;
    if (answered > this.recordsRead - this.commitRead) return false;
    this.commitRead += answered;
    this.commitWritten = this.recordsWritten;
    this.quiet = quiet;
    this.sealedState = sealedState;
    if (this.recoverable) this.#drop(answered);
    return true;
  }

  release(): void {
    this.#records = [];
    this.#bytes = 0;
    this.#delivered = NO_BYTES;
    this.sealedState = undefined;
  }

  #drop(count: number): void {
    if (count === this.#records.length) {
      this.#records.length = 0;
      this.#bytes = 0;
      return;
    }
    for (const record of this.#records.splice(0, count)) this.#bytes -= record.length + RECORD_OVERHEAD_BYTES;
  }

  #growDelivered(): void {
    const entries = Math.max(INITIAL_DELIVERED_RECORDS, (this.#delivered.length / DELIVERED_ENTRY_BYTES) * 2);
    const grown = Buffer.alloc(entries * DELIVERED_ENTRY_BYTES);
    this.#delivered.copy(grown);
    this.#delivered = grown;
  }

  #giveUp(): void {
    this.recoverable = false;
    this.release();
  }
}
