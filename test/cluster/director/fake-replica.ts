/** A replica that speaks the trunk by hand, and a director in front of it with raw TCP clients. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createClock } from '../../../src/base/clock.js';
import { Director } from '../../../src/cluster/director/director.js';
import type { DirectorConfig } from '../../../src/cluster/director/director-config.js';
import { ControlType } from '../../../src/net/control-records.js';
import { Trunk } from '../../../src/net/trunk.js';
import { deriveTrunkKey, greetDirector } from '../../../src/net/trunk-greeting.js';
import { RecordDeframer, TLS_STREAM } from '../../../src/tls/deframer.js';
import { listen, until } from '../replica/harness.js';

const TRUNK_KEY = deriveTrunkKey(Buffer.alloc(32, 0x6b));

export interface Received {
  readonly flowId: number;
  readonly type: number;
  readonly flags: number;
  /** Of a control record its body, of a TLS record all of it. */
  readonly bytes: Buffer;
}

export class FakeReplica {
  readonly received: Received[] = [];
  /** The director is gone. */
  closed = false;
  readonly #server: Server;
  #socket: Socket | undefined;
  #trunk: Trunk | undefined;

  constructor() {
    this.#server = createServer((socket) => void this.#accept(socket));
  }

  listen(): Promise<number> {
    return listen(this.#server);
  }

  get trunk(): Trunk {
    if (this.#trunk === undefined) throw new Error('no director has connected');
    return this.#trunk;
  }

  /** What came for a flow, heartbeats and credit left out. */
  of(flowId: number): readonly Received[] {
    return this.received.filter((each) => each.flowId === flowId && each.type !== ControlType.credit);
  }

  /** Bytes of credit that the director gave for a flow. */
  creditOf(flowId: number): number {
    return this.received
      .filter((each) => each.flowId === flowId && each.type === ControlType.credit)
      .reduce((sum, { bytes }) => sum + bytes.readUInt32BE(0), 0);
  }

  /** The first `count` records of a flow, when they are there. */
  async expect(flowId: number, count: number): Promise<readonly Received[]> {
    await until(() => this.of(flowId).length >= count);
    return this.of(flowId);
  }

  /** Sends bytes as they are, behind everything else. */
  async sendRaw(bytes: Buffer): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#socket?.write(bytes);
  }

  /** Ends as a process does: what was handed to the kernel arrives. */
  async die(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#socket?.end();
  }

  stop(): void {
    this.#socket?.destroy();
    this.#server.close();
  }

  async #accept(socket: Socket): Promise<void> {
    this.#socket = socket;
    await greetDirector(socket, TRUNK_KEY);
    this.#trunk = new Trunk(socket, {
      tlsRecord: (flowId, record) =>
        this.received.push({ flowId, type: record[0] ?? 0, flags: 0, bytes: Buffer.from(record) }),
      controlRecord: (flowId, type, flags, body) => {
        if (type !== ControlType.heartbeat) {
          this.received.push({ flowId, type, flags, bytes: Buffer.from(body) });
        }
      },
      batchEnd() {},
      closed: () => {
        this.closed = true;
      },
    });
  }
}

/** A client's TCP connection, with the records that came over it. */
export class FakeClient {
  readonly socket: Socket;
  readonly records: Buffer[] = [];
  ended = false;
  lost = false;

  constructor(port: number) {
    const deframer = new RecordDeframer(TLS_STREAM);
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.socket.on('data', (chunk: Buffer) =>
      deframer.push(chunk, (bytes) => this.records.push(Buffer.from(bytes))),
    );
    this.socket.on('end', () => {
      this.ended = true;
    });
    this.socket.on('error', () => {
      this.lost = true;
    });
    this.socket.on('close', () => {
      this.ended = true;
    });
  }

  send(...records: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(records));
  }
}

export class DirectorBench {
  readonly replicas: FakeReplica[] = [];
  readonly ended: { readonly flowId: number; readonly cause: string }[] = [];
  readonly failures: { readonly replica: number; readonly cause: string }[] = [];
  readonly redirected: number[] = [];
  readonly drained: number[] = [];
  readonly handedOver: { readonly flowId: number; readonly from: number; readonly idle: boolean }[] = [];
  readonly asked: number[] = [];
  readonly resumed: number[] = [];
  readonly opened: number[] = [];
  readonly #clients: FakeClient[] = [];
  #director: Director | undefined;
  #port = 0;

  static async start(count: number, changes: Partial<DirectorConfig> = {}): Promise<DirectorBench> {
    const bench = new DirectorBench();
    await bench.#start(count, changes);
    return bench;
  }

  replica(index: number): FakeReplica {
    const replica = this.replicas[index];
    if (replica === undefined) throw new RangeError(`replica ${index} of ${this.replicas.length}`);
    return replica;
  }

  get director(): Director {
    if (this.#director === undefined) throw new Error('the director has not started');
    return this.#director;
  }

  /** Replica `index` comes back, as a new process. */
  async rejoin(index: number, incarnation: number): Promise<FakeReplica> {
    const replica = new FakeReplica();
    this.replicas[index] = replica;
    await this.director.rejoin({ index, incarnation, trunkPort: await replica.listen() });
    return replica;
  }

  /** A flow on replica 0 with one record each way, all of it committed. */
  async idleFlow(): Promise<{ client: FakeClient; flowId: number }> {
    const flow = await this.client();
    flow.client.send(record(10, 1));
    await this.replica(0).expect(flow.flowId, 2);
    this.replica(0).trunk.sendRecord(flow.flowId, record(20, 2));
    this.replica(0).trunk.sendCommit(flow.flowId, 1, true);
    await until(() => flow.client.records.length === 1);
    return flow;
  }

  /** A client whose flow is open. */
  async client(): Promise<{ client: FakeClient; flowId: number }> {
    const client = new FakeClient(this.#port);
    this.#clients.push(client);
    const before = this.opened.length;
    await until(() => this.opened.length > before || client.ended);
    return { client, flowId: this.opened.at(-1) ?? 0 };
  }

  stop(): void {
    for (const { socket } of this.#clients) socket.destroy();
    this.#director?.stop();
    for (const replica of this.replicas) replica.stop();
  }

  async #start(count: number, changes: Partial<DirectorConfig>): Promise<void> {
    const ports = [];
    for (let index = 0; index < count; index++) {
      const replica = new FakeReplica();
      this.replicas.push(replica);
      ports.push({ index, incarnation: 0, trunkPort: await replica.listen() });
    }
    const config: DirectorConfig = {
      replicas: ports,
      trunkKey: TRUNK_KEY,
      transport: 'kept',
      idleFlows: 'lazy',
      rttMs: 0,
      detector: { intervalMs: 3_600_000, missedLimit: 1 },
      port: 0,
      ...changes,
    };
    this.#director = new Director(
      config,
      {
        flowOpened: ({ id }) => this.opened.push(id),
        replicaFailed: (replica, cause) => this.failures.push({ replica, cause }),
        flowRedirected: ({ id }) => this.redirected.push(id),
        flowResumed: ({ id }) => this.resumed.push(id),
        flowEnded: ({ id }, cause) => this.ended.push({ flowId: id, cause }),
        flowHandedOver: ({ id }, from, idle) => this.handedOver.push({ flowId: id, from, idle }),
        flowAsked: ({ id }) => this.asked.push(id),
        replicaDrained: (index) => this.drained.push(index),
        stateCommitted: () => {},
      },
      createClock(process.hrtime.bigint()),
    );
    this.#port = await this.#director.start();
  }
}

/** A record of application data whose body is `length` bytes, all `fill`. */
export function record(length: number, fill = 0): Buffer {
  const bytes = Buffer.alloc(5 + length, fill);
  bytes.set([23, 3, 3, length >> 8, length & 0xff]);
  return bytes;
}
