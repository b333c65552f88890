/**
 * Asks a server that knows no heartbeats for a sign of life, as balancers do: a connection with a ClientHello on it. Whatever the
 * server says is a sign, an end of the connection too. A process that hangs says nothing, though the system accepts for it.
 */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { encodeLocalProxyHeader } from '../../net/proxy-protocol.js';

export interface HealthCheckOptions {
  /** Where the server listens on 127.0.0.1. */
  readonly port: number;
  /** Whether each connection begins with a PROXY protocol header. */
  readonly proxyProtocol: boolean;
}

export interface HealthCheckHandler {
  /** The server lives. */
  answered(): void;
  /** Nobody listens there any more. */
  refused(): void;
}

export class HealthCheck {
  readonly #options: HealthCheckOptions;
  readonly #handler: HealthCheckHandler;
  #socket: Socket | undefined;

  constructor(options: HealthCheckOptions, handler: HealthCheckHandler) {
    this.#options = options;
    this.#handler = handler;
  }

  /** Asks once more, unless an answer is still awaited: who hangs does not find a queue of questions when it wakes up. */
  ask(): void {
    if (this.#socket !== undefined) return;
    const { port, proxyProtocol } = this.#options;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket = socket;
    if (proxyProtocol) socket.write(encodeLocalProxyHeader());
    socket.write(encodeQuestion());
    socket.on('data', () => this.#settle(socket, true));
    socket.on('end', () => this.#settle(socket, true));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED' && this.#socket === socket) this.#handler.refused();
      // What is not the server's end of the connection is of this machine: no sign of the server.
      this.#settle(socket, code === 'ECONNRESET' || code === 'EPIPE');
    });
  }

  /** No answer counts any more. */
  stop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.resetAndDestroy();
  }

  #settle(socket: Socket, isSign: boolean): void {
    if (this.#socket !== socket) return;
    this.stop();
    if (isSign) this.#handler.answered();
  }
}

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const TLS_1_2 = 0x0303;
/** TLS_NULL_WITH_NULL_NULL: must never be negotiated (RFC 5246, A.5). */
const NO_SUITE = 0x0000;
const RANDOM_BYTES = 32;

/**
 * A ClientHello without extensions (RFC 5246, 7.4.1.2) that offers nothing: a server answers it with an alert
 * (handshake_failure, or protocol_version) before it has signed anything, so that to ask costs it next to nothing.
 */
export function encodeQuestion(): Buffer {
  const body = Buffer.concat([
    uint16(TLS_1_2),
    randomBytes(RANDOM_BYTES),
    // No session; one suite; one compression method, null.
    Buffer.of(0),
    uint16(2),
    uint16(NO_SUITE),
    Buffer.of(1, 0),
  ]);
  const handshake = Buffer.concat([Buffer.of(CLIENT_HELLO, 0), uint16(body.length), body]);
  return Buffer.concat([Buffer.of(HANDSHAKE), uint16(TLS_1_2), uint16(handshake.length), handshake]);
}

function uint16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}
