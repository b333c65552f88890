/** A running cluster: one director and its replicas, each a process of its own, started and ended together. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { RecoveryStrategy } from '../contracts/strategy.js';
import { type ChildChannel, type ChildExit, spawnChild } from '../net/message-channel.js';
import type { Identity } from './certificates.js';
import type { Placement } from './director/director.js';
import { DEFAULT_DETECTOR_OPTIONS, type DetectorOptions } from './director/failure-detector.js';
import type {
  DirectorCommand,
  DirectorEvent,
  DirectorReport,
  Peer,
  ReplicaCommand,
  ReplicaEvent,
  ReplicaReport,
} from './messages.js';
import { processEntry } from './process-entry.js';
import type { Engine } from './replica/replica.js';
import { CLUSTER_KEY_BYTES } from './replication/sealed-channel.js';

/** Starting a process takes 50 ms on an idle machine; one with many busy processes may take seconds. */
const START_TIMEOUT_MS = 20_000;
const REPORT_TIMEOUT_MS = 10_000;
/** Of `tls.Server`: 16 bytes name, 16 bytes HMAC key, 16 bytes AES key. */
const TICKET_KEYS_BYTES = 48;

export interface ClusterOptions {
  readonly clockStartNs: bigint;
  readonly replicas: number;
  readonly strategy: RecoveryStrategy;
  /** Registry id or module of the strategy and the workload: each replica loads them itself. */
  readonly strategySpecifier: string;
  readonly workloadSpecifier: string;
  readonly seed: number;
  readonly engine: Engine;
  readonly tls: { readonly version: '1.3' | '1.2'; readonly ciphers: string };
  readonly identity: Identity;
  readonly rttMs: number;
  /** Folder for the ledgers; it must exist. */
  readonly folder: string;
  /** Port of the director; 0 for any. */
  readonly port: number;
  readonly detector?: DetectorOptions;
  /** Called when the director has detected a failure. */
  readonly onReplicaFailed?: (replica: number, cause: string, atMs: number) => void;
}

type ReplicaChannel = ChildChannel<ReplicaCommand, ReplicaEvent>;
type DirectorChannel = ChildChannel<DirectorCommand, DirectorEvent>;

export class Cluster {
  readonly ledgerPaths: readonly string[];
  readonly #replicas: readonly ReplicaChannel[];
  readonly #director: DirectorChannel;
  #port = 0;

  private constructor(replicas: readonly ReplicaChannel[], director: DirectorChannel, folder: string) {
    this.#replicas = replicas;
    this.#director = director;
    this.ledgerPaths = replicas.map((_, index) => join(folder, `ledger-${index}.log`));
  }

  /** Starts all processes and resolves when the director listens. What was started is ended if anything fails. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const replicas: ReplicaChannel[] = [];
    for (let index = 0; index < options.replicas; index++) {
      replicas.push(spawnChild({ module: processEntry('replica'), name: `replica ${index}` }));
    }
    const director: DirectorChannel = spawnChild({ module: processEntry('director'), name: 'director' });
    const cluster = new Cluster(replicas, director, options.folder);
    try {
      await cluster.#start(options);
    } catch (error) {
      await cluster.end();
      throw error;
    }
    return cluster;
  }

  /** Port of the director on 127.0.0.1. */
  get port(): number {
    return this.#port;
  }

  get directorPid(): number {
    return this.#director.pid;
  }

  get replicaPids(): readonly number[] {
    return this.#replicas.map(({ pid }) => pid);
  }

  /** Resolves when the director is gone. */
  get directorExited(): Promise<ChildExit> {
    return this.#director.exited;
  }

  replicaExited(index: number): Promise<ChildExit> {
    return this.#replica(index).exited;
  }

  signalReplica(index: number, signal: NodeJS.Signals): void {
    this.#replica(index).kill(signal);
  }

  async place(placement: Placement): Promise<void> {
    this.#director.send({ kind: 'place', placement });
    await this.#director.expect('placed', REPORT_TIMEOUT_MS);
  }

  /** Forgets what the replicas recorded so far. */
  async resetReplicas(): Promise<void> {
    await Promise.all(
      this.#replicas.map(async (replica) => {
        replica.send({ kind: 'reset' });
        await replica.expect('was-reset', REPORT_TIMEOUT_MS);
      }),
    );
  }

  async collectDirector(): Promise<DirectorReport> {
    this.#director.send({ kind: 'collect' });
    return (await this.#director.expect('report', REPORT_TIMEOUT_MS)).report;
  }

  async collectReplica(index: number): Promise<ReplicaReport> {
    const replica = this.#replica(index);
    replica.send({ kind: 'collect' });
    return (await replica.expect('report', REPORT_TIMEOUT_MS)).report;
  }

  /** Ends all processes, whatever state they are in. */
  async end(): Promise<void> {
    await Promise.all([this.#director.end(), ...this.#replicas.map((replica) => replica.end())]);
  }

  async #start(options: ClusterOptions): Promise<void> {
    const ports = await this.#startReplicas(options);
    this.#director.on('replica-failed', ({ replica, cause, atMs }) =>
      options.onReplicaFailed?.(replica, cause, atMs),
    );
    this.#director.send({
      kind: 'start',
      start: {
        clockStartNs: options.clockStartNs,
        replicas: ports.map(({ index, trunkPort }) => ({ index, trunkPort })),
        transport: options.strategy.expects.transport,
        idleFlows: options.strategy.backup?.idleFlows ?? 'eager',
        rttMs: options.rttMs,
        detector: options.detector ?? DEFAULT_DETECTOR_OPTIONS,
        port: options.port,
      },
    });
    this.#port = (await this.#director.expect('ready', START_TIMEOUT_MS)).port;
  }

  async #startReplicas(options: ClusterOptions): Promise<(Peer & { trunkPort: number })[]> {
    const clusterKey = randomBytes(CLUSTER_KEY_BYTES);
    const ticketKeys = options.strategy.sharesTicketKeys ? randomBytes(TICKET_KEYS_BYTES) : undefined;
    const { certificatePem, privateKeyPem } = options.identity;
    const ports = this.#replicas.map(async (replica, index) => {
      replica.send({
        kind: 'start',
        config: {
          index,
          clockStartNs: options.clockStartNs,
          strategy: options.strategySpecifier,
          workload: options.workloadSpecifier,
          engine: options.engine,
          seed: options.seed,
          tls: options.tls,
          identity: { certificatePem, privateKeyPem },
          ticketKeys,
          clusterKey,
          ledgerPath: this.ledgerPaths[index] ?? '',
          heartbeatIntervalMs: (options.detector ?? DEFAULT_DETECTOR_OPTIONS).intervalMs,
        },
      });
      const { trunkPort, linkPort } = await replica.expect('listening', START_TIMEOUT_MS);
      return { index, trunkPort, linkPort };
    });
    const peers = await Promise.all(ports);
    // Nothing is replicated where transports are not kept: no links either.
    if (options.strategy.primary !== undefined) await this.#connectReplicas(peers);
    return peers;
  }

  async #connectReplicas(peers: readonly Peer[]): Promise<void> {
    await Promise.all(
      this.#replicas.map(async (replica) => {
        replica.send({ kind: 'connect', peers });
        await replica.expect('connected', START_TIMEOUT_MS);
      }),
    );
  }

  #replica(index: number): ReplicaChannel {
    const replica = this.#replicas[index];
    if (replica === undefined) throw new RangeError(`replica ${index} of ${this.#replicas.length}`);
    return replica;
  }
}
