/** A client that keeps everything that an attacker would like to have of its connection. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { connectionSecrets } from './connection-secrets.js';
import { SERVERNAME } from './server.js';
import { Tap } from './tap.js';
import { until } from './until.js';

const REPLY_TIMEOUT_MS = 20_000;

export interface TappedClientOptions {
  /** Of the director. */
  readonly port: number;
  readonly tls: '1.3' | '1.2';
}

export class TappedClient {
  readonly #tls: '1.3' | '1.2';
  readonly #tap: Tap;
  readonly #socket: TLSSocket;
  readonly #keyLog: Buffer[] = [];
  #received: Buffer[] = [];
  readonly #plaintext: Record<string, Buffer> = {};

  private constructor(tls: '1.3' | '1.2', tap: Tap) {
    this.#tls = tls;
    this.#tap = tap;
    // The certificate is not what is tested, and a run does not tell which CA it made.
    this.#socket = connect({
      port: tap.port,
      host: '127.0.0.1',
      servername: SERVERNAME,
      rejectUnauthorized: false,
    });
    this.#socket.on('keylog', (line: Buffer) => this.#keyLog.push(Buffer.from(line)));
    this.#socket.on('data', (chunk: Buffer) => this.#received.push(chunk));
    this.#socket.on('error', () => {});
  }

  /** Resolves when the handshake is done. */
  static async open({ port, tls }: TappedClientOptions): Promise<TappedClient> {
    const client = new TappedClient(tls, await Tap.open(port));
    await once(client.#socket, 'secureConnect');
    return client;
  }

  /** Sends a request; nobody else's has what its header and its body hold. */
  send(method: 'GET' | 'POST', target: string, body: Buffer = Buffer.alloc(0)): void {
    const mark = randomBytes(16).toString('hex');
    this.#plaintext[`${method} ${target} header`] = Buffer.from(mark, 'latin1');
    if (body.length > 0) this.#plaintext[`${method} ${target} body`] = body;
    const head = [`${method} ${target} HTTP/1.1`, `Host: ${SERVERNAME}`, `X-Mark: ${mark}`];
    if (method === 'POST') head.push(`Content-Length: ${body.length}`);
    this.#socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), body]));
  }

  /** Waits for the reply to what was sent last, and resolves with its content. */
  async reply(): Promise<Buffer> {
    await until(
      () => this.#content() !== undefined,
      () => `no reply came, ${Buffer.concat(this.#received).length} bytes received`,
      REPLY_TIMEOUT_MS,
    );
    const content = this.#content() ?? Buffer.alloc(0);
    this.#received = [];
    this.#plaintext[`reply ${Object.keys(this.#plaintext).length}`] = content;
    return content;
  }

  /** Keys of every kind, and plaintext of the requests and replies so far. */
  get secrets(): Record<string, Buffer> {
    return { ...this.keys, ...this.plaintext };
  }

  get keys(): Record<string, Buffer> {
    return connectionSecrets(this.#tls, this.#keyLog, this.#tap.fromServer);
  }

  get plaintext(): Record<string, Buffer> {
    return { ...this.#plaintext };
  }

  /** Of the last record that the client sent: no secret, but found wherever the record is. */
  get ciphertext(): Buffer {
    return this.#tap.fromClient.subarray(-16);
  }

  #content(): Buffer | undefined {
    const received = Buffer.concat(this.#received);
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd < 0) return undefined;
    const length = Number(/content-length: (\d+)/i.exec(received.toString('latin1', 0, headEnd))?.[1]);
    const content = received.subarray(headEnd + 4);
    return content.length < length ? undefined : content;
  }

  close(): void {
    this.#socket.destroy();
    this.#tap.close();
  }
}
