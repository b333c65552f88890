/** A TCP connection that sends whatever a test wants, and keeps what comes back. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { until } from './until.js';

const TIMEOUT_MS = 20_000;

export class RawConnection {
  readonly socket: Socket;
  readonly #received: Buffer[] = [];
  #closed = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => this.#received.push(chunk));
    // A reset is an answer too.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
    });
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  send(bytes: Buffer | string): void {
    this.socket.write(bytes);
  }

  /** Waits until the other side has closed the connection. */
  async untilClosed(): Promise<void> {
    await until(
      () => this.#closed,
      () => `the connection is still open, ${this.received.length} bytes received`,
      TIMEOUT_MS,
    );
  }
}
