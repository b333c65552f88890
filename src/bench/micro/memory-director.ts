/** A director whose clients and replicas are in memory: what it does for records and flows, without system calls. */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../base/clock.js';
import { Director } from '../../cluster/director/director.js';
import type { DirectorObserver } from '../../cluster/director/director-observer.js';
import { DEFAULT_DETECTOR_OPTIONS } from '../../cluster/director/failure-detector.js';
import { Trunk, type TrunkHandler } from '../../net/trunk.js';
import { MemorySocket } from './memory-socket.js';
import { nextTurn } from './step.js';

const REPLICAS = 2;
const NO_OBSERVER: DirectorObserver = {
  flowOpened() {},
  replicaFailed() {},
  flowRedirected() {},
  flowResumed() {},
  flowEnded() {},
  flowHandedOver() {},
  flowAsked() {},
  replicaDrained() {},
  stateCommitted() {},
};
const QUIET: TrunkHandler = { tlsRecord() {}, controlRecord() {}, batchEnd() {}, closed() {} };

/** What a replica gets and says. */
export interface MemoryReplica {
  /** The director's end of the trunk. */
  readonly socket: MemorySocket;
  /** Bytes that the director has sent to the replica. */
  readonly received: Buffer[];
}

export class MemoryDirector {
  readonly replicas: readonly MemoryReplica[];
  readonly clients: readonly MemorySocket[];
  readonly #director: Director;

  /** Flows have the ids 1 to `clients`. They are open when {@link settle} is done. */
  constructor(clients: number, clock: Clock) {
    this.#director = new Director(
      {
        replicas: [],
        trunkKey: randomBytes(32),
        transport: 'kept',
        idleFlows: 'lazy',
        rttMs: 0,
        detector: DEFAULT_DETECTOR_OPTIONS,
        port: 0,
      },
      NO_OBSERVER,
      clock,
    );
    this.replicas = Array.from({ length: REPLICAS }, (_, index) => this.#attach(index));
    this.clients = Array.from({ length: clients }, (_, index) => {
      const socket = new MemorySocket(index + 1);
      this.#director.accept(socket);
      return socket;
    });
  }

  /** Until sockets flow, and what was sent has left. */
  async settle(): Promise<void> {
    await nextTurn();
    await nextTurn();
  }

  /** Replica 0 has failed. */
  fail(): void {
    this.#director.fence(0, 'micro');
  }

  close(): void {
    this.#director.stop();
    for (const { socket } of this.replicas) socket.destroy();
  }

  #attach(index: number): MemoryReplica {
    const socket = new MemorySocket();
    const received: Buffer[] = [];
    socket.sink = (chunk) => received.push(chunk);
    this.#director.attach({ index, incarnation: 0 }, socket);
    return { socket, received };
  }
}

/** The bytes of a trunk that `write` fills. */
export async function trunkBytes(write: (trunk: Trunk) => void): Promise<Buffer> {
  const socket = new MemorySocket();
  const chunks: Buffer[] = [];
  socket.sink = (chunk) => chunks.push(Buffer.from(chunk));
  write(new Trunk(socket, QUIET));
  await nextTurn();
  socket.destroy();
  return Buffer.concat(chunks);
}

/** Hands what is in `bytes` to `handler`, as the other end of a trunk would. */
export async function readTrunk(bytes: Buffer, handler: Partial<TrunkHandler>): Promise<void> {
  const socket = new MemorySocket();
  const trunk = new Trunk(socket, { ...QUIET, ...handler });
  await nextTurn();
  socket.deliver(bytes);
  await nextTurn();
  trunk.fence('read');
}
