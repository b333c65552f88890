/**
 * Control records of the trunk. A control record has the shape of a TLS record, with a private content type; the two
 * bytes that hold the version in a TLS record hold flags. It belongs to the flow whose id stands before it and is in
 * order with that flow's TLS records, which is what makes a commit exact.
 */
import { ByteReader, ByteWriter } from '../base/bytes.js';
import { ProtocolError } from '../base/errors.js';
import type { RecordPosition } from '../contracts/strategy.js';
import { Alert } from '../tls/alert.js';
import type { SealedWith } from '../tls/record-protection.js';

/** Private content types, far from those of TLS (20 to 26). */
export const ControlType = {
  /** To the replica: a new flow. */
  open: 128,
  /** To the backup: take this flow over. */
  take: 129,
  /** To the director: client records are answered. */
  commit: 130,
  /** Both: this flow is closed on purpose. */
  end: 131,
  /** Both: more bytes of this flow are welcome. */
  credit: 132,
  /** Both, flow 0: still there. */
  heartbeat: 133,
  /** To the replica: the flow has another backup from now on. */
  protect: 134,
  /** To the replica, flow 0: this one has failed; what it still sends does not count. */
  fence: 135,
  /** To the director, in audit mode: what the record behind it was sealed with. */
  sealed: 136,
  /** To the backup, flow 0: these flows are yours from now on, but idle; take each over when its client speaks. */
  park: 137,
  /**
   * To the director: this flow can go on at its backup, which has its state; flow 0: no new flows any more, all are to
   * move. To the replica: this flow cannot move; flow 0: none is left.
   */
  handoff: 138,
} as const;

export const FIRST_CONTROL_TYPE = 128;
export const LAST_CONTROL_TYPE = 138;
/** A two-byte length. */
export const MAX_CONTROL_BODY_BYTES = 65_535;

/** The application will not speak before the client does. */
export const COMMIT_QUIET = 1;
/** Sealed application state follows the count. */
export const COMMIT_STATE = 2;

/** Of `take` and `park`: the replica that the flow is from has handed it over, and nothing of it is still on its way. */
export const HANDED_OVER = 1;

/** No replica: the value of a backup that does not exist. */
const NO_BACKUP = 255;

/** Why a flow is closed. */
export const END_REASONS = [
  'closed',
  'client-closed',
  'client-reset',
  'record-overflow',
  'unexpected-message',
  'protocol-version',
  'internal-error',
  'state-missing',
  'handshake-unfinished',
  'state-mismatch',
  'diverged',
  'handshake-timeout',
  'handed-over',
] as const;
export type EndReason = (typeof END_REASONS)[number];

export interface Open {
  readonly clientAddress: string;
  readonly clientPort: number;
  /** Index of the replica that the flow's state goes to; undefined when there is none. */
  readonly backup: number | undefined;
}

/** One server record that the client has: its whole length and its AEAD tag. */
export const DELIVERED_ENTRY_BYTES = 18;
const TAG_BYTES = 16;
/** Of TLS 1.2 AES-GCM (RFC 5288 3); other nonces are implicit. */
const EXPLICIT_NONCE_BYTES = 8;
const UINT32_RANGE = 0x1_0000_0000;

export interface Take extends Open {
  /** The replica that failed. */
  readonly from: number;
  /** Which of its processes: the replica may be back by now, as another one. */
  readonly fromIncarnation: number;
  readonly commit: RecordPosition;
  readonly delivered: number;
  readonly received: number;
  /** Bytes that the backup may send before it is given credit. */
  readonly creditBytes: number;
  /** Sealed application state of the last commit. */
  readonly sealedState: Buffer | undefined;
  /** Entries of {@link DELIVERED_ENTRY_BYTES} for each server record since the last commit. */
  readonly deliveredEntries: Buffer;
}

function writeOpen(writer: ByteWriter, open: Open): void {
  writer.uint8(open.backup ?? NO_BACKUP);
  writer.uint16(open.clientPort);
  const close = writer.writeLengthUint8();
  writer.bytes(Buffer.from(open.clientAddress, 'latin1'));
  close();
}

function readOpen(reader: ByteReader): Open {
  const backup = reader.uint8();
  const clientPort = reader.uint16();
  const clientAddress = reader.vector8().toString('latin1');
  return { clientAddress, clientPort, backup: backup === NO_BACKUP ? undefined : backup };
}

export function encodeOpen(open: Open): Buffer {
  const writer = new ByteWriter();
  writeOpen(writer, open);
  return writer.finish();
}

/** @throws ProtocolError when `body` is not exactly an `open`. */
export function parseOpen(body: Buffer): Open {
  const reader = new ByteReader(body);
  const open = readOpen(reader);
  reader.end();
  return open;
}

export function encodeTake(take: Take): Buffer {
  const writer = new ByteWriter();
  writeOpen(writer, take);
  writer.uint8(take.from);
  writer.uint32(take.fromIncarnation);
  writer.uint48(take.commit.recordsRead);
  writer.uint48(take.commit.recordsWritten);
  writer.uint48(take.delivered);
  writer.uint48(take.received);
  writer.uint32(take.creditBytes);
  const closeState = writer.writeLengthUint16();
  if (take.sealedState !== undefined) writer.bytes(take.sealedState);
  closeState();
  writer.bytes(take.deliveredEntries);
  return writer.finish();
}

/** @throws ProtocolError when `body` is not exactly a `take` whose counts agree. */
export function parseTake(body: Buffer): Take {
  const reader = new ByteReader(body);
  const { clientAddress, clientPort, backup } = readOpen(reader);
  const from = reader.uint8();
  const fromIncarnation = reader.uint32();
  const commit = { recordsRead: reader.uint48(), recordsWritten: reader.uint48() };
  const delivered = reader.uint48();
  const received = reader.uint48();
  const creditBytes = reader.uint32();
  const sealedState = reader.vector16();
  const deliveredEntries = reader.rest();
  const agrees =
    deliveredEntries.length === (delivered - commit.recordsWritten) * DELIVERED_ENTRY_BYTES &&
    received >= commit.recordsRead;
  if (!agrees) throw new ProtocolError(Alert.decode_error, 'take: evidence does not add up');
  // Each by its name: behind a spread object every further property takes the V8 of Node 20 some 0.7 us.
  return {
    clientAddress,
    clientPort,
    backup,
    from,
    fromIncarnation,
    commit,
    delivered,
    received,
    creditBytes,
    sealedState: sealedState.length === 0 ? undefined : sealedState,
    deliveredEntries,
  };
}

/**
 * Writes the entry of `record` (header, ciphertext, tag) at `offset` of `target`. Records of the handshake are not all
 * protected, and may be shorter than a tag: nobody can regenerate them, so that only their number counts.
 */
export function writeDeliveredEntry(target: Buffer, offset: number, record: Buffer): void {
  target.writeUInt16BE(record.length, offset);
  record.copy(target, offset + 2, Math.max(0, record.length - TAG_BYTES));
}

export function encodeEnd(reason: EndReason): Buffer {
  return Buffer.of(END_REASONS.indexOf(reason));
}

/** @throws ProtocolError for an unknown reason. */
export function parseEnd(body: Buffer): EndReason {
  const reader = new ByteReader(body);
  const reason = END_REASONS[reader.uint8()];
  reader.end();
  if (reason === undefined) throw new ProtocolError(Alert.decode_error, `end: unknown reason ${body[0]}`);
  return reason;
}

/** @param backup index of the replica that the state goes to from now on; undefined when none is left */
export function encodeProtect(backup: number | undefined): Buffer {
  return Buffer.of(backup ?? NO_BACKUP);
}

/** @throws ProtocolError when `body` is not exactly one index. */
export function parseProtect(body: Buffer): number | undefined {
  const reader = new ByteReader(body, 'protect');
  const backup = reader.uint8();
  reader.end();
  return backup === NO_BACKUP ? undefined : backup;
}

/** @param backup index of the replica that has the state, and acknowledged it */
export function encodeHandoff(backup: number): Buffer {
  return Buffer.of(backup);
}

/** @throws ProtocolError when `body` is not exactly one index. */
export function parseHandoff(body: Buffer): number {
  const reader = new ByteReader(body, 'handoff');
  const backup = reader.uint8();
  reader.end();
  return backup;
}

/** Flows that are taken over later: whose state it is, and where that is to go meanwhile. */
export interface Park extends Pick<Take, 'from' | 'fromIncarnation' | 'backup'> {
  /** At most 16,381, which fill a control record. */
  readonly flowIds: readonly number[];
}

/** In front of the flow ids: whose they are, where to, and how many. */
const PARK_HEAD_BYTES = 8;

/** Without a `ByteWriter`: it is made for thousands of flows at a moment at which clients wait for others. */
export function encodePark({ from, fromIncarnation, backup, flowIds }: Park): Buffer {
  const body = Buffer.allocUnsafe(PARK_HEAD_BYTES + 4 * flowIds.length);
  body.writeUInt8(from, 0);
  body.writeUInt32BE(fromIncarnation, 1);
  body.writeUInt8(backup ?? NO_BACKUP, 5);
  let at = body.writeUInt16BE(flowIds.length, 6);
  for (const flowId of flowIds) at = body.writeUInt32BE(flowId, at);
  return body;
}

/** @throws ProtocolError when `body` is not exactly a `park`. */
export function parsePark(body: Buffer): Park {
  const reader = new ByteReader(body, 'park');
  const from = reader.uint8();
  const fromIncarnation = reader.uint32();
  const backup = reader.uint8();
  const flowIds: number[] = [];
  for (let left = reader.uint16(); left > 0; left--) flowIds.push(reader.uint32());
  reader.end();
  return { from, fromIncarnation, backup: backup === NO_BACKUP ? undefined : backup, flowIds };
}

/** A process of a replica that was declared failed. */
export interface Fenced {
  readonly replica: number;
  readonly incarnation: number;
}

export function encodeFence({ replica, incarnation }: Fenced): Buffer {
  const writer = new ByteWriter();
  writer.uint8(replica);
  writer.uint32(incarnation);
  return writer.finish();
}

/** @throws ProtocolError when `body` is not exactly an index and an incarnation. */
export function parseFence(body: Buffer): Fenced {
  const reader = new ByteReader(body, 'fence');
  const fenced = { replica: reader.uint8(), incarnation: reader.uint32() };
  reader.end();
  return fenced;
}

/** @throws ProtocolError when `body` is not exactly a four-byte count. */
export function parseCredit(body: Buffer): number {
  const reader = new ByteReader(body);
  const bytes = reader.uint32();
  reader.end();
  return bytes;
}

export function encodeSealed({ keyBase, sequenceNumber, explicitNonceBytes }: SealedWith): Buffer {
  const writer = new ByteWriter();
  writer.uint48(keyBase);
  writer.uint32(Math.floor(sequenceNumber / UINT32_RANGE)).uint32(sequenceNumber % UINT32_RANGE);
  writer.uint8(explicitNonceBytes);
  return writer.finish();
}

/** @throws ProtocolError when `body` is not exactly what a record can have been sealed with. */
export function parseSealed(body: Buffer): SealedWith {
  const reader = new ByteReader(body, 'sealed');
  const keyBase = reader.uint48();
  const sequenceNumber = reader.uint32() * UINT32_RANGE + reader.uint32();
  const explicitNonceBytes = reader.uint8();
  reader.end();
  if (!Number.isSafeInteger(sequenceNumber) || ![0, EXPLICIT_NONCE_BYTES].includes(explicitNonceBytes)) {
    throw new ProtocolError(
      Alert.decode_error,
      `sealed: sequence number ${sequenceNumber}, explicit nonce of ${explicitNonceBytes} bytes`,
    );
  }
  return { keyBase, sequenceNumber, explicitNonceBytes };
}
