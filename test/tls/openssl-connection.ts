/** A real TLS connection of two OpenSSL ends in memory, with every record that went over it and its traffic secrets. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { CipherSuite } from '../../src/tls/cipher-suites.js';
import { RecordDeframer, TLS_STREAM } from '../../src/tls/deframer.js';
import { type KeyLogLine, parseKeyLogLine } from '../../src/tls/key-log.js';
import { deriveKeyBlock } from '../../src/tls/key-schedule-12.js';
import { type DirectionKeys, deriveTrafficKeys } from '../../src/tls/key-schedule-13.js';
import { ContentType, recordType } from '../../src/tls/record.js';
import { ReadState } from '../../src/tls/record-protection.js';
import type { StaticState } from '../../src/tls/static-state.js';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A self-signed certificate, made by the `openssl` command. */
export function selfSigned(authentication: 'ecdsa' | 'rsa'): Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'spr-bench-'));
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const algorithm =
    authentication === 'rsa' ? ['rsa:2048'] : ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  try {
    const subject = ['-subj', '/CN=localhost', '-days', '2'];
    const args = [
      'req',
      '-x509',
      '-nodes',
      '-newkey',
      ...algorithm,
      ...subject,
      '-keyout',
      key,
      '-out',
      cert,
    ];
    execFileSync('openssl', args, { stdio: 'pipe' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** One end of a connection in memory. What it sends is kept, cut into records. */
class PipeEnd extends Duplex {
  readonly sent: Buffer[] = [];
  peer: PipeEnd | undefined;
  readonly #deframer = new RecordDeframer(TLS_STREAM);

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#deframer.push(Buffer.from(chunk), (record) => this.sent.push(record));
    this.peer?.push(chunk);
    done();
  }
}

/** Bytes that arrived at one end, and a way to wait for them. */
class Received {
  #bytes = Buffer.alloc(0);
  readonly #socket: tls.TLSSocket;

  constructor(socket: tls.TLSSocket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
    });
  }

  /** The next `length` bytes, as soon as they are there. */
  async take(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) await once(this.#socket, 'data');
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }
}

export class OpensslConnection {
  readonly #suite: CipherSuite;
  readonly #clientEnd = new PipeEnd();
  readonly #serverEnd = new PipeEnd();
  readonly #keyLog = new Map<string, KeyLogLine>();
  readonly #client: tls.TLSSocket;
  readonly #server: tls.TLSSocket;
  readonly #atClient: Received;
  readonly #atServer: Received;

  constructor(suite: CipherSuite, certificate: Certificate) {
    this.#suite = suite;
    this.#clientEnd.peer = this.#serverEnd;
    this.#serverEnd.peer = this.#clientEnd;
    const version = suite.version === '1.3' ? 'TLSv1.3' : 'TLSv1.2';
    const options = { minVersion: version, maxVersion: version, ciphers: suite.opensslName } as const;
    const secureContext = tls.createSecureContext({ ...certificate, ...options });
    this.#server = new tls.TLSSocket(this.#serverEnd, { isServer: true, secureContext });
    this.#client = tls.connect({ socket: this.#clientEnd, rejectUnauthorized: false, ...options });
    this.#client.on('keylog', (line: Buffer) => this.#keepSecret(line));
    this.#atClient = new Received(this.#client);
    this.#atServer = new Received(this.#server);
  }

  get clientRecords(): readonly Buffer[] {
    return this.#clientEnd.sent;
  }

  get serverRecords(): readonly Buffer[] {
    return this.#serverEnd.sent;
  }

  /** Sends one text each way, so that both directions are in their application epoch. */
  async exchange(fromClient: string, fromServer: string): Promise<void> {
    await once(this.#client, 'secureConnect');
    this.#client.write(fromClient);
    await this.#atServer.take(fromClient.length);
    this.#server.write(fromServer);
    await this.#atClient.take(fromServer.length);
  }

  /** From now on the server hears nothing: the test plays its part. */
  detachServer(): void {
    this.#clientEnd.peer = undefined;
  }

  /** Gives the client a record; `contentBytes` bytes must come out of it. */
  async deliver(record: Buffer, contentBytes: number): Promise<Buffer> {
    this.#clientEnd.push(record);
    return this.#atClient.take(contentBytes);
  }

  /** Lets the client send a text. Returns the records that it made. */
  async clientSends(text: string): Promise<Buffer[]> {
    const before = this.#clientEnd.sent.length;
    await new Promise<void>((resolve) => this.#client.write(text, () => resolve()));
    return this.#clientEnd.sent.slice(before);
  }

  secret(label: string): Buffer {
    const line = this.#keyLog.get(label);
    if (line === undefined) throw new Error(`no ${label} in the key log: ${[...this.#keyLog.keys()]}`);
    return line.secret;
  }

  /** The static state, with bases found by looking at the records. */
  staticState(): StaticState {
    return this.#suite.version === '1.3' ? this.#staticState13() : this.#staticState12();
  }

  destroy(): void {
    this.#client.destroy();
    this.#server.destroy();
  }

  #keepSecret(line: Buffer): void {
    const parsed = parseKeyLogLine(line);
    if (parsed !== undefined) this.#keyLog.set(parsed.label, parsed);
  }

  #staticState13(): StaticState {
    const client = this.secret('CLIENT_TRAFFIC_SECRET_0');
    const server = this.secret('SERVER_TRAFFIC_SECRET_0');
    const suite = this.#suite;
    return {
      suite,
      epoch: 0,
      readBase: this.#firstOpened(this.clientRecords, deriveTrafficKeys(suite, client)),
      writeBase: this.#firstOpened(this.serverRecords, deriveTrafficKeys(suite, server)),
      secrets: { kind: 'tls13', client, server },
    };
  }

  /** Index of the first record that is protected with `keys`. */
  #firstOpened(records: readonly Buffer[], keys: DirectionKeys): number {
    return records.findIndex((record) => {
      try {
        new ReadState(this.#suite, keys).open(record);
        return true;
      } catch {
        return false;
      }
    });
  }

  #staticState12(): StaticState {
    const line = this.#keyLog.get('CLIENT_RANDOM');
    const serverHello = this.serverRecords[0];
    if (line === undefined || serverHello === undefined) throw new Error('no handshake was seen');
    // Record header (5), handshake header (4), version (2).
    const serverRandom = serverHello.subarray(5 + 4 + 2, 5 + 4 + 2 + 32);
    const isChange = (record: Buffer) => recordType(record) === ContentType.change_cipher_spec;
    return {
      suite: this.#suite,
      epoch: 0,
      readBase: this.clientRecords.findIndex(isChange) + 1,
      writeBase: this.serverRecords.findIndex(isChange) + 1,
      secrets: {
        kind: 'tls12',
        keyBlock: deriveKeyBlock(this.#suite, line.secret, line.clientRandom, serverRandom),
      },
    };
  }
}
