/**
 * A TLS client and a server in one process, on wires in memory, that take turns: while one works the other has nothing
 * to do, so that the time of a turn is the cost of the side whose turn it is.
 */
import { Duplex } from 'node:stream';
import { type ConnectionOptions, connect, type SecureContext, TLSSocket } from 'node:tls';
import { type Adopted, HANDSHAKE_TIMEOUT_MS, ServerHandshake } from '../../tls/adoption.js';
import { RecordDeframer, TLS_STREAM } from '../../tls/deframer.js';
import { must, nextTurn, type Stopwatch } from './step.js';

/** Turns without output after which a side has said all that it will: node tells OpenSSL of finished writes in one more. */
const QUIET_TURNS = 3;
/** A full TLS 1.2 handshake takes five changes of turns. */
const MAX_CHANGES = 12;

/** One end of a wire: what is written waits for the turn of the other side. */
export class TurnWire extends Duplex {
  #written: Buffer[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // A copy: OpenSSL's buffer is used again.
    this.#written.push(Buffer.from(chunk));
    done();
  }

  /** What was written since it was last asked for. */
  takeWritten(): Buffer {
    const bytes = Buffer.concat(this.#written);
    this.#written = [];
    return bytes;
  }

  /** Until nothing more is written. */
  settle(): Promise<void> {
    return settled(() => this.#written.length);
  }
}

/** Resolves when what `written` counts has not grown for some turns. */
async function settled(written: () => number): Promise<void> {
  let before = written();
  for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
    await nextTurn();
    if (written() === before) continue;
    before = written();
    quiet = 0;
  }
}

/** A side of the handshake. */
export interface Side {
  /** Hands over what the other side wrote, and resolves when all that follows from it is done. */
  turn(bytes: Buffer): Promise<void>;
  /** What this side has written since. */
  takeWritten(): Buffer;
  destroy(): void;
}

export interface ServerSide extends Side {
  readonly done: boolean;
  readonly resumed: boolean;
}

/** Plain node:tls. */
export class NativeServer implements ServerSide {
  readonly socket: TLSSocket;
  readonly #wire = new TurnWire();
  #secure = false;

  constructor(secureContext: SecureContext) {
    this.socket = new TLSSocket(this.#wire, { isServer: true, secureContext });
    this.socket.on('secure', () => {
      this.#secure = true;
    });
    this.socket.on('error', () => {});
  }

  get done(): boolean {
    return this.#secure;
  }

  get resumed(): boolean {
    return this.socket.isSessionReused();
  }

  async turn(bytes: Buffer): Promise<void> {
    this.#wire.push(bytes);
    await this.#wire.settle();
  }

  takeWritten(): Buffer {
    return this.#wire.takeWritten();
  }

  destroy(): void {
    this.socket.destroy();
    this.#wire.destroy();
  }
}

/** As the replicas do it: by OpenSSL, and then adopted. */
export class AdoptingServer implements ServerSide {
  adopted: Adopted | undefined;
  readonly #handshake: ServerHandshake;
  readonly #deframer = new RecordDeframer(TLS_STREAM);
  #written: Buffer[] = [];

  constructor(secureContext: SecureContext) {
    const options = { secureContext, clientCertificate: 'none', timeoutMs: HANDSHAKE_TIMEOUT_MS } as const;
    this.#handshake = new ServerHandshake(options, {
      send: (record) => this.#written.push(record),
      adopted: (connection) => {
        this.adopted = connection;
      },
      failed: () => {},
    });
  }

  get done(): boolean {
    return this.adopted !== undefined;
  }

  get resumed(): boolean {
    return this.adopted?.resumed === true;
  }

  async turn(bytes: Buffer): Promise<void> {
    this.#deframer.push(bytes, (record) => this.#handshake.push(Buffer.from(record)));
    await settled(() => this.#written.length);
  }

  takeWritten(): Buffer {
    const bytes = Buffer.concat(this.#written);
    this.#written = [];
    return bytes;
  }

  destroy(): void {
    this.#handshake.destroy();
  }
}

export class Client implements Side {
  readonly socket: TLSSocket;
  readonly #wire = new TurnWire();
  #session: Buffer | undefined;
  #secure = false;

  constructor(options: ConnectionOptions) {
    this.socket = connect({ ...options, socket: this.#wire });
    this.socket.on('session', (session: Buffer) => {
      this.#session = session;
    });
    this.socket.on('secureConnect', () => {
      this.#secure = true;
    });
    this.socket.on('error', () => {});
  }

  get done(): boolean {
    return this.#secure && this.socket.authorized;
  }

  /** From the last ticket, if any has come. */
  get session(): Buffer | undefined {
    return this.#session;
  }

  async turn(bytes: Buffer): Promise<void> {
    if (bytes.length > 0) this.#wire.push(bytes);
    await this.#wire.settle();
  }

  takeWritten(): Buffer {
    return this.#wire.takeWritten();
  }

  destroy(): void {
    this.socket.destroy();
    this.#wire.destroy();
  }
}

export interface HandshakeOptions<S extends ServerSide> {
  readonly server: () => S;
  readonly client: ConnectionOptions;
  /** Whose time counts. */
  readonly clientWatch?: Stopwatch | undefined;
  readonly serverWatch?: Stopwatch | undefined;
}

/**
 * Makes one handshake, tickets included. The caller destroys both sides.
 * @throws Error when the two do not come to an end
 */
export async function handshake<S extends ServerSide>(
  options: HandshakeOptions<S>,
): Promise<{ readonly client: Client; readonly server: S }> {
  const { clientWatch, serverWatch } = options;
  const client = await timed(clientWatch, async () => {
    const side = new Client(options.client);
    await side.turn(Buffer.alloc(0));
    return side;
  });
  const server = await timed(serverWatch, async () => options.server());
  for (let change = 0; change < MAX_CHANGES; change++) {
    const toServer = client.takeWritten();
    if (toServer.length > 0) await timed(serverWatch, () => server.turn(toServer));
    const toClient = server.takeWritten();
    if (toClient.length > 0) await timed(clientWatch, () => client.turn(toClient));
    if (toServer.length === 0 && toClient.length === 0) break;
  }
  must(client.done && server.done, 'a handshake in memory does not come to an end');
  return { client, server };
}

async function timed<T>(stopwatch: Stopwatch | undefined, work: () => Promise<T>): Promise<T> {
  stopwatch?.start();
  try {
    return await work();
  } finally {
    stopwatch?.stop();
  }
}
