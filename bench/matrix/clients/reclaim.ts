/** `@reclaimprotocol/tls`: TLS in TypeScript over WebCrypto. It counts its records, so that a lost one would show. */
import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import type { Client, Endpoint, Session } from '../client.js';
import { type Plaintext, PlaintextSession } from '../plaintext.js';

const PACKAGE = '@reclaimprotocol/tls';

export const reclaim: Client = {
  id: 'reclaim',
  describe: async () => {
    try {
      const manifest = new URL('../package.json', import.meta.resolve(PACKAGE));
      const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
      return `${PACKAGE} ${version}`;
    } catch {
      return undefined;
    }
  },
  open: openSession,
};

async function openSession(endpoint: Endpoint): Promise<Session> {
  const plaintext = await ReclaimPlaintext.connect(endpoint);
  return Object.assign(new PlaintextSession(plaintext, endpoint.servername), {
    updateKeys: () => plaintext.updateKeys(),
  });
}

type TlsClient = ReturnType<typeof import('@reclaimprotocol/tls')['makeTLSClient']>;

class ReclaimPlaintext implements Plaintext {
  readonly #socket: Socket;
  readonly #tls: TlsClient;
  readonly #ciphertext: AsyncIterator<Buffer>;
  readonly #content: Buffer[] = [];
  #error: Error | undefined;

  private constructor(
    endpoint: Endpoint,
    library: typeof import('@reclaimprotocol/tls'),
    onHandshake: () => void,
  ) {
    const suppressed = (): void => {};
    this.#socket = connect({ host: '127.0.0.1', port: endpoint.port });
    this.#ciphertext = this.#socket[Symbol.asyncIterator]();
    this.#tls = library.makeTLSClient({
      host: endpoint.servername,
      rootCAs: [library.loadX509FromPem(endpoint.ca)],
      supportedProtocolVersions: [endpoint.version === '1.3' ? 'TLS1_3' : 'TLS1_2'],
      logger: { info: suppressed, debug: suppressed, trace: suppressed, warn: suppressed, error: suppressed },
      write: ({ header, content }) => {
        this.#socket.write(Buffer.concat([header, content]));
      },
      onHandshake,
      onApplicationData: (content) => this.#content.push(Buffer.from(content)),
      onTlsEnd: (error) => {
        this.#error = error;
        this.#socket.destroy();
      },
    });
  }

  static async connect(endpoint: Endpoint): Promise<ReclaimPlaintext> {
    const library = await import('@reclaimprotocol/tls');
    const { webcryptoCrypto } = await import('@reclaimprotocol/tls/webcrypto');
    library.setCryptoImplementation(webcryptoCrypto);
    let isReady = false;
    const plaintext = new ReclaimPlaintext(endpoint, library, () => {
      isReady = true;
    });
    await plaintext.#tls.startHandshake();
    while (!isReady) {
      if (!(await plaintext.#receive())) throw new Error(`no handshake: ${plaintext.lastWords()}`);
    }
    return plaintext;
  }

  async read(): Promise<Buffer | undefined> {
    while (this.#content.length === 0) if (!(await this.#receive())) return undefined;
    return this.#content.shift();
  }

  async write(text: string): Promise<void> {
    await this.#tls.write(Buffer.from(text));
  }

  updateKeys(): Promise<void> {
    return this.#tls.updateTrafficKeys(true);
  }

  lastWords(): string {
    const counts = this.#tls.getKeys();
    const error = this.#error?.message ?? 'no error';
    if (counts === undefined) return error;
    return `${error}, ${counts.recordSendCount} records sent and ${counts.recordRecvCount} received under the current keys`;
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Whether there was something to receive. */
  async #receive(): Promise<boolean> {
    const { value, done } = await this.#ciphertext.next();
    if (done === true) return false;
    await this.#tls.handleReceivedBytes(value);
    return true;
  }
}
