/** Carries out the script of a fault on the replicas of a running cluster, and notes what was done and when. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../base/clock.js';
import type {
  Fault,
  FaultAction,
  FaultEvent,
  FaultEvidence,
  FaultRoles,
  FaultSignal,
  FaultTarget,
  ProcessExit,
} from '../contracts/fault.js';
import type { Prng } from '../contracts/workload.js';
import { processState } from './process-state.js';

/** A replica that was told to end is replaced by force after 10 s at the director; the rest is a busy machine. */
const END_TIMEOUT_MS = 20_000;

/** What a script needs of a cluster. */
export interface InjectionTarget {
  readonly directorPid: number;
  readonly replicaPids: readonly number[];
  signalReplica(index: number, signal: FaultSignal): void;
  replicaExited(index: number): Promise<Pick<ProcessExit, 'signal' | 'code'>>;
  restartReplica(index: number): Promise<void>;
  untilProtected(): Promise<void>;
  partitionReplica(index: number, cut: boolean): Promise<void>;
  killDirector(): Promise<Pick<ProcessExit, 'signal' | 'code'>>;
  startDirector(): Promise<void>;
}

export interface InjectionOptions {
  readonly roles: FaultRoles;
  readonly clock: Clock;
  /** What {@link FaultTarget.uniform} draws from. */
  readonly prng: Prng;
  /** When a script no longer waits for a detection, ms after it began to. */
  readonly detectionTimeoutMs: number;
  /** Aborting ends the script. */
  readonly signal: AbortSignal;
}

export class FaultInjection implements FaultTarget {
  readonly primary: number;
  readonly backup: number;
  readonly replicas: number;
  /** In the order in which they happened. */
  readonly events: FaultEvent[] = [];
  readonly exits: ProcessExit[] = [];
  readonly returns: FaultEvidence['returns'][number][] = [];
  readonly #cluster: InjectionTarget;
  readonly #options: InjectionOptions;
  readonly #detections: ReplicaDetections;

  constructor(cluster: InjectionTarget, detections: ReplicaDetections, options: InjectionOptions) {
    this.primary = options.roles.primary;
    this.backup = options.roles.backup;
    this.replicas = options.roles.replicas;
    this.#cluster = cluster;
    this.#options = options;
    this.#detections = detections;
  }

  /** What was done, and what came of it. */
  get seen(): Pick<FaultEvidence, 'events' | 'exits' | 'returns'> {
    return { events: this.events, exits: this.exits, returns: this.returns };
  }

  /** Resolves at the end of the script. Rejects when the signal ends it. */
  async run(fault: Fault): Promise<void> {
    await fault.inject(this);
  }

  signal(replica: number, signal: FaultSignal): void {
    this.#note(signal, replica);
    this.#cluster.signalReplica(replica, signal);
  }

  async untilEnded(replica: number): Promise<void> {
    const exit = await this.#orTooLate(this.#cluster.replicaExited(replica), END_TIMEOUT_MS);
    if (exit !== undefined) this.#noteExit(replica, exit);
  }

  async restart(replica: number): Promise<void> {
    this.#note('restart', replica);
    await this.#cluster.restartReplica(replica);
    await this.#cluster.untilProtected();
    this.#noteReturn(replica);
  }

  async partition(replica: number): Promise<void> {
    this.#note('partition', replica);
    await this.#cluster.partitionReplica(replica, true);
  }

  async heal(replica: number): Promise<void> {
    this.#note('heal', replica);
    await this.#cluster.partitionReplica(replica, false);
  }

  async killDirector(): Promise<void> {
    this.#note('kill-director', null);
    this.#noteExit(null, await this.#cluster.killDirector());
  }

  async startDirector(): Promise<void> {
    this.#note('start-director', null);
    await this.#cluster.startDirector();
    this.#noteReturn(null);
  }

  async untilDetected(replica: number): Promise<void> {
    await this.#orTooLate(this.#detections.detected(replica), this.#options.detectionTimeoutMs);
  }

  async sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#options.signal });
  }

  uniform(): number {
    return this.#options.prng.uniform();
  }

  /** Undefined when `promise` takes longer. */
  async #orTooLate<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
    const inTime = new AbortController();
    const ended = AbortSignal.any([this.#options.signal, inTime.signal]);
    return Promise.race([promise, sleep(timeoutMs, undefined, { signal: ended })]).finally(() =>
      inTime.abort(),
    );
  }

  #note(action: FaultAction, replica: number | null): void {
    const pid = replica === null ? this.#cluster.directorPid : this.#cluster.replicaPids[replica];
    if (pid === undefined) throw new RangeError(`the fault names replica ${replica} of ${this.replicas}`);
    const stateBefore = processState(pid);
    this.events.push({ atMs: this.#options.clock(), action, replica, stateBefore });
  }

  #noteExit(replica: number | null, { signal, code }: Pick<ProcessExit, 'signal' | 'code'>): void {
    this.exits.push({ replica, atMs: this.#options.clock(), signal, code });
  }

  #noteReturn(replica: number | null): void {
    this.returns.push({ replica, atMs: this.#options.clock() });
  }
}

/** Which replicas the director has declared failed so far. */
export class ReplicaDetections {
  /** In that order. */
  readonly declared: { readonly replica: number; readonly cause: string }[] = [];
  readonly #detections = new Map<number, { readonly promise: Promise<void>; readonly resolve: () => void }>();

  /** The director has declared it failed. */
  failed(replica: number, cause: string): void {
    this.declared.push({ replica, cause });
    this.#of(replica).resolve();
  }

  /** Resolves when it has. */
  detected(replica: number): Promise<void> {
    return this.#of(replica).promise;
  }

  #of(replica: number): { readonly promise: Promise<void>; readonly resolve: () => void } {
    const known = this.#detections.get(replica);
    if (known !== undefined) return known;
    let resolve = (): void => {};
    const promise = new Promise<void>((settle) => {
      resolve = settle;
    });
    const detection = { promise, resolve };
    this.#detections.set(replica, detection);
    return detection;
  }
}
