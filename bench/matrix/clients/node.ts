/** Node's own `node:tls`, which is OpenSSL with Node's handling around it. */
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import type { Client } from '../client.js';
import { type Plaintext, PlaintextSession } from '../plaintext.js';

export const node: Client = {
  id: 'node',
  noKeyUpdate: 'node:tls has no call for it',
  describe: async () => `Node ${process.versions.node} (OpenSSL ${process.versions.openssl})`,
  open: async ({ port, servername, ca, version }) => {
    const protocol = `TLSv${version}` as const;
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername,
      ca,
      minVersion: protocol,
      maxVersion: protocol,
    });
    await once(socket, 'secureConnect');
    return new PlaintextSession(new SocketPlaintext(socket), servername);
  },
};

class SocketPlaintext implements Plaintext {
  readonly #socket: TLSSocket;
  readonly #chunks: AsyncIterator<Buffer>;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    this.#chunks = socket[Symbol.asyncIterator]();
  }

  async read(): Promise<Buffer | undefined> {
    const { value, done } = await this.#chunks.next();
    return done === true ? undefined : value;
  }

  async write(text: string): Promise<void> {
    this.#socket.write(text);
  }

  lastWords(): string {
    return this.#socket.errored?.message ?? 'no error';
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
