/**
 * A server handshake by OpenSSL, after which the connection is adopted: its secrets and record counts are taken over by
 * the project's own record layer, and the OpenSSL object is dropped.
 *
 * OpenSSL is fed one record per push, so that everything it does while a record is pushed belongs to that record: the
 * moment of adoption follows from the records, not from time.
 */
import { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';
import { RecordDeframer, TLS_STREAM } from './deframer.js';
import { HandshakeObserver } from './handshake-observer.js';
import { parseKeyLogLine } from './key-log.js';
import type { StaticState } from './static-state.js';

export interface Adopted {
  readonly state: StaticState;
  /** Records of the whole handshake, tickets included. */
  readonly recordsRead: number;
  readonly recordsWritten: number;
  readonly resumed: boolean;
}

export interface ServerHandshakeHandler {
  /** A record of OpenSSL's, whole, to be sent to the client. */
  send(record: Buffer): void;
  adopted(connection: Adopted): void;
  /** OpenSSL refused the client; its alert, if any, has been sent. */
  failed(reason: string): void;
}

export class ServerHandshake {
  readonly #handler: ServerHandshakeHandler;
  readonly #observer = new HandshakeObserver();
  readonly #wire: Duplex;
  readonly #openssl: TLSSocket;
  /** Client records that came after Finished: they belong to the adopted connection. */
  #held: Buffer[] = [];
  #secure = false;
  #ended = false;
  /** Turns until OpenSSL knows that its last write is done; until then it keeps what it would write next. */
  #writeTurns = 0;

  constructor(secureContext: SecureContext, handler: ServerHandshakeHandler) {
    this.#handler = handler;
    const deframer = new RecordDeframer(TLS_STREAM);
    this.#wire = new Duplex({
      read() {},
      write: (chunk: Buffer, _encoding, callback) => callback(this.#write(deframer, chunk)),
    });
    this.#wire.on('error', (error) => this.#fail(error.message));
    this.#openssl = new TLSSocket(this.#wire, { isServer: true, secureContext });
    this.#openssl.on('keylog', (line: Buffer) => {
      const parsed = parseKeyLogLine(line);
      if (parsed !== undefined) this.#observer.keyLog(parsed);
    });
    this.#openssl.on('secure', () => {
      this.#secure = true;
    });
    this.#openssl.on('error', (error) => this.#fail(error.message));
    this.#openssl.on('close', () => this.#fail('closed'));
  }

  /** The next record of the client. What follows the client's Finished is kept for {@link takeHeldRecords}. */
  push(record: Buffer): void {
    if (this.#ended) return;
    if (this.#observer.clientFinished) {
      this.#held.push(record);
      return;
    }
    try {
      this.#observer.clientRecord(record);
    } catch {
      // OpenSSL sees the same record and answers with the right alert.
    }
    const writing = this.#writeTurns > 0;
    this.#wire.push(record);
    if (this.#observer.clientFinished) this.#adoptWhenDone(writing);
  }

  /** Records that arrived after the handshake, oldest first; to be asked for once, when adopted. */
  takeHeldRecords(): readonly Buffer[] {
    const held = this.#held;
    this.#held = [];
    return held;
  }

  /** Nothing has been sent: what is sent now is not protected. */
  get untouched(): boolean {
    return this.#observer.recordsWritten === 0;
  }

  /** Drops everything; OpenSSL's close_notify does not leave. */
  destroy(): void {
    this.#ended = true;
    this.#observer.wipe();
    this.#openssl.destroy();
    this.#wire.destroy();
  }

  /** Returns why the handshake cannot go on, if so: a suite that the record layer does not speak. */
  #write(deframer: RecordDeframer, chunk: Buffer): Error | null {
    if (this.#ended) return null;
    this.#countWriteTurns();
    try {
      deframer.push(chunk, (record) => this.#written(record));
      return null;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #written(record: Buffer): void {
    this.#observer.serverRecord(record);
    // A copy: OpenSSL's buffer is used again.
    this.#handler.send(Buffer.from(record));
  }

  /** Node tells OpenSSL of a finished write one turn after our callback. */
  #countWriteTurns(): void {
    this.#writeTurns = 2;
    const count = (): void => {
      this.#writeTurns -= 1;
      if (this.#writeTurns > 0) setImmediate(count);
    };
    setImmediate(count);
  }

  /**
   * The session tickets leave while Finished is pushed, unless an earlier write of OpenSSL was still under way then:
   * it goes on writing in a later turn, and only after that the counts are final.
   */
  #adoptWhenDone(writing: boolean): void {
    if (this.#ended) return;
    if (writing || !this.#secure || !this.#observer.complete) {
      setImmediate(() => this.#adoptWhenDone(this.#writeTurns > 0));
      return;
    }
    const connection: Adopted = {
      state: this.#observer.state(),
      recordsRead: this.#observer.recordsRead,
      recordsWritten: this.#observer.recordsWritten,
      resumed: this.#openssl.isSessionReused(),
    };
    this.destroy();
    this.#handler.adopted(connection);
  }

  #fail(reason: string): void {
    if (this.#ended) return;
    this.destroy();
    this.#handler.failed(reason);
  }
}
