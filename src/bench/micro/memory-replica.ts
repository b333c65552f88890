/**
 * A replica that takes over connections that never were, on a trunk in memory. State reaches it over a replication link
 * on loopback, outside of what is measured.
 */
import { randomBytes } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { spr } from '../../../strategies/spr.js';
import { requestReply } from '../../../workloads/request-reply.js';
import type { Clock } from '../../base/clock.js';
import { createSeededBytes } from '../../base/seeded-bytes.js';
import { HttpApplication } from '../../cluster/replica/http-application.js';
import { Replica } from '../../cluster/replica/replica.js';
import { OutgoingLink } from '../../cluster/replication/link.js';
import { CLUSTER_KEY_BYTES } from '../../cluster/replication/sealed-channel.js';
import { encodeStateMessage } from '../../cluster/replication/state-message.js';
import { ControlType, encodeTake } from '../../net/control-records.js';
import { Trunk } from '../../net/trunk.js';
import type { CipherSuite } from '../../tls/cipher-suites.js';
import { mirrored, randomState } from '../../tls/random-state.js';
import { ContentType } from '../../tls/record.js';
import type { ReadState, WriteState } from '../../tls/record-protection.js';
import {
  createReadState,
  createWriteState,
  type StaticState,
  serializeStaticState,
} from '../../tls/static-state.js';
import { MemorySocket } from './memory-socket.js';
import { must, nextTurn } from './step.js';

const PRIMARY = 0;
const BACKUP = 1;
/** Of the primary that the flows are taken from: no link of it is open, so that none is waited for. */
const DEAD_INCARNATION = 1;
/** Nobody listens for them. */
const HEARTBEAT_INTERVAL_MS = 60_000;
const CREDIT_BYTES = 256 * 1024;
const START = { recordsRead: 0, recordsWritten: 0 } as const;
const NOTHING = Buffer.alloc(0);
/** Any: replies are made from it. */
const SEED = 1;

/** As the load client asks in the workload `request-reply`. */
const TARGET = '/reply/0-0?bytes=128';
const REQUEST = Buffer.from(`GET ${TARGET} HTTP/1.1\r\nHost: spr-bench\r\n\r\n`, 'latin1');

/** A flow from the side of its client, and the record of its next request. */
export interface MemoryFlow {
  readonly id: number;
  readonly state: StaticState;
  readonly write: WriteState;
  readonly read: ReadState;
}

export class MemoryReplica {
  readonly #replica: Replica;
  readonly #clusterKey: Buffer;
  readonly #suite: CipherSuite;
  /** The replica's end of the trunk, and the director's. */
  readonly #atReplica = new MemorySocket();
  readonly #atDirector = new MemorySocket();
  readonly #trunk: Trunk;
  #link: OutgoingLink | undefined;
  #lastFlowId = 0;
  #takenOver = 0;
  #replies: { readonly flowId: number; readonly record: Buffer }[] = [];
  #outgoing: Buffer[] = [];

  constructor(suite: CipherSuite, clock: Clock) {
    this.#suite = suite;
    this.#clusterKey = randomBytes(CLUSTER_KEY_BYTES);
    const application = requestReply.application(createSeededBytes(SEED));
    this.#replica = new Replica(
      {
        index: BACKUP,
        incarnation: 0,
        strategy: spr,
        engine: 'adopted',
        secureContext: createSecureContext(),
        application: new HttpApplication(application, { record() {} }),
        clusterKey: this.#clusterKey,
        heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
      },
      {
        handshake() {},
        takenOver: () => {
          this.#takenOver += 1;
        },
        refused() {},
      },
      clock,
    );
    this.#atReplica.sink = (chunk) => this.#atDirector.deliver(chunk);
    this.#atDirector.sink = (chunk) => this.#outgoing.push(chunk);
    this.#trunk = new Trunk(this.#atDirector, {
      tlsRecord: (flowId, record) => this.#replies.push({ flowId, record: Buffer.from(record) }),
      controlRecord() {},
      batchEnd() {},
      closed() {},
    });
    this.#replica.attach(this.#atReplica);
  }

  /** Opens the replication link. */
  async start(): Promise<void> {
    const { linkPort } = await this.#replica.listen();
    const ends = { peer: BACKUP, self: PRIMARY, incarnation: 0, port: linkPort };
    this.#link = await OutgoingLink.connect({ ...ends, clusterKey: this.#clusterKey });
  }

  /** Flows whose state the replica has. Resolves when it has acknowledged it. */
  async replicate(count: number): Promise<MemoryFlow[]> {
    const link = this.#link;
    if (link === undefined) throw new Error('the replica is not started');
    let counter = 0;
    const flows = Array.from({ length: count }, () => {
      const flow = this.#createFlow();
      const secrets = { established: START, state: serializeStaticState(flow.state) };
      counter = link.replicate(flow.id, 0, encodeStateMessage({ secrets }));
      return flow;
    });
    await acknowledged(link, counter);
    return flows;
  }

  /** The bytes with which the director gives `flows` to the replica, each with so many requests in its journal. */
  takes(flows: readonly MemoryFlow[], requests: 0 | 1): Promise<Buffer> {
    return this.#trunkBytes(() => {
      for (const flow of flows) {
        this.#trunk.sendControl(flow.id, ControlType.take, takeOf(requests));
        if (requests === 1) this.#trunk.sendRecord(flow.id, sealedRequest(flow));
      }
    });
  }

  /** The bytes of one request of each flow. */
  requests(flows: readonly MemoryFlow[]): Promise<Buffer> {
    return this.#trunkBytes(() => {
      for (const flow of flows) this.#trunk.sendRecord(flow.id, sealedRequest(flow));
    });
  }

  /** Hands `bytes` to the replica and waits until it has taken over `takeovers` flows, and sent `replies` records. */
  async exchange(
    bytes: Buffer,
    { replies, takeovers = 0 }: { readonly replies: number; readonly takeovers?: number },
  ): Promise<readonly { flowId: number; record: Buffer }[]> {
    this.#replies = [];
    this.#takenOver = 0;
    this.#atReplica.deliver(bytes);
    await turnsUntil(() => this.#takenOver >= takeovers && this.#replies.length >= replies, 'answer');
    return this.#replies;
  }

  /** Flows that it has taken over since the last exchange began. */
  get takenOver(): number {
    return this.#takenOver;
  }

  /** Flows that it serves. */
  get serves(): number {
    return this.#replica.holdings.serves;
  }

  /** The clients of `flows` are gone; resolves when the replica has forgotten them. */
  async end(flows: readonly MemoryFlow[]): Promise<void> {
    const bytes = await this.#trunkBytes(() => {
      for (const { id } of flows) this.#trunk.sendEnd(id, 'client-reset');
    });
    const left = this.serves - flows.length;
    this.#atReplica.deliver(bytes);
    await turnsUntil(() => this.serves <= left, 'forget its flows');
  }

  close(): void {
    this.#link?.end();
    this.#replica.stop();
    this.#atDirector.destroy();
  }

  #createFlow(): MemoryFlow {
    this.#lastFlowId += 1;
    const state = randomState(this.#suite);
    const client = mirrored(state);
    return {
      id: this.#lastFlowId,
      state,
      write: createWriteState(client, 0),
      read: createReadState(client, 0),
    };
  }

  async #trunkBytes(write: () => void): Promise<Buffer> {
    this.#outgoing = [];
    write();
    await nextTurn();
    return Buffer.concat(this.#outgoing);
  }
}

/** What is in memory takes a few turns; so many, and nothing will come any more. */
const MAX_TURNS = 10_000;

async function turnsUntil(done: () => boolean, what: string): Promise<void> {
  for (let turn = 0; !done(); turn++) {
    must(turn < MAX_TURNS, `the replica does not ${what}`);
    await nextTurn();
  }
}

function acknowledged(link: OutgoingLink, counter: number): Promise<void> {
  return new Promise((resolve) => {
    const waiter = {
      acknowledged(upTo: number): void {
        if (upTo < counter) return;
        link.stopWaiting(waiter);
        resolve();
      },
    };
    link.wait(waiter);
  });
}

function takeOf(received: number): Buffer {
  return encodeTake({
    clientAddress: '127.0.0.1',
    clientPort: 1,
    backup: undefined,
    from: PRIMARY,
    fromIncarnation: DEAD_INCARNATION,
    commit: START,
    delivered: START.recordsWritten,
    received,
    creditBytes: CREDIT_BYTES,
    sealedState: undefined,
    deliveredEntries: NOTHING,
  });
}

function sealedRequest({ write }: MemoryFlow): Buffer {
  return Buffer.concat(write.seal(ContentType.application_data, REQUEST));
}
