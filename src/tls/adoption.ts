/**
 * A server handshake by OpenSSL, after which the connection is adopted: its secrets and record counts are taken over by
 * the project's own record layer, and the OpenSSL object is dropped.
 *
 * OpenSSL is fed one record per push, so that everything it does while a record is pushed belongs to that record: the
 * moment of adoption follows from the records, not from time.
 */
import { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';
import { AlertLevel, encodeAlert } from './alert.js';
import { peerCertificateProblem } from './client-certificate.js';
import { RecordDeframer, TLS_STREAM } from './deframer.js';
import { HandshakeObserver } from './handshake-observer.js';
import { parseKeyLogLine } from './key-log.js';
import { ContentType } from './record.js';
import { createWriteState, type StaticState, wipeStaticState } from './static-state.js';

/**
 * From the moment at which the client may speak to its Finished. As long as the load client waits, so that nothing is
 * given up that somebody still waits for; seconds are plenty for the two or three messages that a client has to send.
 */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

export interface Adopted {
  readonly state: StaticState;
  /** Records of the whole handshake, tickets included. */
  readonly recordsRead: number;
  readonly recordsWritten: number;
  /** Length of the client's records, headers included. */
  readonly bytesRead: number;
  readonly resumed: boolean;
}

export interface ServerHandshakeOptions {
  /** `ca` in it is what a client's certificate is verified against. */
  readonly secureContext: SecureContext;
  /** Whether the client has to show a certificate (RFC 8446 4.3.2). */
  readonly clientCertificate: 'none' | 'required';
  /** Application protocols (RFC 7301), the best one first; a client that offers none of them is refused. Absent: not said. */
  readonly alpnProtocols?: readonly string[] | undefined;
  /** For the whole handshake, > 0 ms. */
  readonly timeoutMs: number;
  /** Called with the first record: calls back, now or in a later turn, when OpenSSL may begin. At once when absent. */
  readonly queue?: ((begin: () => void) => void) | undefined;
}

/** Why a handshake came to nothing: `timeout` is the client's silence, `refused` all else. */
export type HandshakeFailure = 'refused' | 'timeout';

export interface ServerHandshakeHandler {
  /** A record of OpenSSL's, whole, to be sent to the client. */
  send(record: Buffer): void;
  adopted(connection: Adopted): void;
  /** The client was refused; the alert, if any, has been sent. Or its time is over. */
  failed(reason: string, failure: HandshakeFailure): void;
}

/** OpenSSL's end of the connection, and the wire on which it reads and writes. */
interface OpensslEnd {
  readonly wire: Duplex;
  readonly socket: TLSSocket;
}

export class ServerHandshake {
  readonly #options: ServerHandshakeOptions;
  readonly #handler: ServerHandshakeHandler;
  readonly #observer = new HandshakeObserver();
  readonly #timeout: NodeJS.Timeout;
  /** From the first record on: a client that sends none costs no more than an entry in a map. */
  #openssl: OpensslEnd | undefined;
  #bytesRead = 0;
  /** Whether OpenSSL takes a record at once. */
  #reads = false;
  /** Client records that OpenSSL has not seen; behind the client's Finished they belong to the adopted connection. */
  #waiting: Buffer[] = [];
  #secure = false;
  #ended = false;
  /** Turns until OpenSSL knows that its last write is done; until then it would keep what it writes next. */
  #writeTurns = 0;

  /** The time of the handshake begins. */
  constructor(options: ServerHandshakeOptions, handler: ServerHandshakeHandler) {
    this.#options = options;
    this.#handler = handler;
    const { timeoutMs } = options;
    this.#timeout = setTimeout(
      () => this.#fail(`the handshake is not done after ${timeoutMs} ms`, 'timeout'),
      timeoutMs,
    );
  }

  /** The next record of the client. What follows the client's Finished is kept for {@link takeHeldRecords}. */
  push(record: Buffer): void {
    if (this.#ended) return;
    this.#waiting.push(record);
    if (this.#openssl !== undefined) this.#feedWaiting();
    else if (this.#waiting.length === 1) this.#queue();
  }

  /** Records that arrived after the handshake, oldest first; to be asked for once, when adopted. */
  takeHeldRecords(): readonly Buffer[] {
    const held = this.#waiting;
    this.#waiting = [];
    return held;
  }

  /** Nothing has been sent: what is sent now is not protected. */
  get untouched(): boolean {
    return this.#observer.recordsWritten === 0;
  }

  /** Drops everything; OpenSSL's close_notify does not leave. */
  destroy(): void {
    this.#ended = true;
    clearTimeout(this.#timeout);
    this.#observer.wipe();
    this.#openssl?.socket.destroy();
    this.#openssl?.wire.destroy();
  }

  #queue(): void {
    const begin = (): void => {
      if (!this.#ended) this.#startOpenssl();
    };
    if (this.#options.queue === undefined) begin();
    else this.#options.queue(begin);
  }

  /** Only while OpenSSL can write: what it says to a record leaves before the next one, an alert too. */
  #feedWaiting(): void {
    let fed = 0;
    while (fed < this.#waiting.length && this.#takesInput) {
      const record = this.#waiting[fed];
      fed += 1;
      if (record !== undefined) this.#feed(record);
    }
    this.#waiting = this.#waiting.slice(fed);
    this.#adoptWhenDone();
  }

  get #takesInput(): boolean {
    return !this.#ended && this.#reads && this.#writeTurns === 0 && !this.#observer.clientFinished;
  }

  #feed(record: Buffer): void {
    this.#bytesRead += record.length;
    try {
      this.#observer.clientRecord(record);
    } catch {
      // OpenSSL sees the same record and answers with the right alert.
    }
    this.#openssl?.wire.push(record);
  }

  #startOpenssl(): void {
    const { secureContext, clientCertificate, alpnProtocols } = this.#options;
    const required = clientCertificate === 'required';
    const deframer = new RecordDeframer(TLS_STREAM);
    const wire = new Duplex({
      read() {},
      write: (chunk: Buffer, _encoding, callback) => callback(this.#write(deframer, chunk)),
    });
    wire.on('error', (error) => this.#fail(error.message));
    const socket = new TLSSocket(wire, {
      isServer: true,
      secureContext,
      requestCert: required,
      rejectUnauthorized: required,
      ...(alpnProtocols === undefined ? {} : { ALPNProtocols: [...alpnProtocols] }),
    });
    socket.on('keylog', (line: Buffer) => {
      const parsed = parseKeyLogLine(line);
      if (parsed !== undefined) this.#observer.keyLog(parsed);
    });
    socket.on('secure', () => {
      this.#secure = true;
    });
    socket.on('error', (error) => this.#fail(error.message));
    socket.on('close', () => this.#fail('closed'));
    this.#openssl = { wire, socket };
    // Streams begin to flow behind the present call; what is pushed before would come in one go.
    process.nextTick(() => {
      this.#reads = true;
      this.#feedWaiting();
    });
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
    const counting = this.#writeTurns > 0;
    this.#writeTurns = 2;
    if (counting) return;
    const count = (): void => {
      this.#writeTurns -= 1;
      if (this.#writeTurns > 0) setImmediate(count);
      else this.#feedWaiting();
    };
    setImmediate(count);
  }

  /** With the client's Finished OpenSSL is done, and has written its session tickets, before `push` returns. */
  #adoptWhenDone(): void {
    const socket = this.#openssl?.socket;
    if (this.#ended || socket === undefined || !this.#secure || !this.#observer.complete) return;
    const connection: Adopted = {
      state: this.#observer.state(),
      recordsRead: this.#observer.recordsRead,
      recordsWritten: this.#observer.recordsWritten,
      bytesRead: this.#bytesRead,
      resumed: socket.isSessionReused(),
    };
    const required = this.#options.clientCertificate === 'required';
    const problem = required ? peerCertificateProblem(socket) : undefined;
    if (problem !== undefined) {
      this.#refuse(connection, problem.alert);
      this.#fail(problem.reason);
      return;
    }
    this.destroy();
    this.#handler.adopted(connection);
  }

  /** OpenSSL leaves the verdict on the client's certificate to its user, and the alert too. */
  #refuse({ state, recordsWritten }: Adopted, alert: number): void {
    const parts = createWriteState(state, recordsWritten).seal(
      ContentType.alert,
      encodeAlert(AlertLevel.fatal, alert),
    );
    this.#handler.send(Buffer.concat(parts));
    wipeStaticState(state);
  }

  #fail(reason: string, failure: HandshakeFailure = 'refused'): void {
    if (this.#ended) return;
    this.destroy();
    this.#handler.failed(reason, failure);
  }
}
