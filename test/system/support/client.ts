/** A well-behaved client: one connection, one request after the other, every byte checked. */
import { readFileSync } from 'node:fs';
import { Agent, type RequestOptions, request } from 'node:https';
import { replyContent, replyTarget } from './replies.js';
import { SERVERNAME, type ServeProcess } from './server.js';

/** Long against a reply on a busy machine. */
const REPLY_TIMEOUT_MS = 20_000;

export class Client {
  readonly #agent: Agent;
  readonly #options: RequestOptions;
  readonly #ports = new Set<number | undefined>();
  #requests = 0;

  constructor({ port, caPath }: Pick<ServeProcess, 'port' | 'caPath'>) {
    const tls = { ca: readFileSync(caPath), servername: SERVERNAME };
    this.#agent = new Agent({ keepAlive: true, maxSockets: 1, ...tls });
    this.#options = { host: '127.0.0.1', port, agent: this.#agent, timeout: REPLY_TIMEOUT_MS };
  }

  /** How many connections it needed so far. */
  get connections(): number {
    return this.#ports.size;
  }

  /** Asks for `bytes` bytes. Rejects when the reply is not right to the last byte. */
  async check(bytes: number): Promise<void> {
    const id = `9-${this.#requests++}`;
    const content = await this.#get(replyTarget(id, bytes));
    if (!content.equals(replyContent(id, bytes))) throw new Error(`the reply to ${id} is wrong`);
  }

  close(): void {
    this.#agent.destroy();
  }

  #get(path: string): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const sent = request({ ...this.#options, path }, (response) => {
        const chunks: Buffer[] = [];
        this.#ports.add(response.socket.localPort);
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(Buffer.concat(chunks)));
        response.on('error', reject);
      });
      sent.on('timeout', () => sent.destroy(new Error(`no reply to ${path} in ${REPLY_TIMEOUT_MS} ms`)));
      sent.on('error', reject);
      sent.end();
    });
  }
}
