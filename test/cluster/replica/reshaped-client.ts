/** A real client whose records are cut anew on their way to the director, and sent in segments of any length. */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import type { CipherSuite } from '../../../src/tls/cipher-suites.js';
import { RecordDeframer, TLS_STREAM } from '../../../src/tls/deframer.js';
import { RecordReshaper, type Shape } from '../../tls/record-reshaper.js';
import { TestClient } from './test-client.js';

const NOTHING = Buffer.alloc(0);

export interface ReshapedOptions {
  readonly shape: Shape;
  /** Lengths of the TCP segments, over and over; as they come when absent. */
  readonly segments?: readonly number[];
  /** Finished waits for the first application data, and leaves in one segment with it. */
  readonly joined?: boolean;
  readonly tls?: ConnectionOptions;
}

class ReshapingWire extends Duplex {
  readonly reshaper: RecordReshaper;
  readonly #tcp: Socket;
  readonly #segments: readonly number[];
  /** What waits to leave with what comes next. */
  readonly #joining: Buffer[] = [];
  readonly #joined: boolean;
  /** The client has sent something behind its Finished. */
  #speaks = false;
  readonly #fromClient = new RecordDeframer(TLS_STREAM);
  readonly #fromServer = new RecordDeframer(TLS_STREAM);
  #turn = 0;

  constructor(tcp: Socket, { shape, segments = [], joined = false }: ReshapedOptions) {
    super();
    this.reshaper = new RecordReshaper(shape);
    this.#tcp = tcp;
    this.#segments = segments;
    this.#joined = joined;
    tcp.setNoDelay(true);
    tcp.on('data', (chunk: Buffer) => this.#receive(chunk));
    tcp.on('end', () => this.push(null));
    tcp.on('error', (error) => this.destroy(error));
  }

  override _read(): void {}

  override async _write(chunk: Buffer, _encoding: string, done: () => void): Promise<void> {
    const records: Buffer[] = [];
    this.#fromClient.push(Buffer.from(chunk), (record) => {
      this.#speaks ||= this.reshaper.finished;
      records.push(...this.reshaper.clientRecord(record));
    });
    for (const segment of this.#cut(this.#join(records))) {
      this.#tcp.write(segment);
      // A write of its own; what the kernel makes of it is its own affair.
      if (this.#segments.length > 0) await new Promise((resolve) => setImmediate(resolve));
    }
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#tcp.destroy();
    done(error);
  }

  #receive(chunk: Buffer): void {
    this.#fromServer.push(Buffer.from(chunk), (record) => {
      this.reshaper.serverRecord(record);
      this.push(record);
    });
  }

  /** What may leave now: with `joined`, Finished only together with what comes behind it. */
  #join(records: readonly Buffer[]): Buffer {
    this.#joining.push(...records);
    if (this.#joined && this.reshaper.finished && !this.#speaks) return NOTHING;
    return Buffer.concat(this.#joining.splice(0));
  }

  #cut(bytes: Buffer): readonly Buffer[] {
    if (this.#segments.length === 0) return bytes.length === 0 ? [] : [bytes];
    const segments: Buffer[] = [];
    for (let at = 0; at < bytes.length; this.#turn++) {
      const end = at + (this.#segments[this.#turn % this.#segments.length] ?? 1);
      segments.push(bytes.subarray(at, end));
      at = end;
    }
    return segments;
  }
}

export async function openReshaped(
  port: number,
  suite: CipherSuite,
  options: ReshapedOptions,
): Promise<TestClient> {
  const tcp = connectTcp(port, '127.0.0.1');
  await once(tcp, 'connect');
  const wire = new ReshapingWire(tcp, options);
  const client = await TestClient.over(wire, suite, options.tls);
  client.socket.on('keylog', (line: Buffer) => wire.reshaper.keyLog(line));
  return client;
}
