/** A running cluster: one director and its replicas, each a process of its own. Replicas that died can be started again. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessMemory } from '../base/process-memory.js';
import type { RecoveryStrategy } from '../contracts/strategy.js';
import type { ChildChannel, ChildExit } from '../net/message-channel.js';
import { deriveTrunkKey } from '../net/trunk-greeting.js';
import { HANDSHAKE_TIMEOUT_MS } from '../tls/adoption.js';
import type { Identity } from './certificates.js';
import type { ReplicaAddress } from './director/director-config.js';
import { DEFAULT_DETECTOR_OPTIONS, type DetectorOptions } from './director/failure-detector.js';
import { type LinkShape, longestRoundTripMs } from './director/link-direction.js';
import type { Placement } from './director/placement.js';
import type { ReplicaStatus } from './director/replica-status.js';
import { ExternalServers, type ExternalServersOptions } from './external/external-servers.js';
import { ExternalReplicaChannel, type ReplicaChannel } from './external/replica-channel.js';
import type {
  DirectorCommand,
  DirectorEvent,
  DirectorReport,
  Peer,
  ReplicaHoldings,
  ReplicaReport,
} from './messages.js';
import { countExecutions } from './replica/ledger.js';
import type { Engine } from './replica/replica-options.js';
import { CLUSTER_KEY_BYTES } from './replication/sealed-channel.js';
import { spawnDirector, spawnReplica } from './spawn.js';

/** Starting a process takes 50 ms on an idle machine; one with many busy processes may take seconds. */
const START_TIMEOUT_MS = 20_000;
const REPORT_TIMEOUT_MS = 10_000;
/** The state of a thousand flows takes some 10 ms to arrive where it has to be. */
const PROTECTED_POLL_MS = 20;
/** State that has not arrived by then never will. */
const PROTECTED_TIMEOUT_MS = 10_000;
/** More flows than one director sees; some 40 directors one after the other have ids of their own. */
const FLOW_IDS_PER_DIRECTOR = 100_000_000;
/** Of TCP one, of TLS 1.2 two, of TLS 1.3 one, or two after a HelloRetryRequest; and one to spare. */
const HANDSHAKE_ROUND_TRIPS = 4;
/** Of `tls.Server`: 16 bytes name, 16 bytes HMAC key, 16 bytes AES key. */
const TICKET_KEYS_BYTES = 48;

/** The shape is that of the path between clients and director. */
export interface ClusterOptions extends LinkShape {
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
  /** Folder for the ledgers; it must exist. */
  readonly folder: string;
  /** Port of the director; 0 for any. */
  readonly port: number;
  readonly detector?: DetectorOptions;
  /** Whether a takeover begins with a new key, or with nonces of its own. */
  readonly rekey?: boolean;
  /** Whether every nonce that leaves towards clients is recorded, in {@link Cluster.noncePath}. */
  readonly audit?: boolean;
  /** Where the keys of the cluster come from; the system's random source when absent. */
  readonly randomBytes?: (size: number) => Buffer;
  /** Servers of the user's in the place of replicas: they serve strategies that reconnect, with whatever engine. */
  readonly external?: ExternalServersOptions;
  /** Called when the director has detected a failure. */
  readonly onReplicaFailed?: (replica: number, cause: string, atMs: number) => void;
}

type DirectorChannel = ChildChannel<DirectorCommand, DirectorEvent>;

/** What all replicas share, those that come back included. */
interface ClusterKeys {
  readonly clusterKey: Buffer;
  readonly ticketKeys: Uint8Array | undefined;
}

/** Where one process of a replica listens, for the director and for its peers. */
type Listening = ReplicaAddress & Peer;

/** What everybody recorded in some time. */
export interface ClusterRecords {
  readonly director: DirectorReport;
  /** Of the replicas that live, in their order. */
  readonly replicas: readonly ReplicaReport[];
  /** How often each request was executed in that time, by replicas that have died since included. */
  readonly executions: ReadonlyMap<string, number>;
}

/** By process. */
export interface OfProcesses<T> {
  readonly director: T;
  /** By index. */
  readonly replicas: readonly T[];
}

/** Resident memory, bytes. */
export type ClusterMemory = OfProcesses<number>;

export class Cluster {
  readonly #options: ClusterOptions;
  readonly #keys: ClusterKeys;
  readonly #replicas: ReplicaChannel[];
  readonly #listening: Listening[] = [];
  #director: DirectorChannel;
  /** Directors before this one. */
  #directorsBefore = 0;
  #ledgerPaths: readonly string[];
  #ledgerGeneration = 0;
  readonly #drainedReports: ReplicaReport[] = [];
  #externalServers: ExternalServers | undefined;
  #port = 0;

  private constructor(options: ClusterOptions) {
    const random = options.randomBytes ?? randomBytes;
    this.#options = options;
    this.#keys = {
      clusterKey: random(CLUSTER_KEY_BYTES),
      ticketKeys: options.strategy.sharesTicketKeys ? random(TICKET_KEYS_BYTES) : undefined,
    };
    this.#replicas = Array.from({ length: options.replicas }, (_, index) => this.#spawnReplica(index));
    this.#director = spawnDirector();
    this.#ledgerPaths = this.#nextLedgerPaths();
  }

  /** Starts all processes and resolves when the director listens. What was started is ended if anything fails. */
  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options);
    try {
      await cluster.#start();
    } catch (error) {
      await cluster.end();
      throw error;
    }
    return cluster;
  }

  /** Rows for `auditNonces`, complete after {@link collectDirector}; undefined when nonces are not audited. */
  get noncePath(): string | undefined {
    return this.#options.audit === true ? join(this.#options.folder, 'nonces.bin') : undefined;
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

  /** Ledgers that are being written, by index of the replica. */
  get ledgerPaths(): readonly string[] {
    return this.#ledgerPaths;
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
    await this.#ask({ kind: 'place', placement }, 'placed');
  }

  /** Forgets what the replicas recorded so far, once all connections have ended, or after `withinMs`. */
  async resetReplicas(withinMs: number): Promise<void> {
    await Promise.all(
      this.#replicas.map(async (replica) => {
        replica.send({ kind: 'reset', withinMs });
        await replica.expect('was-reset', withinMs + REPORT_TIMEOUT_MS);
      }),
    );
  }

  /** What each process takes of the memory of the machine right now, as it says itself. */
  async residentMemory(): Promise<ClusterMemory> {
    const replicas = this.#replicas.map(async (replica) => {
      replica.send({ kind: 'memory' });
      return (await replica.expect('memory', REPORT_TIMEOUT_MS)).residentBytes;
    });
    const director = this.#ask({ kind: 'memory' }, 'memory');
    const [{ residentBytes }, ...others] = await Promise.all([director, ...replicas]);
    return { director: residentBytes, replicas: others };
  }

  /** The same behind a collection of garbage in each process, heap included. Not of users' servers. */
  async collectedMemory(): Promise<OfProcesses<ProcessMemory>> {
    const replicas = this.#replicas.map(async (replica) => {
      replica.send({ kind: 'collected-memory' });
      return (await replica.expect('collected-memory', REPORT_TIMEOUT_MS)).memory;
    });
    const director = this.#ask({ kind: 'collected-memory' }, 'collected-memory');
    const [{ memory }, ...others] = await Promise.all([director, ...replicas]);
    return { director: memory, replicas: others };
  }

  async collectDirector(): Promise<DirectorReport> {
    return (await this.#ask({ kind: 'collect' }, 'report')).report;
  }

  async collectReplica(index: number): Promise<ReplicaReport> {
    const replica = this.#replica(index);
    replica.send({ kind: 'collect' });
    return (await replica.expect('report', REPORT_TIMEOUT_MS)).report;
  }

  /** Hands over what everybody recorded since the last call, or the start, and forgets it. */
  async rotate(): Promise<ClusterRecords> {
    const full = this.#ledgerPaths;
    this.#ledgerPaths = this.#nextLedgerPaths();
    const { report: director } = await this.#ask({ kind: 'rotate' }, 'report');
    const living = await this.#living();
    const replicas = await Promise.all(living.map((index) => this.#rotateReplica(index)));
    const { byRequest } = await countExecutions(full, new Map());
    await Promise.all(full.map((path) => rm(path)));
    return { director, replicas, executions: byRequest };
  }

  /**
   * Starts a replica again. What is left of its process is ended (SIGKILL), stopped or not; a new one is linked with the
   * replicas that live, and then joins the cluster. Resolves when the director has it; the state of flows that had no
   * backup is on its way to it then.
   *
   * Rejects when the new process cannot be started or does not join; it is gone then, and the others go on.
   */
  async restartReplica(index: number): Promise<void> {
    const old = this.#replica(index);
    old.kill('SIGKILL');
    await old.exited;
    // Everything of the old process is settled before there is a new one that it could be taken for.
    await this.#ask({ kind: 'fence', replica: index }, 'fenced');
    const living = await this.#living();
    const incarnation = (this.#listening[index]?.incarnation ?? 0) + 1;
    const replica = this.#spawnReplica(index);
    this.#replicas[index] = replica;
    try {
      const address = await this.#startReplica(index, incarnation);
      if (this.#options.strategy.primary !== undefined) await this.#link(address, living);
      await this.#rejoin(address);
    } catch (error) {
      await replica.end();
      throw error;
    }
  }

  /** What replicas told that ended as planned since the last call. */
  takeDrainedReports(): readonly ReplicaReport[] {
    return this.#drainedReports.splice(0);
  }

  /** Cuts director and replica off from each other, or lets them hear each other again. Resolves when it is so. */
  async partitionReplica(index: number, cut: boolean): Promise<void> {
    await this.#ask({ kind: 'partition', replica: index, cut }, 'partitioned');
  }

  /** Ends the director with SIGKILL. Its clients are reset, and the replicas forget their connections. */
  async killDirector(): Promise<ChildExit> {
    this.#director.kill('SIGKILL');
    return this.#director.exited;
  }

  /** Starts another director on the same port, for the replicas that are there. The one before must have ended. */
  async startDirector(): Promise<void> {
    this.#directorsBefore += 1;
    this.#director = spawnDirector();
    await this.#startDirector(this.#port);
  }

  /** The replicas as the director counts them, by index. */
  async status(): Promise<readonly ReplicaStatus[]> {
    return (await this.#status()).replicas;
  }

  /**
   * Resolves when the replicas have the state of all flows that they are to keep, so that a next fault finds it there.
   * Rejects when that takes longer than 10 s; the error says what is missing where.
   */
  async untilProtected(): Promise<void> {
    const deadlineMs = performance.now() + PROTECTED_TIMEOUT_MS;
    for (let missing = await this.#missingState(); missing !== ''; missing = await this.#missingState()) {
      if (performance.now() > deadlineMs) {
        throw new Error(`state of flows is missing after ${PROTECTED_TIMEOUT_MS} ms: ${missing}`);
      }
      await sleep(PROTECTED_POLL_MS);
    }
  }

  /** Ends all processes, whatever state they are in. */
  async end(): Promise<void> {
    await Promise.all([this.#director.end(), ...this.#replicas.map((replica) => replica.end())]);
  }

  async #start(): Promise<void> {
    this.#listening.push(...(await this.#startReplicas()));
    await this.#startDirector(this.#options.port);
  }

  /** @param port of the director; 0 for any */
  async #startDirector(port: number): Promise<void> {
    const options = this.#options;
    this.#director.on('replica-failed', ({ replica, cause, atMs }) =>
      options.onReplicaFailed?.(replica, cause, atMs),
    );
    this.#director.send({
      kind: 'start',
      start: {
        clockStartNs: options.clockStartNs,
        replicas: this.#listening.map(addressOf),
        trunkKey: deriveTrunkKey(this.#keys.clusterKey),
        transport: options.strategy.expects.transport,
        idleFlows: options.strategy.backup?.idleFlows ?? 'eager',
        rttMs: options.rttMs,
        jitterMs: options.jitterMs,
        bandwidthMbit: options.bandwidthMbit,
        linkSeed: options.seed,
        detector: options.detector ?? DEFAULT_DETECTOR_OPTIONS,
        port,
        lastFlowId: this.#directorsBefore * FLOW_IDS_PER_DIRECTOR,
        noncePath: this.noncePath,
        ...(options.external === undefined ? {} : { external: options.external }),
      },
    });
    this.#port = (await this.#director.expect('ready', START_TIMEOUT_MS)).port;
  }

  async #startReplicas(): Promise<Listening[]> {
    const peers = await Promise.all(this.#replicas.map((_, index) => this.#startReplica(index, 0)));
    // Nothing is replicated where transports are not kept: no links either.
    if (this.#options.strategy.primary !== undefined) {
      await Promise.all(peers.map(({ index }) => this.#connect(index, peers)));
    }
    return peers;
  }

  async #startReplica(index: number, incarnation: number): Promise<Listening> {
    const options = this.#options;
    const { certificatePem, privateKeyPem } = options.identity;
    const replica = this.#replica(index);
    if (options.external !== undefined && replica instanceof ExternalReplicaChannel) {
      return this.#startExternal(options.external, replica, index, incarnation);
    }
    replica.send({
      kind: 'start',
      config: {
        index,
        incarnation,
        clockStartNs: options.clockStartNs,
        strategy: options.strategySpecifier,
        workload: options.workloadSpecifier,
        engine: options.engine,
        seed: options.seed,
        tls: options.tls,
        identity: { certificatePem, privateKeyPem },
        ...this.#keys,
        ledgerPath: this.#ledgerPaths[index] ?? '',
        heartbeatIntervalMs: (options.detector ?? DEFAULT_DETECTOR_OPTIONS).intervalMs,
        handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS + HANDSHAKE_ROUND_TRIPS * longestRoundTripMs(options),
        rekey: options.rekey ?? false,
        audit: options.audit ?? false,
      },
    });
    const { trunkPort, linkPort } = await replica.expect('listening', START_TIMEOUT_MS);
    return { index, incarnation, trunkPort, linkPort };
  }

  async #startExternal(
    external: ExternalServersOptions,
    replica: ExternalReplicaChannel,
    index: number,
    incarnation: number,
  ): Promise<Listening> {
    this.#externalServers ??= new ExternalServers(external, this.#options, this.#keys.ticketKeys);
    const trunkPort = await this.#externalServers.start(replica, index, incarnation);
    void replica.exited.then(() => this.#director.send({ kind: 'replica-exited', index, incarnation }));
    return { index, incarnation, trunkPort, linkPort: 0 };
  }

  /** Opens the links of a replica to `peers`. Rejects when one of them cannot be reached. */
  async #connect(index: number, peers: readonly Peer[]): Promise<void> {
    const replica = this.#replica(index);
    replica.send({ kind: 'connect', peers });
    const { unreachable } = await replica.expect('connected', START_TIMEOUT_MS);
    if (unreachable.length === 0) return;
    throw new Error(`replica ${index} cannot reach replica ${unreachable.join(', ')}`);
  }

  /** Both directions: what comes back may be the backup of the others, and they may be its. */
  async #link(address: Listening, living: readonly number[]): Promise<void> {
    const peers = this.#listening.filter(({ index }) => living.includes(index));
    await Promise.all([
      this.#connect(address.index, peers),
      ...living.map((index) => this.#connect(index, [address])),
    ]);
  }

  async #rejoin(address: Listening): Promise<void> {
    const command = { kind: 'rejoin', address: addressOf(address) } as const;
    const { problem } = await this.#ask(command, 'rejoined');
    if (problem !== null) throw new Error(`replica ${address.index} did not join the cluster: ${problem}`);
    this.#listening[address.index] = address;
  }

  /** Sends a command to the director, and waits for what it answers. */
  #ask<K extends DirectorEvent['kind']>(command: DirectorCommand, kind: K) {
    this.#director.send(command);
    return this.#director.expect(kind, REPORT_TIMEOUT_MS);
  }

  async #rotateReplica(index: number): Promise<ReplicaReport> {
    const replica = this.#replica(index);
    replica.send({ kind: 'rotate', ledgerPath: this.#ledgerPaths[index] ?? '' });
    return (await replica.expect('report', REPORT_TIMEOUT_MS)).report;
  }

  #nextLedgerPaths(): string[] {
    const { folder, replicas } = this.#options;
    this.#ledgerGeneration += 1;
    return Array.from({ length: replicas }, (_, index) =>
      join(folder, `ledger-${index}.${this.#ledgerGeneration}.log`),
    );
  }

  /** Empty when every flow's state is where it has to be. */
  async #missingState(): Promise<string> {
    const { replicas, protecting } = await this.#status();
    if (protecting) return 'flows are still without a backup';
    const alive = replicas.filter((replica) => replica.alive);
    const held = await Promise.all(alive.map(({ index }) => this.#holdings(index)));
    return alive
      .flatMap(({ index, keeps }, at) => {
        const has = held[at]?.keeps ?? 0;
        return has >= keeps ? [] : [`replica ${index} has ${has} of ${keeps}`];
      })
      .join(', ');
  }

  async #holdings(index: number): Promise<ReplicaHoldings> {
    const replica = this.#replica(index);
    replica.send({ kind: 'status' });
    return (await replica.expect('status', REPORT_TIMEOUT_MS)).holdings;
  }

  async #status(): Promise<Extract<DirectorEvent, { kind: 'status' }>> {
    return this.#ask({ kind: 'status' }, 'status');
  }

  /** Indices of the replicas that have not failed, as the director knows. */
  async #living(): Promise<number[]> {
    return (await this.status()).filter(({ alive }) => alive).map(({ index }) => index);
  }

  #spawnReplica(index: number): ReplicaChannel {
    if (this.#options.external !== undefined) {
      const { stopSignal } = this.#options.external;
      const drain = () => this.#ask({ kind: 'drain', replica: index }, 'draining');
      return new ExternalReplicaChannel(index, { stopSignal, drain });
    }
    const replica = spawnReplica(index);
    replica.on('drained', ({ report }) => this.#drainedReports.push(report));
    return replica;
  }

  #replica(index: number): ReplicaChannel {
    const replica = this.#replicas[index];
    if (replica === undefined) throw new RangeError(`replica ${index} of ${this.#replicas.length}`);
    return replica;
  }
}

function addressOf({ index, incarnation, trunkPort }: Listening): ReplicaAddress {
  return { index, incarnation, trunkPort };
}
