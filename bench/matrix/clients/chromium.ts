/**
 * Chromium without a window. A page fetches from the server; Chromium is steered over the DevTools protocol, on a
 * pair of pipes.
 */
import { createHash, X509Certificate } from 'node:crypto';
import type { Client, Endpoint, Session } from '../client.js';
import { outputOf } from '../program.js';
import { DevTools } from './devtools.js';

/** In one answer of the page: few round trips, and messages that stay small against the reply. */
const PIECE_BYTES = 256 * 1024;

export const chromium: Client = {
  id: 'chromium',
  noKeyUpdate: 'a page cannot ask Chromium for it',
  describe: async () =>
    (await outputOf('chromium', '--version'))?.replace(/^(Chromium \d+)\S*.*/s, '$1 headless'),
  open: async (endpoint) => {
    const devTools = await DevTools.start('chromium', chromiumArguments(endpoint));
    return new ChromiumSession(devTools, `https://${endpoint.servername}:${endpoint.port}`);
  },
};

function chromiumArguments({ folder, servername, certificate }: Endpoint): readonly string[] {
  return [
    ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
    ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ...['--remote-debugging-pipe', `--user-data-dir=${folder}/profile`],
    `--host-resolver-rules=MAP ${servername} 127.0.0.1`,
    // An empty page fetches from the server: a page of its own would bring requests that nobody asked for (an icon).
    '--disable-web-security',
    // Chromium takes no CA file: a certificate with exactly this key is trusted.
    `--ignore-certificate-errors-spki-list=${publicKeyHash(certificate)}`,
  ];
}

function publicKeyHash(certificatePem: string): string {
  const key = new X509Certificate(certificatePem).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}

class ChromiumSession implements Session {
  readonly #devTools: DevTools;
  readonly #origin: string;

  constructor(devTools: DevTools, origin: string) {
    this.#devTools = devTools;
    this.#origin = origin;
  }

  async *get(target: string): AsyncGenerator<Buffer> {
    const status = await this.#devTools.evaluate(`(async () => {
      const response = await fetch(${JSON.stringify(this.#origin + target)}, { cache: 'no-store' });
      globalThis.reader = response.body.getReader();
      return String(response.status);
    })()`);
    if (status !== '200') throw new Error(`${target} was answered with status ${status}`);
    for (;;) {
      const piece = Buffer.from(await this.#devTools.evaluate(READ_PIECE), 'base64');
      if (piece.length === 0) return;
      yield piece;
    }
  }

  /** Chromium numbers its connections, and tells with each response which one it came on. */
  async finish(): Promise<void> {
    const used = this.#devTools.responses.map(
      ({ url, connectionId }) => `${new URL(url).pathname} on ${connectionId}`,
    );
    const connections = new Set(this.#devTools.responses.map(({ connectionId }) => connectionId));
    if (connections.size !== 1)
      throw new Error(`the replies came on more than one connection: ${used.join(', ')}`);
  }

  destroy(): void {
    this.#devTools.destroy();
  }
}

/** Base64 of the next bytes; empty at the end. */
const READ_PIECE = `(async () => {
  const chunks = [];
  for (let bytes = 0; bytes < ${PIECE_BYTES}; ) {
    const { value, done } = await globalThis.reader.read();
    if (done) break;
    chunks.push(value);
    bytes += value.length;
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer()).toBase64();
})()`;
