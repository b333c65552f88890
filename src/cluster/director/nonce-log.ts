/** What of the server's records really left towards clients, as rows for the proof that no nonce is used twice. */
import type { SealedWith } from '../../tls/record-protection.js';
import { NONCE_ROW_BYTES, writeNonceRow } from '../nonce-audit.js';

/** 44 KiB: one write in some hundred requests. */
const BATCH_ROWS = 1024;

interface Note {
  readonly replica: number;
  readonly sealedWith: SealedWith;
}

export class NonceLog {
  readonly #write: (rows: Buffer) => void;
  readonly #batch = Buffer.alloc(BATCH_ROWS * NONCE_ROW_BYTES);
  #rows = 0;
  /** Of the record that comes next, by flow. */
  readonly #notes = new Map<number, Note>();

  /** @param write appends whole rows; they are not to be kept, the memory is used again */
  constructor(write: (rows: Buffer) => void) {
    this.#write = write;
  }

  /** A replica tells what it sealed the next record of the flow with. It may die before that record is out. */
  note(flowId: number, replica: number, sealedWith: SealedWith): void {
    this.#notes.set(flowId, { replica, sealedWith });
  }

  /** A record of the replica has been written to the client. */
  left(flowId: number, replica: number, record: Buffer): void {
    const note = this.#notes.get(flowId);
    this.#notes.delete(flowId);
    const sealedWith = note?.replica === replica ? note.sealedWith : undefined;
    writeNonceRow(this.#batch, this.#rows * NONCE_ROW_BYTES, flowId, replica, sealedWith, record);
    this.#rows += 1;
    if (this.#rows === BATCH_ROWS) this.flush();
  }

  ended(flowId: number): void {
    this.#notes.delete(flowId);
  }

  flush(): void {
    if (this.#rows === 0) return;
    this.#write(this.#batch.subarray(0, this.#rows * NONCE_ROW_BYTES));
    this.#rows = 0;
  }
}
