/** One TCP connection of the load client with TLS on it, from `connect` to its end. */
import type { ConnectOpts } from 'node:net';
import { type ConnectionOptions, connect, type SecureContext, type TLSSocket } from 'node:tls';
import type { Clock } from '../base/clock.js';
import type { OpenTransportRow } from './load-recorder.js';

export interface TransportTarget {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly servername: string;
  readonly secureContext: SecureContext;
  /** Application protocols to offer (RFC 7301), the best one first; undefined to say nothing. */
  readonly alpnProtocols: readonly string[] | undefined;
  /** A session to offer for resumption. */
  readonly session: Buffer | undefined;
  /** What is received is put here. All transports share it: each chunk is dealt with before the next one is read. */
  readonly readBuffer: Buffer;
}

export interface TransportHandler {
  /** The handshake is done and the certificate verified. */
  secure(): void;
  /** The server issued a session that can be resumed. */
  session(session: Buffer): void;
  /** @param chunk valid during the call */
  data(chunk: Buffer): void;
  /** The transport has ended; once, and nothing comes after it. Not called after {@link LoadTransport.close}. */
  lost(): void;
}

export class LoadTransport {
  readonly #socket: TLSSocket;
  readonly #row: OpenTransportRow;
  readonly #clock: Clock;
  readonly #handler: TransportHandler;
  #ended = false;

  /** @param row filled in as the transport proceeds; `resumed` is what the server really did */
  constructor(target: TransportTarget, row: OpenTransportRow, clock: Clock, handler: TransportHandler) {
    this.#row = row;
    this.#clock = clock;
    this.#handler = handler;
    const options: ConnectionOptions & Pick<ConnectOpts, 'onread'> = {
      host: '127.0.0.1',
      port: target.port,
      servername: target.servername,
      secureContext: target.secureContext,
      // Said aloud: an environment variable can change the default.
      rejectUnauthorized: true,
      // Not `data` events: a stream in between, and a buffer for each record, are a tenth of the cost of a small reply.
      onread: {
        buffer: target.readBuffer,
        callback: (length) => this.#onRead(target.readBuffer.subarray(0, length)),
      },
      ...(target.session === undefined ? {} : { session: target.session }),
      ...(target.alpnProtocols === undefined ? {} : { ALPNProtocols: [...target.alpnProtocols] }),
    };
    this.#socket = connect(options);
    this.#listen();
  }

  /** @param written called when they have been taken; not when the transport ends before */
  write(bytes: Buffer, written?: () => void): void {
    if (written === undefined) this.#socket.write(bytes);
    else {
      this.#socket.write(bytes, (error) => {
        if (error == null && !this.#ended) written();
      });
    }
  }

  /** Ends the transport as lost, by the client's own decision. */
  drop(cause: string): void {
    this.#end(cause);
  }

  /** Ends the transport because the trial is over: it lived to the end. */
  close(): void {
    this.#ended = true;
    this.#socket.destroy();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.setNoDelay(true);
    socket.on('connect', () => {
      this.#row.connectedMs = this.#clock();
      this.#row.localPort = socket.localPort ?? null;
    });
    socket.on('secureConnect', () => {
      if (this.#ended) return;
      this.#row.secureMs = this.#clock();
      this.#row.resumed = socket.isSessionReused();
      this.#handler.secure();
    });
    socket.on('session', (session: Buffer) => {
      if (!this.#ended) this.#handler.session(session);
    });
    socket.on('error', (error) => this.#end(describeCause(error)));
    socket.on('end', () => this.#end('end'));
    socket.on('close', () => this.#end('closed'));
  }

  /** @returns whether to go on reading */
  #onRead(chunk: Buffer): boolean {
    if (this.#ended) return false;
    this.#row.answered = true;
    this.#handler.data(chunk);
    return true;
  }

  #end(cause: string): void {
    // The first of error, end and close is the cause, the others follow from it.
    if (this.#ended) return;
    this.#ended = true;
    this.#row.endedMs = this.#clock();
    this.#row.cause = cause;
    this.#socket.destroy();
    this.#handler.lost();
  }
}

/** OpenSSL's `reason` is the text of an alert; everything else has a code such as ECONNRESET. */
function describeCause(error: Error & { reason?: string; code?: string }): string {
  // A failed check of the certificate's names has a reason too, a whole sentence.
  if (error.code?.startsWith('ERR_SSL_') && error.reason !== undefined) return error.reason;
  return error.code ?? error.message;
}
