/**
 * Cuts the records of a real client anew on their way, as other clients would cut them: it knows the client's secrets
 * from its key log, opens what the client sealed, and seals it again in other pieces, with padding, or with more between.
 */
import { type CipherSuite, suiteById } from '../../src/tls/cipher-suites.js';
import { type KeyLogLine, parseKeyLogLine } from '../../src/tls/key-log.js';
import { deriveKeyBlock, keyBlockKeys } from '../../src/tls/key-schedule-12.js';
import { type DirectionKeys, deriveTrafficKeys } from '../../src/tls/key-schedule-13.js';
import { ContentType, RECORD_HEADER_BYTES, recordType, writeRecordHeader } from '../../src/tls/record.js';
import { ReadState } from '../../src/tls/record-protection.js';
import { type ReferenceRecord, referenceSeal } from './reference-seal.js';

export type Piece = Pick<ReferenceRecord, 'type' | 'content' | 'paddingBytes'>;

export interface Shape {
  /** Of records without protection: the ClientHello, and most of the flight of TLS 1.2. */
  readonly plain?: (type: number, content: Buffer) => readonly Piece[];
  /** Of the whole protected flight that ends with Finished, whatever records it came in. */
  readonly flight?: (content: Buffer) => readonly Piece[];
  /** Of each record of application data. */
  readonly data?: (content: Buffer) => readonly Piece[];
}

const FINISHED = 20;
const SERVER_HELLO = 2;
/** In a ServerHello: record header, message header, version. */
const RANDOM_AT = RECORD_HEADER_BYTES + 4 + 2;
const RANDOM_BYTES = 32;

/** One direction of one epoch: opens what the client sealed, seals it again. */
class Epoch {
  readonly #suite: CipherSuite;
  readonly #keys: DirectionKeys;
  readonly #read: ReadState;
  #sequenceNumber = 0;

  constructor(suite: CipherSuite, keys: DirectionKeys) {
    this.#suite = suite;
    this.#keys = keys;
    this.#read = new ReadState(suite, keys);
  }

  open(record: Buffer) {
    return this.#read.open(record);
  }

  seal(piece: Piece): Buffer {
    return referenceSeal(this.#suite, this.#keys, { ...piece, sequenceNumber: this.#sequenceNumber++ });
  }
}

export class RecordReshaper {
  readonly #shape: Shape;
  readonly #secrets = new Map<string, KeyLogLine>();
  #suite: CipherSuite | undefined;
  #serverRandom: Buffer = Buffer.alloc(0);
  #handshake: Epoch | undefined;
  #flight: Buffer = Buffer.alloc(0);
  #application: Epoch | undefined;
  /** From here on the client's records are protected. */
  #protected = false;
  /** The server's are: what looks like a ServerHello is none. */
  #serverProtected = false;

  constructor(shape: Shape) {
    this.#shape = shape;
  }

  /** A line of the client's own key log. */
  keyLog(line: Buffer): void {
    const parsed = parseKeyLogLine(line);
    if (parsed !== undefined) this.#secrets.set(parsed.label, parsed);
  }

  /** A record of the server, before the client gets it. */
  serverRecord(record: Buffer): void {
    const type = recordType(record);
    // In TLS 1.2 a resumed session has the server's Finished first, and it is of type handshake, too.
    if (type === ContentType.change_cipher_spec && this.#suite?.version === '1.2')
      this.#serverProtected = true;
    if (type !== ContentType.handshake || this.#serverProtected || this.#protected) return;
    if (record[RECORD_HEADER_BYTES] !== SERVER_HELLO) return;
    this.#serverRandom = Buffer.from(record.subarray(RANDOM_AT, RANDOM_AT + RANDOM_BYTES));
    const sessionIdBytes = record[RANDOM_AT + RANDOM_BYTES] ?? 0;
    this.#suite = suiteById(record.readUInt16BE(RANDOM_AT + RANDOM_BYTES + 1 + sessionIdBytes));
  }

  /** What goes over the wire in place of a record of the client; nothing while a flight is not complete. */
  clientRecord(record: Buffer): readonly Buffer[] {
    const type = recordType(record);
    const content = record.subarray(RECORD_HEADER_BYTES);
    if (this.#application !== undefined) return this.#data(this.#application, record);
    if (this.#protected) return this.#protectedFlight(record);
    if (type === ContentType.change_cipher_spec && this.#suite?.version === '1.2') this.#protected = true;
    if (type === ContentType.application_data) return this.#protectedFlight(record);
    const pieces = this.#shape.plain?.(type, content) ?? [{ type, content }];
    return pieces.map((piece) => plainRecord(piece));
  }

  /** The client's Finished has gone through. */
  get finished(): boolean {
    return this.#application !== undefined;
  }

  #protectedFlight(record: Buffer): readonly Buffer[] {
    // RFC 8446 appendix D.4: in the middle of the flight, and without protection.
    if (recordType(record) === ContentType.change_cipher_spec) return [record];
    this.#protected = true;
    this.#handshake ??= new Epoch(this.#negotiated, this.#handshakeKeys());
    this.#flight = Buffer.concat([this.#flight, this.#handshake.open(record).content]);
    if (!endsWithFinished(this.#flight)) return [];
    const epoch = this.#handshake;
    const pieces = this.#shape.flight?.(this.#flight) ?? [
      { type: ContentType.handshake, content: this.#flight },
    ];
    const records = pieces.map((piece) => epoch.seal(piece));
    const suite = this.#negotiated;
    // TLS 1.2 goes on under the same keys.
    this.#application =
      suite.version === '1.2'
        ? epoch
        : new Epoch(suite, deriveTrafficKeys(suite, this.#secret('CLIENT_TRAFFIC_SECRET_0').secret));
    return records;
  }

  #data(epoch: Epoch, record: Buffer): readonly Buffer[] {
    const { type, content } = epoch.open(record);
    const pieces =
      type === ContentType.application_data && this.#shape.data !== undefined
        ? this.#shape.data(content)
        : [{ type, content }];
    return pieces.map((piece) => epoch.seal(piece));
  }

  get #negotiated(): CipherSuite {
    if (this.#suite === undefined) throw new Error('no ServerHello has been seen');
    return this.#suite;
  }

  #handshakeKeys(): DirectionKeys {
    const suite = this.#negotiated;
    if (suite.version === '1.3') {
      return deriveTrafficKeys(suite, this.#secret('CLIENT_HANDSHAKE_TRAFFIC_SECRET').secret);
    }
    const { secret, clientRandom } = this.#secret('CLIENT_RANDOM');
    const keyBlock = deriveKeyBlock(suite, secret, clientRandom, this.#serverRandom);
    return keyBlockKeys(suite, keyBlock, 'client');
  }

  #secret(label: string): KeyLogLine {
    const line = this.#secrets.get(label);
    if (line === undefined) throw new Error(`no ${label} in the key log: ${[...this.#secrets.keys()]}`);
    return line;
  }
}

/** A record without protection. */
export function plainRecord({ type, content }: Piece): Buffer {
  const record = Buffer.alloc(RECORD_HEADER_BYTES + content.length);
  writeRecordHeader(record, 0, type, content.length);
  content.copy(record, RECORD_HEADER_BYTES);
  return record;
}

/** `content` in pieces of at most `bytes` bytes. */
export function cutInto(bytes: number, type: number, content: Buffer): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < content.length; at += bytes) {
    pieces.push({ type, content: content.subarray(at, at + bytes) });
  }
  return pieces;
}

function endsWithFinished(messages: Buffer): boolean {
  let at = 0;
  while (at + 4 <= messages.length) {
    const end = at + 4 + messages.readUIntBE(at + 1, 3);
    if (messages[at] === FINISHED && end === messages.length) return true;
    at = end;
  }
  return false;
}
