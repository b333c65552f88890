/**
 * The trunk: one TCP connection between the director and a replica, on which everything is a record, of any flow.
 *
 *     flow id (4 bytes) | record header (5 bytes) | body
 *
 * Content types 20 to 23 are the client's and the server's TLS records, untouched; those from 128 on are control
 * records. What is written during one event-loop turn leaves in one system call.
 */
import type { Socket } from 'node:net';
import { RecordDeframer } from '../tls/deframer.js';
import { MAX_CIPHERTEXT_BYTES, RECORD_HEADER_BYTES } from '../tls/record.js';
import type { SealedWith } from '../tls/record-protection.js';
import {
  COMMIT_QUIET,
  COMMIT_STATE,
  ControlType,
  type EndReason,
  encodeEnd,
  encodeSealed,
  FIRST_CONTROL_TYPE,
  LAST_CONTROL_TYPE,
  MAX_CONTROL_BODY_BYTES,
} from './control-records.js';
import { GatherWriter } from './gather-writer.js';
import type { RecycledReads } from './recycled-reads.js';

export const FLOW_ID_BYTES = 4;
const PREFIX_AND_HEADER_BYTES = FLOW_ID_BYTES + RECORD_HEADER_BYTES;
const CONTROL_HEADER_BYTES = PREFIX_AND_HEADER_BYTES;
const MAX_UINT32 = 0xffff_ffff;

/** What a side of the trunk does with what arrives. An exception thrown here ends the trunk, not the process. */
export interface TrunkHandler {
  /** `record` is a whole TLS record, header first. */
  tlsRecord(flowId: number, record: Buffer): void;
  controlRecord(flowId: number, type: number, flags: number, body: Buffer): void;
  /** All records of one socket read have been handed over. */
  batchEnd(): void;
  /** Whether one of them is still needed as it is. Absent: that is not known, and their memory is not used again. */
  keepsRecords?(): boolean;
  /** Nothing more will arrive: everything the peer got out before it ended has been handed over. */
  closed(cause: string): void;
}

function acceptsType(type: number): boolean {
  return (type >= 20 && type <= 23) || (type >= FIRST_CONTROL_TYPE && type <= LAST_CONTROL_TYPE);
}

function maxBodyBytes(type: number): number {
  return type >= FIRST_CONTROL_TYPE ? MAX_CONTROL_BODY_BYTES : MAX_CIPHERTEXT_BYTES;
}

function writeControlHeader(
  target: Buffer,
  at: number,
  flowId: number,
  type: number,
  flags: number,
  bodyBytes: number,
): void {
  target.writeUInt32BE(flowId, at);
  target[at + FLOW_ID_BYTES] = type;
  target.writeUInt16BE(flags, at + 5);
  target.writeUInt16BE(bodyBytes, at + 7);
}

export class Trunk {
  readonly #socket: Socket;
  readonly #handler: TrunkHandler;
  readonly #writer: GatherWriter;
  readonly #onRecord = (record: Buffer): void => this.#dispatch(record);
  #closed = false;
  /** See {@link suspend}. */
  #suspended = false;
  /** See {@link holdReading}. */
  #readingHeld = false;

  /** @param reads of the socket, where its memory is to be used again */
  constructor(socket: Socket, handler: TrunkHandler, reads?: Pick<RecycledReads, 'receive'>) {
    this.#socket = socket;
    this.#handler = handler;
    this.#writer = new GatherWriter(socket);
    socket.setNoDelay(true);
    const deframer = new RecordDeframer({ prefixBytes: FLOW_ID_BYTES, accepts: acceptsType, maxBodyBytes });
    if (reads === undefined) socket.on('data', (chunk: Buffer) => this.#receive(deframer, chunk));
    else reads.receive((chunk) => this.#receive(deframer, chunk));
    socket.on('end', () => this.#close('end of stream'));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#close(error.code ?? error.message));
    socket.on('close', () => this.#close('closed'));
  }

  /** Forwards a TLS record, header first. Long ones are kept by reference until the end of the turn. */
  sendRecord(flowId: number, record: Buffer): void {
    const at = this.#writer.reserve(FLOW_ID_BYTES);
    this.#writer.slab.writeUInt32BE(flowId, at);
    this.#writer.write(record);
  }

  /** Sends a record that was sealed with its flow id in front. */
  sendSealed(parts: readonly Buffer[]): void {
    for (const part of parts) this.#writer.write(part);
  }

  sendControl(flowId: number, type: number, body: Buffer, flags = 0): void {
    this.#writeControlHeader(flowId, type, flags, body.length);
    this.#writer.write(body);
  }

  /** 13 bytes: the one control record that is sent for each request. `recordsRead` counts modulo 2^32. */
  sendCommit(flowId: number, recordsRead: number, quiet: boolean, sealedState?: Buffer): void {
    const flags = (quiet ? COMMIT_QUIET : 0) | (sealedState === undefined ? 0 : COMMIT_STATE);
    this.#writeControlHeader(flowId, ControlType.commit, flags, 4 + (sealedState?.length ?? 0));
    this.#writeUint32(recordsRead % (MAX_UINT32 + 1));
    if (sealedState !== undefined) this.#writer.write(sealedState);
  }

  /** A control record as parts of what {@link sendSealed} sends, so that it stays with the record behind it. */
  static sealedNote(flowId: number, sealedWith: SealedWith): Buffer {
    const body = encodeSealed(sealedWith);
    const note = Buffer.allocUnsafe(CONTROL_HEADER_BYTES + body.length);
    writeControlHeader(note, 0, flowId, ControlType.sealed, 0, body.length);
    body.copy(note, CONTROL_HEADER_BYTES);
    return note;
  }

  /**
   * Length of the TLS record, header included, in what {@link sendSealed} sends: credit is counted in records as the client
   * gets them, not in what goes around them on a trunk.
   */
  static recordBytesOf(parts: readonly Buffer[]): number {
    let bytes = -FLOW_ID_BYTES;
    for (const part of parts) bytes += part.length;
    const [first] = parts;
    const isNote = first !== undefined && (first[FLOW_ID_BYTES] ?? 0) >= FIRST_CONTROL_TYPE;
    return isNote ? bytes - first.length : bytes;
  }

  sendCredit(flowId: number, bytes: number): void {
    this.#writeControlHeader(flowId, ControlType.credit, 0, 4);
    this.#writeUint32(bytes);
  }

  sendEnd(flowId: number, reason: EndReason): void {
    this.sendControl(flowId, ControlType.end, encodeEnd(reason));
  }

  sendHeartbeat(): void {
    this.#writeControlHeader(0, ControlType.heartbeat, 0, 0);
  }

  /** Sends what was written so far now, and not only at the end of the turn. */
  flush(): void {
    this.#writer.flush();
  }

  /** Fences the peer: whatever it still sends is dropped, whatever was not sent to it stays here. */
  fence(cause: string): void {
    this.#close(cause);
  }

  /** Leaves what the peer sends where it is, its end included, until `hold` is false. */
  holdReading(hold: boolean): void {
    this.#readingHeld = hold;
    if (hold) this.#socket.pause();
    else if (!this.#suspended) this.#socket.resume();
  }

  /**
   * Neither hears nor is heard, as if the network lost everything: what is sent waits, and the peer does not even learn of
   * the end of this side.
   */
  suspend(): void {
    if (this.#suspended || this.#closed) return;
    this.#suspended = true;
    this.#socket.pause();
    this.#socket.cork();
  }

  /** The network is back: what was under way arrives, unless this side has ended, which the peer learns now. */
  resume(): void {
    if (!this.#suspended) return;
    this.#suspended = false;
    if (this.#closed) {
      this.#socket.destroy();
      return;
    }
    this.#socket.uncork();
    if (!this.#readingHeld) this.#socket.resume();
  }

  #writeControlHeader(flowId: number, type: number, flags: number, bodyBytes: number): void {
    const at = this.#writer.reserve(CONTROL_HEADER_BYTES);
    writeControlHeader(this.#writer.slab, at, flowId, type, flags, bodyBytes);
  }

  #writeUint32(value: number): void {
    const at = this.#writer.reserve(4);
    this.#writer.slab.writeUInt32BE(value, at);
  }

  /** @returns whether records of the chunk are still needed */
  #receive(deframer: RecordDeframer, chunk: Buffer): boolean {
    if (this.#closed) return false;
    try {
      deframer.push(chunk, this.#onRecord);
      this.#handler.batchEnd();
    } catch (error) {
      this.#close(error instanceof Error ? error.message : String(error));
    }
    return this.#handler.keepsRecords?.() ?? true;
  }

  #dispatch(record: Buffer): void {
    if (this.#closed) return;
    const flowId = record.readUInt32BE(0);
    const type = record[FLOW_ID_BYTES] ?? 0;
    if (type < FIRST_CONTROL_TYPE) {
      this.#handler.tlsRecord(flowId, record.subarray(FLOW_ID_BYTES));
      return;
    }
    this.#handler.controlRecord(
      flowId,
      type,
      record.readUInt16BE(5),
      record.subarray(PREFIX_AND_HEADER_BYTES),
    );
  }

  #close(cause: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#writer.close();
    if (!this.#suspended) this.#socket.destroy();
    this.#handler.closed(cause);
  }
}
