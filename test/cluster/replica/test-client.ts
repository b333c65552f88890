/** An unmodified TLS client that speaks HTTP/1.1 and checks what it gets. */
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { HttpMessageReader } from '../../../src/http/message-reader.js';
import type { CipherSuite } from '../../../src/tls/cipher-suites.js';
import { IDENTITY } from './harness.js';

export interface Reply {
  readonly status: number;
  readonly content: Buffer;
}

/** What came of a request: a reply, or the loss of the connection. */
export type Result = Reply | 'lost';

export class TestClient {
  readonly socket: TLSSocket;
  #replies: Reply[] = [];
  #lost = false;
  #changed: () => void = () => {};

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    const lose = (): void => {
      this.#lost = true;
      this.#changed();
    };
    socket.on('error', lose);
    socket.on('close', lose);
    this.#readReplies();
  }

  /** Begins to connect; requests wait for the handshake. */
  static async open(port: number, suite: CipherSuite, session?: Buffer): Promise<TestClient> {
    return TestClient.#connect(suite, { port, host: '127.0.0.1', ...(session && { session }) });
  }

  /** As {@link open}, on a transport that there is already. */
  static async over(
    transport: Duplex,
    suite: CipherSuite,
    options: ConnectionOptions = {},
  ): Promise<TestClient> {
    return TestClient.#connect(suite, { socket: transport, ...options });
  }

  static async #connect(suite: CipherSuite, options: ConnectionOptions): Promise<TestClient> {
    const { caPem } = await IDENTITY;
    const version = `TLSv${suite.version}` as const;
    return new TestClient(
      connect({
        servername: 'localhost',
        ca: caPem,
        minVersion: version,
        maxVersion: version,
        ciphers: suite.opensslName,
        ...options,
      }),
    );
  }

  /** Resolves when the handshake is done; false when the connection was lost before. */
  async secure(): Promise<boolean> {
    if (this.#lost) return false;
    await Promise.race([once(this.socket, 'secureConnect'), once(this.socket, 'close')]).catch(() => {});
    return !this.#lost;
  }

  send(request: string | Buffer): void {
    this.socket.write(request);
  }

  /** The next reply, in order. */
  async reply(): Promise<Result> {
    for (;;) {
      const reply = this.#replies.shift();
      if (reply !== undefined) return reply;
      if (this.#lost) return 'lost';
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  exchange(request: string | Buffer): Promise<Result> {
    this.send(request);
    return this.reply();
  }

  destroy(): void {
    this.socket.destroy();
  }

  #readReplies(): void {
    let content: Buffer[] = [];
    let status = 0;
    const reader = new HttpMessageReader('response', {
      head: (head) => {
        status = head.status;
        content = [];
      },
      content: (bytes) => content.push(Buffer.from(bytes)),
      end: () => {
        this.#replies.push({ status, content: Buffer.concat(content) });
        this.#changed();
      },
    });
    this.socket.on('data', (chunk: Buffer) => reader.push(chunk));
  }
}

export function get(id: string, bytes: number): string {
  return `GET /reply/${id}?bytes=${bytes} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
}

export function post(id: string, bytes: number, body: Buffer): Buffer {
  const head = `POST /reply/${id}?bytes=${bytes} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}
