/** The orchestrator's end of a user's server: what it is for a replica, for a server that is watched by a process of ours. */
import { UsageError } from '../../base/errors.js';
import { type ChildChannel, type ChildExit, spawnChild } from '../../net/message-channel.js';
import type {
  ExternalReplicaCommand,
  ExternalReplicaConfig,
  ExternalReplicaEvent,
  ReplicaCommand,
  ReplicaEvent,
} from '../messages.js';
import { processEntry } from '../process-entry.js';
import type { StopSignal } from './stop-signals.js';

/** What a cluster needs of each of its replicas. */
export type ReplicaChannel = Pick<
  ChildChannel<ReplicaCommand, ReplicaEvent>,
  'pid' | 'exited' | 'send' | 'expect' | 'kill' | 'end'
>;

type Watcher = ChildChannel<ReplicaCommand | ExternalReplicaCommand, ReplicaEvent | ExternalReplicaEvent>;

/** Opening its port and one handshake take 15 s at most. */
const START_TIMEOUT_MS = 20_000;

/** How a server is told to end as planned. */
export interface PlannedEnd {
  /** What its program takes for that, in place of `SIGTERM`. */
  readonly stopSignal: StopSignal;
  /** Resolves when nothing new goes to it: a deploy takes a server out of the balancer first. */
  drain(): Promise<unknown>;
}

export class ExternalReplicaChannel implements ReplicaChannel {
  /** Of the server; resolves also when its watcher is gone, with which it ends. */
  readonly exited: Promise<ChildExit>;
  readonly #watcher: Watcher;
  readonly #plannedEnd: PlannedEnd;
  #serverPid: number | undefined;

  constructor(index: number, plannedEnd: PlannedEnd) {
    this.#plannedEnd = plannedEnd;
    this.#watcher = spawnChild({ module: processEntry('external-replica'), name: `replica ${index}` });
    this.exited = Promise.race([
      new Promise<ChildExit>((resolve) => {
        this.#watcher.on('external-ended', ({ exit }) => resolve(exit));
      }),
      this.#watcher.exited,
    ]);
  }

  /** Of the server, and of its process group; before it is started, of its watcher. */
  get pid(): number {
    return this.#serverPid ?? this.#watcher.pid;
  }

  /**
   * Resolves with the port of the server on 127.0.0.1 when clients can connect.
   *
   * @throws UsageError when the command does not start a server that clients can use
   */
  async start(config: ExternalReplicaConfig): Promise<number> {
    this.#watcher.send({ kind: 'start-external', config });
    const { pid, port, problem } = await this.#watcher.expect('external-started', START_TIMEOUT_MS);
    if (problem !== null) throw new UsageError(problem);
    this.#serverPid = pid;
    return port;
  }

  send(message: ReplicaCommand): void {
    this.#watcher.send(message);
  }

  expect<K extends ReplicaEvent['kind']>(
    kind: K,
    timeoutMs: number,
  ): Promise<Extract<ReplicaEvent, { kind: K }>> {
    return this.#watcher.expect(kind, timeoutMs) as Promise<Extract<ReplicaEvent, { kind: K }>>;
  }

  /**
   * To all processes of the server; `SIGTERM` as its stop signal, when nothing new goes to it any more. False when they are gone,
   * or not started.
   */
  kill(signal: NodeJS.Signals): boolean {
    if (this.#serverPid === undefined) return false;
    if (signal !== 'SIGTERM') return this.#signal(signal);
    const { stopSignal, drain } = this.#plannedEnd;
    const end = (): boolean => this.#signal(stopSignal);
    // Without a director nothing new comes either.
    drain().then(end, end);
    return true;
  }

  end(): Promise<void> {
    return this.#watcher.end();
  }

  #signal(signal: NodeJS.Signals): boolean {
    if (this.#serverPid === undefined) return false;
    try {
      return process.kill(-this.#serverPid, signal);
    } catch {
      return false;
    }
  }
}
