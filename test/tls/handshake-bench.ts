/** A real client and a handshake under test, in memory. */
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { type ConnectionOptions, connect, type SecureContext, type TLSSocket } from 'node:tls';
import { expect } from 'vitest';
import {
  type Adopted,
  HANDSHAKE_TIMEOUT_MS,
  type HandshakeFailure,
  ServerHandshake,
} from '../../src/tls/adoption.js';
import type { CipherSuite } from '../../src/tls/cipher-suites.js';
import { RecordDeframer, TLS_STREAM } from '../../src/tls/deframer.js';
import { ContentType } from '../../src/tls/record.js';
import { RecordLayer } from '../../src/tls/record-layer.js';
import type { RecordReshaper } from './record-reshaper.js';

export function versionOptions({ version, opensslName }: CipherSuite) {
  return { minVersion: `TLSv${version}`, maxVersion: `TLSv${version}`, ciphers: opensslName } as const;
}

export interface HandshakeOptions {
  readonly client?: ConnectionOptions;
  /** Sent as soon as the client can. */
  readonly early?: string;
  /** What becomes of the `index`th record of the client on its way. */
  readonly change?: (record: Buffer, index: number) => readonly Buffer[];
  /** Cuts the client's records anew. */
  readonly reshaper?: RecordReshaper;
  readonly clientCertificate?: 'none' | 'required';
  readonly alpnProtocols?: readonly string[];
  readonly timeoutMs?: number;
  /** Lets other handshakes run between two records. */
  readonly interleaved?: boolean;
}

/** One handshake, with every record that went between them. */
export class Handshake {
  readonly fromClient: Buffer[] = [];
  readonly fromServer: Buffer[] = [];
  readonly client: TLSSocket;
  readonly server: ServerHandshake;
  readonly outcome: Promise<Adopted | string>;
  /** Errors of the client: alerts of the server are among them. */
  readonly clientErrors: string[] = [];
  failure: HandshakeFailure | undefined;
  readonly #reshaper: RecordReshaper | undefined;
  readonly #wire: Duplex;
  #text = '';
  #settled = false;

  constructor(suite: CipherSuite, context: SecureContext, options: HandshakeOptions = {}) {
    const deframer = new RecordDeframer(TLS_STREAM);
    this.#wire = new Duplex({
      read() {},
      write: (chunk: Buffer, _encoding, callback) => {
        deframer.push(Buffer.from(chunk), (record) => this.#fromClient(record, options));
        if (options.interleaved === true) setImmediate(callback);
        else callback();
      },
    });
    this.#reshaper = options.reshaper;
    let settle: (outcome: Adopted | string) => void = () => {};
    this.outcome = new Promise((resolve) => {
      settle = (outcome) => {
        if (this.#settled) throw new Error(`a second outcome: ${JSON.stringify(outcome)}`);
        this.#settled = true;
        resolve(outcome);
      };
    });
    const { clientCertificate = 'none', alpnProtocols, timeoutMs = HANDSHAKE_TIMEOUT_MS } = options;
    this.server = new ServerHandshake(
      { secureContext: context, clientCertificate, alpnProtocols, timeoutMs },
      {
        send: (record) => this.toClient(record),
        adopted: settle,
        failed: (reason, failure) => {
          this.failure = failure;
          settle(reason);
        },
      },
    );
    this.client = connect({
      socket: this.#wire,
      rejectUnauthorized: false,
      ...versionOptions(suite),
      ...options.client,
    });
    this.client.on('error', (error: NodeJS.ErrnoException) =>
      this.clientErrors.push(error.code ?? error.message),
    );
    this.client.on('keylog', (line: Buffer) => this.#reshaper?.keyLog(line));
    this.client.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('latin1');
    });
    if (options.early !== undefined) this.client.write(options.early);
  }

  async adopted(): Promise<Adopted> {
    const outcome = await this.outcome;
    if (typeof outcome === 'string') throw new Error(`the handshake failed: ${outcome}`);
    return outcome;
  }

  toClient(record: Buffer): void {
    this.fromServer.push(record);
    this.#reshaper?.serverRecord(record);
    this.#wire.push(record);
  }

  async clientReads(text: string): Promise<void> {
    while (this.#text !== text) await once(this.client, 'data');
  }

  async untilClientFails(): Promise<void> {
    while (this.clientErrors.length === 0) await new Promise((resolve) => setImmediate(resolve));
  }

  destroy(): void {
    this.client.destroy();
    this.server.destroy();
  }

  #fromClient(record: Buffer, { change, interleaved }: HandshakeOptions): void {
    const index = this.fromClient.length;
    const sent = change?.(record, index) ?? this.#reshaper?.clientRecord(record) ?? [record];
    for (const each of sent) {
      this.fromClient.push(each);
      if (interleaved === true) setImmediate(() => this.server.push(each));
      else this.server.push(each);
    }
  }
}

/** One text each way with the record layer: only right keys and right numbers make that work. */
export async function expectLive(handshake: Handshake, adopted: Adopted): Promise<void> {
  const { state, recordsRead, recordsWritten } = adopted;
  const records = new RecordLayer({ state, recordsRead, recordsWritten, prefix: Buffer.alloc(0) });
  handshake.client.write('ping');
  await new Promise((resolve) => setImmediate(resolve));
  const opened = handshake.fromClient.slice(recordsRead).map((record) => records.open(record));
  expect(Buffer.concat(opened.map(({ content }) => content)).toString()).toBe('ping');
  handshake.toClient(Buffer.concat(records.seal(ContentType.application_data, Buffer.from('pong'))));
  await handshake.clientReads('pong');
}
