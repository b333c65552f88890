/** A WebSocket client of the library on an unmodified TLS client. */
import { connect } from 'node:tls';
import { WebSocket } from 'ws';
import { encodeRequestMessage, parseReplyMessage } from '../../../src/base/request-message.js';
import { seededContent } from '../../../src/bench/load-protocol/seeded-content.js';
import type { SeededBytes } from '../../../src/contracts/workload.js';
import type { CipherSuite } from '../../../src/tls/cipher-suites.js';
import { IDENTITY } from './harness.js';

/** As the workload asks for it. */
const REQUEST_BYTES = 64;

export class MessageClient {
  readonly socket: WebSocket;
  /** What every message said of itself, in order: `0-3 2/5`. */
  readonly labels: string[] = [];
  /** Contents of the messages, put together by request. */
  readonly contents = new Map<string, Buffer>();
  /** Status with which the connection was closed, or what became of it. */
  lost: string | undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (message: Buffer) => this.#receive(message));
    socket.on('error', (error) => (this.lost ??= error.message));
    socket.on('close', (code) => (this.lost ??= String(code)));
  }

  /** Begins to connect. */
  static async open(port: number, { version, opensslName }: CipherSuite): Promise<MessageClient> {
    const { caPem } = await IDENTITY;
    const tlsVersion = `TLSv${version}` as const;
    return new MessageClient(
      new WebSocket('wss://localhost/', {
        perMessageDeflate: false,
        createConnection: () =>
          connect({
            port,
            host: '127.0.0.1',
            servername: 'localhost',
            ca: caPem,
            minVersion: tlsVersion,
            maxVersion: tlsVersion,
            ciphers: opensslName,
          }),
      }),
    );
  }

  /** Resolves when the connection can be used; false when it was lost before. */
  async opened(): Promise<boolean> {
    await this.until(() => this.socket.readyState === WebSocket.OPEN);
    return this.lost === undefined;
  }

  /** Resolves when `condition` holds, or the connection is lost. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition() && this.lost === undefined) await new Promise((resolve) => setImmediate(resolve));
  }

  destroy(): void {
    this.socket.terminate();
  }

  #receive(message: Buffer): void {
    const reply = parseReplyMessage(message);
    if (reply === undefined) throw new Error(`not a reply: ${message.subarray(0, 40).toString('latin1')}`);
    const { id, part, parts, content } = reply;
    this.labels.push(`${id} ${part}/${parts}`);
    this.contents.set(id, Buffer.concat([this.contents.get(id) ?? Buffer.alloc(0), content]));
  }
}

/** A message that is answered by `count` messages of `bytes` each, one every `everyMs`. */
export function ask(id: string, bodies: SeededBytes, count = 1, everyMs = 0, bytes = 100): Buffer {
  const target = `/messages?count=${count}&bytes=${bytes}&every-ms=${everyMs}`;
  const content = seededContent(`request:${id}`, REQUEST_BYTES, bodies);
  return encodeRequestMessage({ id, target, content });
}

/** What the replies to a message must say of themselves. */
export function replyLabels(id: string, count = 1): string[] {
  return Array.from({ length: count }, (_, index) => `${id} ${index + 1}/${count}`);
}
