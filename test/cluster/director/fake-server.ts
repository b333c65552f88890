/** Servers that know no trunk, and a director in front of them. */
import { createServer, type Server, type Socket } from 'node:net';
import { createClock } from '../../../src/base/clock.js';
import { Director } from '../../../src/cluster/director/director.js';
import type { DirectorObserver } from '../../../src/cluster/director/director-observer.js';
import type { DetectorOptions } from '../../../src/cluster/director/failure-detector.js';
import { freePort } from '../../../src/net/free-port.js';
import { RecordDeframer, TLS_STREAM } from '../../../src/tls/deframer.js';
import { listen, until } from '../replica/harness.js';
import { FakeClient } from './fake-replica.js';

/** No test takes as long: nobody is asked for a sign of life. */
const NEVER: DetectorOptions = { intervalMs: 600_000, missedLimit: 1 };

/** handshake_failure (RFC 5246, 7.2). */
export const ALERT = Buffer.of(21, 3, 3, 0, 2, 2, 40);

export class Accepted {
  readonly records: Buffer[] = [];
  bytes: Buffer = Buffer.alloc(0);
  ended = false;
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      if (this.bytes.length < 1000) this.bytes = Buffer.concat([this.bytes, chunk]);
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', () => {});
  }

  collect(): void {
    const deframer = new RecordDeframer(TLS_STREAM);
    this.socket.on('data', (chunk: Buffer) =>
      deframer.push(chunk, (each) => this.records.push(Buffer.from(each))),
    );
  }
}

export class FakeServer {
  readonly accepted: Accepted[] = [];
  readonly #server: Server;
  #paused = false;
  #answers = false;

  constructor(collects: boolean) {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      const accepted = new Accepted(socket);
      if (collects) accepted.collect();
      if (this.#paused) socket.pause();
      if (this.#answers) this.#answerTo(accepted);
      this.accepted.push(accepted);
    });
  }

  /** On a port that nobody is given who asks for any: it is to refuse connections when this one has closed. */
  async listen(): Promise<number> {
    return listen(this.#server, await freePort());
  }

  /** From now on each connection that begins with a ClientHello gets an alert, and its end. */
  answer(): void {
    this.#answers = true;
    for (const accepted of this.accepted) this.#answerTo(accepted);
  }

  #answerTo({ socket }: Accepted): void {
    socket.on('data', (chunk: Buffer) => {
      if (chunk[0] === 22) socket.end(ALERT);
    });
  }

  pauseAll(): void {
    this.#paused = true;
  }

  async connection(index: number): Promise<Accepted> {
    await until(() => this.accepted.length > index);
    const found = this.accepted[index];
    if (found === undefined) throw new RangeError(`connection ${index}`);
    return found;
  }

  /** From now on connections are refused; those that there are go on. */
  close(): void {
    this.#server.close();
  }

  stop(): void {
    for (const { socket } of this.accepted) socket.destroy();
    this.close();
  }
}

export class Bench {
  readonly servers: FakeServer[] = [];
  readonly failures: { readonly replica: number; readonly cause: string }[] = [];
  readonly drained: number[] = [];
  readonly ended: string[] = [];
  readonly clients: FakeClient[] = [];
  port = 0;
  opened = 0;
  #director: Director | undefined;

  static async start(count: number, proxyProtocol = false, detector = NEVER): Promise<Bench> {
    const bench = new Bench();
    const replicas = [];
    for (let index = 0; index < count; index++) {
      const server = new FakeServer(!proxyProtocol);
      bench.servers.push(server);
      replicas.push({ index, incarnation: 0, trunkPort: await server.listen() });
    }
    const observer: DirectorObserver = {
      flowOpened: () => {
        bench.opened += 1;
      },
      replicaFailed: (replica, cause) => bench.failures.push({ replica, cause }),
      flowRedirected() {},
      flowResumed() {},
      flowEnded: (_flow, cause) => bench.ended.push(cause),
      flowHandedOver() {},
      flowAsked() {},
      replicaDrained: (replica) => bench.drained.push(replica),
      stateCommitted() {},
    };
    bench.#director = new Director(
      {
        replicas,
        trunkKey: Buffer.alloc(32),
        transport: 'reconnected',
        idleFlows: 'eager',
        rttMs: 0,
        detector,
        port: 0,
        external: { proxyProtocol },
      },
      observer,
      createClock(process.hrtime.bigint()),
    );
    bench.port = await bench.#director.start();
    return bench;
  }

  get director(): Director {
    if (this.#director === undefined) throw new Error('the director has not started');
    return this.#director;
  }

  server(index: number): FakeServer {
    const server = this.servers[index];
    if (server === undefined) throw new RangeError(`server ${index}`);
    return server;
  }

  /** The connection of a server on which a record of these bytes came first: others only ask for a sign of life. */
  async flow(index: number, fill: number): Promise<Accepted> {
    const found = () =>
      this.server(index).accepted.find(({ records: [first] }) => first?.[0] === 23 && first[5] === fill);
    await until(() => found() !== undefined);
    const accepted = found();
    if (accepted === undefined) throw new RangeError(`no flow with ${fill} at server ${index}`);
    return accepted;
  }

  client(): FakeClient {
    const client = new FakeClient(this.port);
    this.clients.push(client);
    return client;
  }

  stop(): void {
    for (const { socket } of this.clients) socket.destroy();
    this.#director?.stop();
    for (const server of this.servers) server.stop();
  }
}

/** Resolves when a length has stayed the same, above or at zero, over some turns of the event loop. */
export async function stalled(length: () => number): Promise<void> {
  for (let last = -1, same = 0; same < 20; ) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    same = length() === last ? same + 1 : 0;
    last = length();
  }
}
