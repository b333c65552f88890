/** What a primary tells a backup about one connection: a list of state fields, each with its length. */
import { ByteReader, ByteWriter } from '../../base/bytes.js';
import { ProtocolError } from '../../base/errors.js';
import { copySecret } from '../../base/secret.js';
import type { RecordPosition } from '../../contracts/strategy.js';
import { Alert } from '../../tls/alert.js';

const FieldId = {
  secrets: 1,
  'sequence-numbers': 2,
  input: 3,
  output: 4,
  outcome: 5,
  'application-state': 6,
  'other-epochs': 7,
} as const;

/** A reply, or a part of it, as the plaintext of one record. */
export interface OutputRecord {
  readonly index: number;
  readonly content: Buffer;
}

/** The application can go on from here, after `recordsWritten` server records in total. */
export interface Checkpoint {
  readonly recordsWritten: number;
  /** Whether nothing of the reply has been sent: its header section is still to come. */
  readonly beforeHead: boolean;
  readonly state: Buffer;
}

/** The whole output of one exchange, from one commit boundary to the next. */
export interface Outcome {
  readonly from: RecordPosition;
  /** Client records read when the exchange was complete. */
  readonly through: number;
  /** False when other replies of the exchange come before it: it cannot stand for the exchange then. */
  readonly whole: boolean;
  readonly output: Buffer;
}

export interface StateMessage {
  /** Static state as `serializeStaticState` wrote it, and the positions at which it began to apply. */
  readonly secrets?: { readonly established: RecordPosition; readonly state: Buffer };
  /** All other epochs since the last commit, serialized as well: what the backup had of epochs before is void. */
  readonly otherEpochs?: readonly Buffer[];
  readonly position?: RecordPosition;
  /** Client bytes since the last message. `restart`: a new exchange began before them, `at` this many server records. */
  readonly input?: { readonly restart: boolean; readonly startWritten: number; readonly bytes: Buffer };
  /** Output since the last message. */
  readonly output?: { readonly answered: boolean; readonly records: readonly OutputRecord[] };
  readonly outcome?: Outcome;
  readonly checkpoint?: Checkpoint;
}

function writePosition(writer: ByteWriter, position: RecordPosition): void {
  writer.uint48(position.recordsRead);
  writer.uint48(position.recordsWritten);
}

function readPosition(reader: ByteReader): RecordPosition {
  return { recordsRead: reader.uint48(), recordsWritten: reader.uint48() };
}

function readFlag(reader: ByteReader): boolean {
  const value = reader.uint8();
  if (value > 1) throw new ProtocolError(Alert.decode_error, `state message: flag is ${value}`);
  return value === 1;
}

export function encodeStateMessage(message: StateMessage): Buffer {
  const { secrets, otherEpochs, position, input, output, outcome, checkpoint } = message;
  const writer = new ByteWriter();
  if (secrets !== undefined) {
    writer.uint8(FieldId.secrets);
    writePosition(writer, secrets.established);
    writeLong(writer, secrets.state);
  }
  if (otherEpochs !== undefined) {
    writer.uint8(FieldId['other-epochs']);
    writer.uint8(otherEpochs.length);
    for (const state of otherEpochs) writeLong(writer, state);
  }
  if (position !== undefined) {
    writer.uint8(FieldId['sequence-numbers']);
    writePosition(writer, position);
  }
  if (input !== undefined) {
    writer.uint8(FieldId.input);
    writer.uint8(input.restart ? 1 : 0);
    writer.uint48(input.startWritten);
    writeLong(writer, input.bytes);
  }
  if (output !== undefined) writeOutput(writer, output);
  if (outcome !== undefined) {
    writer.uint8(FieldId.outcome);
    writePosition(writer, outcome.from);
    writer.uint48(outcome.through);
    writer.uint8(outcome.whole ? 1 : 0);
    writeLong(writer, outcome.output);
  }
  if (checkpoint !== undefined) {
    writer.uint8(FieldId['application-state']);
    writeCheckpoint(writer, checkpoint);
  }
  return writer.finish();
}

function writeOutput(writer: ByteWriter, output: NonNullable<StateMessage['output']>): void {
  writer.uint8(FieldId.output);
  writer.uint8(output.answered ? 1 : 0);
  writer.uint32(output.records.length);
  for (const { index, content } of output.records) {
    writer.uint48(index);
    writeLong(writer, content);
  }
}

function writeCheckpoint(writer: ByteWriter, checkpoint: Checkpoint): void {
  writer.uint48(checkpoint.recordsWritten);
  writer.uint8(checkpoint.beforeHead ? 1 : 0);
  writeLong(writer, checkpoint.state);
}

function writeLong(writer: ByteWriter, bytes: Buffer): void {
  writer.uint32(bytes.length);
  writer.bytes(bytes);
}

/** A copy: frames are views of read buffers, and what a backup keeps may stay for hours. */
function readLong(reader: ByteReader): Buffer {
  return Buffer.from(reader.bytes(reader.uint32()));
}

function readSecret(reader: ByteReader): Buffer {
  return copySecret(reader.bytes(reader.uint32()));
}

/** @throws ProtocolError when `bytes` are not exactly a state message. */
export function parseStateMessage(bytes: Buffer): StateMessage {
  const reader = new ByteReader(bytes, 'state message');
  const message: { -readonly [K in keyof StateMessage]: StateMessage[K] } = {};
  while (reader.remaining > 0) readField(reader, message);
  return message;
}

function readField(
  reader: ByteReader,
  message: { -readonly [K in keyof StateMessage]: StateMessage[K] },
): void {
  const id = reader.uint8();
  switch (id) {
    case FieldId.secrets:
      message.secrets = {
        established: readPosition(reader),
        state: readSecret(reader),
      };
      return;
    case FieldId['other-epochs']:
      message.otherEpochs = Array.from({ length: reader.uint8() }, () => readSecret(reader));
      return;
    case FieldId['sequence-numbers']:
      message.position = readPosition(reader);
      return;
    case FieldId.input:
      message.input = { restart: readFlag(reader), startWritten: reader.uint48(), bytes: readLong(reader) };
      return;
    case FieldId.output:
      message.output = { answered: readFlag(reader), records: readOutputRecords(reader) };
      return;
    case FieldId.outcome:
      message.outcome = {
        from: readPosition(reader),
        through: reader.uint48(),
        whole: readFlag(reader),
        output: readLong(reader),
      };
      return;
    case FieldId['application-state']:
      message.checkpoint = readCheckpoint(reader);
      return;
    default:
      throw new ProtocolError(Alert.decode_error, `state message: unknown field ${id}`);
  }
}

function readOutputRecords(reader: ByteReader): OutputRecord[] {
  const count = reader.uint32();
  const records: OutputRecord[] = [];
  // Not `Array(count)`: a count is only believed as far as there are bytes for it.
  for (let i = 0; i < count; i++) records.push({ index: reader.uint48(), content: readLong(reader) });
  return records;
}

function readCheckpoint(reader: ByteReader): Checkpoint {
  return { recordsWritten: reader.uint48(), beforeHead: readFlag(reader), state: readLong(reader) };
}

/** What travels, sealed, with a commit in the middle of a reply. */
export interface CommittedState {
  readonly checkpoint: Checkpoint;
  /** Client bytes of the exchange so far. */
  readonly input: Buffer;
}

export function encodeCommittedState({ checkpoint, input }: CommittedState): Buffer {
  const writer = new ByteWriter();
  writeCheckpoint(writer, checkpoint);
  writeLong(writer, input);
  return writer.finish();
}

/** @throws ProtocolError when `bytes` are not exactly a committed state. */
export function parseCommittedState(bytes: Buffer): CommittedState {
  const reader = new ByteReader(bytes, 'committed state');
  const state = { checkpoint: readCheckpoint(reader), input: readLong(reader) };
  reader.end();
  return state;
}
