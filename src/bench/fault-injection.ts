/** Carries out the script of a fault on the replicas of a running cluster, and notes what was done and when. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../base/clock.js';
import type { Fault, FaultAction, FaultEvent, FaultRoles, FaultTarget } from '../contracts/fault.js';
import type { Prng } from '../contracts/workload.js';
import { processState } from './process-state.js';

/** What a script needs of a cluster. */
export interface InjectionTarget {
  readonly replicaPids: readonly number[];
  signalReplica(index: number, signal: FaultAction): void;
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

  /** Resolves at the end of the script. Rejects when the signal ends it. */
  async run(fault: Fault): Promise<void> {
    await fault.inject(this);
  }

  signal(replica: number, action: FaultAction): void {
    const pid = this.#cluster.replicaPids[replica];
    if (pid === undefined) throw new RangeError(`the fault names replica ${replica} of ${this.replicas}`);
    const stateBefore = processState(pid);
    this.events.push({ atMs: this.#options.clock(), action, replica, stateBefore });
    this.#cluster.signalReplica(replica, action);
  }

  async untilDetected(replica: number): Promise<void> {
    const { signal, detectionTimeoutMs } = this.#options;
    const tooLate = new AbortController();
    const ended = AbortSignal.any([signal, tooLate.signal]);
    await Promise.race([
      this.#detections.detected(replica),
      sleep(detectionTimeoutMs, undefined, { signal: ended }),
    ]).finally(() => tooLate.abort());
  }

  async sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#options.signal });
  }

  uniform(): number {
    return this.#options.prng.uniform();
  }
}

/** Which replicas the director has declared failed so far. */
export class ReplicaDetections {
  readonly #detections = new Map<number, { readonly promise: Promise<void>; readonly resolve: () => void }>();

  /** The director has declared it failed. */
  failed(replica: number): void {
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
