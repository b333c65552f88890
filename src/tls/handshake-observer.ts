/**
 * Reads along while OpenSSL makes a handshake, to know two things that OpenSSL does not tell: which record of each
 * direction is the last of the handshake, and the secrets that come after it.
 *
 * Records are counted on the wire. Nothing is assumed about how many there are: in TLS 1.3 the flights are decrypted
 * until the Finished message (RFC 8446 4.4.4), in TLS 1.2 Finished is the first message after ChangeCipherSpec.
 */
import { ByteReader } from '../base/bytes.js';
import { ProtocolError } from '../base/errors.js';
import { Alert } from './alert.js';
import { type CipherSuite, suiteById, TAG_BYTES } from './cipher-suites.js';
import type { KeyLogLine } from './key-log.js';
import { deriveKeyBlock } from './key-schedule-12.js';
import { deriveTrafficKeys } from './key-schedule-13.js';
import { ContentType, RECORD_HEADER_BYTES, recordType } from './record.js';
import { ReadState } from './record-protection.js';
import type { StaticState } from './static-state.js';

const SERVER_HELLO = 2;
const FINISHED = 20;
const MESSAGE_HEADER_BYTES = 4;
/** Of TLS 1.2, for all suites here (RFC 5246 7.4.9): 12 bytes of verify_data. */
const FINISHED_12_BYTES = MESSAGE_HEADER_BYTES + 12;
/** OpenSSL's own default bound of a certificate chain is 100 KiB. */
const MAX_MESSAGE_BYTES = 128 * 1024;

interface Direction {
  records: number;
  /** Records up to and including the last one before the application epoch; undefined until it was seen. */
  base: number | undefined;
  finished: boolean;
  /** Of TLS 1.2: bytes of Finished so far. */
  finishedBytes: number;
  readonly messages: HandshakeMessages;
  protection: ReadState | undefined;
}

export class HandshakeObserver {
  readonly #client: Direction = newDirection();
  readonly #server: Direction = newDirection();
  readonly #secrets = new Map<string, Buffer>();
  #clientRandom: Buffer | undefined;
  #serverRandom: Buffer | undefined;
  #suite: CipherSuite | undefined;

  get clientFinished(): boolean {
    return this.#client.finished;
  }

  /** Both Finished messages have been on the wire. */
  get complete(): boolean {
    return this.#client.finished && this.#server.finished;
  }

  /** Client records read and server records written so far. */
  get recordsRead(): number {
    return this.#client.records;
  }

  get recordsWritten(): number {
    return this.#server.records;
  }

  keyLog(line: KeyLogLine): void {
    this.#clientRandom = line.clientRandom;
    this.#secrets.get(line.label)?.fill(0);
    this.#secrets.set(line.label, line.secret);
  }

  /** @throws ProtocolError when a record of the encrypted flight does not open. */
  clientRecord(record: Buffer): void {
    this.#client.records += 1;
    if (this.#client.finished) return;
    if (this.#suite?.version === '1.2') this.#follow12(this.#client, record, this.#suite);
    else this.#follow13(this.#client, record, 'CLIENT_HANDSHAKE_TRAFFIC_SECRET');
  }

  serverRecord(record: Buffer): void {
    this.#server.records += 1;
    if (this.#server.finished) return;
    if (recordType(record) === ContentType.handshake && this.#server.base === undefined) {
      this.#server.messages.push(record.subarray(RECORD_HEADER_BYTES), (type, body) => {
        if (type === SERVER_HELLO) this.#serverHello(body);
      });
    }
    if (this.#suite?.version === '1.2') this.#follow12(this.#server, record, this.#suite);
    else this.#follow13(this.#server, record, 'SERVER_HANDSHAKE_TRAFFIC_SECRET');
  }

  /**
   * The state from which the record layer goes on. Its secrets are the caller's from then on: to be asked for once.
   *
   * @throws Error before {@link complete}, or when OpenSSL logged no secrets.
   */
  state(): StaticState {
    const suite = this.#suite;
    const { base: readBase } = this.#client;
    const { base: writeBase } = this.#server;
    if (suite === undefined || readBase === undefined || writeBase === undefined || !this.complete) {
      throw new Error('the handshake is not complete');
    }
    return { suite, epoch: 0, readBase, writeBase, secrets: this.#trafficSecrets(suite) };
  }

  /** Fills all secrets with zeros that {@link state} did not give away: all of them, when it was never asked. */
  wipe(): void {
    for (const secret of this.#secrets.values()) secret.fill(0);
    this.#secrets.clear();
    this.#client.protection = undefined;
    this.#server.protection = undefined;
  }

  #trafficSecrets(suite: CipherSuite): StaticState['secrets'] {
    if (suite.version === '1.3') {
      const client = this.#takeSecret('CLIENT_TRAFFIC_SECRET_0');
      return { kind: 'tls13', client, server: this.#takeSecret('SERVER_TRAFFIC_SECRET_0') };
    }
    const master = this.#secret('CLIENT_RANDOM');
    if (this.#clientRandom === undefined || this.#serverRandom === undefined) {
      throw new Error('the handshake showed no randoms');
    }
    return {
      kind: 'tls12',
      keyBlock: deriveKeyBlock(suite, master, this.#clientRandom, this.#serverRandom),
    };
  }

  #secret(label: string): Buffer {
    const secret = this.#secrets.get(label);
    if (secret === undefined) throw new Error(`OpenSSL logged no ${label}`);
    return secret;
  }

  #takeSecret(label: string): Buffer {
    const secret = this.#secret(label);
    this.#secrets.delete(label);
    return secret;
  }

  /** TLS 1.3: alerts and ChangeCipherSpec are not protected here, everything of type 23 is. */
  #follow13(direction: Direction, record: Buffer, label: string): void {
    if (recordType(record) !== ContentType.application_data || this.#suite === undefined) return;
    direction.protection ??= new ReadState(this.#suite, deriveTrafficKeys(this.#suite, this.#secret(label)));
    const { type, content } = direction.protection.open(record);
    if (type !== ContentType.handshake) return;
    direction.messages.push(content, (messageType) => {
      if (messageType !== FINISHED) return;
      direction.finished = true;
      direction.base = direction.records;
    });
  }

  /**
   * TLS 1.2: the epoch begins after ChangeCipherSpec, with Finished as its first message. OpenSSL logs the secret only when
   * it makes its own Finished, so that the client's cannot be opened yet; but how long it is, its records show.
   */
  #follow12(direction: Direction, record: Buffer, { explicitNonceBytes }: CipherSuite): void {
    const type = recordType(record);
    if (direction.base === undefined) {
      if (type === ContentType.change_cipher_spec) direction.base = direction.records;
    } else if (type === ContentType.handshake) {
      const contentBytes = record.length - RECORD_HEADER_BYTES - explicitNonceBytes - TAG_BYTES;
      direction.finishedBytes += Math.max(0, contentBytes);
      direction.finished = direction.finishedBytes >= FINISHED_12_BYTES;
    }
  }

  /** The last one counts: a HelloRetryRequest comes as a ServerHello too (RFC 8446 4.1.4). */
  #serverHello(body: Buffer): void {
    const reader = new ByteReader(body, 'ServerHello');
    reader.uint16();
    this.#serverRandom = Buffer.from(reader.bytes(32));
    reader.vector8();
    const id = reader.uint16();
    this.#suite = suiteById(id);
    if (this.#suite === undefined) {
      throw new ProtocolError(Alert.handshake_failure, `cipher suite 0x${id.toString(16)} is not supported`);
    }
  }
}

function newDirection(): Direction {
  return {
    records: 0,
    base: undefined,
    finished: false,
    finishedBytes: 0,
    messages: new HandshakeMessages(),
    protection: undefined,
  };
}

/** Handshake messages out of record contents (RFC 8446 4): they may share records and may straddle them. */
class HandshakeMessages {
  /** Parts of a message that is not complete, put together only when it is: a message may come byte by byte. */
  #parts: Buffer[] = [];
  #partsBytes = 0;
  /** Bytes that are needed to go on: a message header, or a whole message. */
  #neededBytes = MESSAGE_HEADER_BYTES;

  push(content: Buffer, onMessage: (type: number, body: Buffer) => void): void {
    this.#parts.push(content);
    this.#partsBytes += content.length;
    if (this.#partsBytes < this.#neededBytes) return;
    let bytes = Buffer.concat(this.#parts);
    this.#neededBytes = neededBytes(bytes);
    while (bytes.length >= this.#neededBytes) {
      onMessage(bytes.readUInt8(0), bytes.subarray(MESSAGE_HEADER_BYTES, this.#neededBytes));
      bytes = bytes.subarray(this.#neededBytes);
      this.#neededBytes = neededBytes(bytes);
    }
    this.#parts = [bytes];
    this.#partsBytes = bytes.length;
  }
}

/** Length of the message that begins here, header included; of the header while that is not complete. */
function neededBytes(bytes: Buffer): number {
  if (bytes.length < MESSAGE_HEADER_BYTES) return MESSAGE_HEADER_BYTES;
  const messageBytes = MESSAGE_HEADER_BYTES + bytes.readUIntBE(1, 3);
  if (messageBytes <= MAX_MESSAGE_BYTES) return messageBytes;
  throw new ProtocolError(Alert.illegal_parameter, `handshake message of ${messageBytes} bytes`);
}
