/** HTTP/1.1 over a client that offers no more than a pipe into its TLS connection. */
import type { Session } from './client.js';

/** A TLS connection seen from above: plaintext in, plaintext out. */
export interface Plaintext {
  /** The next bytes from the server, or undefined when there will be none. */
  read(): Promise<Buffer | undefined>;
  write(text: string): Promise<void>;
  /** What it has to say about its end. */
  lastWords(): string;
  destroy(): void;
}

const END_OF_HEAD = '\r\n\r\n';
/** Notes that a client prints about itself come before a reply, not in it. */
const START_OF_REPLY = 'HTTP/1.1 ';
const NOTHING = Buffer.alloc(0);

/** One request after the other over one connection. */
export class PlaintextSession implements Session {
  readonly #plaintext: Plaintext;
  readonly #servername: string;
  /** Read, and not yet part of a reply. */
  #carry: Buffer = NOTHING;

  constructor(plaintext: Plaintext, servername: string) {
    this.#plaintext = plaintext;
    this.#servername = servername;
  }

  async *get(target: string): AsyncGenerator<Buffer> {
    await this.#plaintext.write(`GET ${target} HTTP/1.1\r\nHost: ${this.#servername}\r\n\r\n`);
    let left = await this.#readHead(target);
    while (left > 0) {
      const bytes = this.#carry.length > 0 ? this.#carry : await this.#read(`${left} bytes of ${target}`);
      const content = bytes.subarray(0, left);
      this.#carry = bytes.subarray(content.length);
      left -= content.length;
      yield content;
    }
  }

  destroy(): void {
    this.#plaintext.destroy();
  }

  /** Returns the length of the content. */
  async #readHead(target: string): Promise<number> {
    for (;;) {
      const text = this.#carry.toString('latin1');
      const start = text.indexOf(START_OF_REPLY);
      const end = start < 0 ? -1 : text.indexOf(END_OF_HEAD, start);
      if (end >= 0) {
        this.#carry = this.#carry.subarray(end + END_OF_HEAD.length);
        return contentLength(text.slice(start, end), target);
      }
      this.#carry = Buffer.concat([this.#carry, await this.#read(`the reply to ${target}`)]);
    }
  }

  async #read(wanted: string): Promise<Buffer> {
    const bytes = await this.#plaintext.read();
    if (bytes !== undefined) return bytes;
    throw new Error(`the connection ended before ${wanted}: ${this.#plaintext.lastWords()}`);
  }
}

function contentLength(head: string, target: string): number {
  const [statusLine = ''] = head.split('\r\n');
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (statusLine !== 'HTTP/1.1 200 OK' || length === undefined)
    throw new Error(`${target} was answered with ${JSON.stringify(head)}`);
  return Number(length);
}
