/**
 * The contract of a fault: a script of what is done to which replica, and when. A fault gets no process, no clock and no
 * random source of its own: the harness delivers the signals and notes their times, and a fault is believed only when the
 * traces that it must leave were seen.
 */

/** What can be sent to the process of a replica. `SIGTERM` asks it to give its flows away and to end. */
export const FAULT_SIGNALS = ['SIGKILL', 'SIGSTOP', 'SIGCONT', 'SIGTERM'] as const;
export type FaultSignal = (typeof FAULT_SIGNALS)[number];

/** What can be done. Signals go to a replica, the last two actions are about the director. */
export const FAULT_ACTIONS = [
  ...FAULT_SIGNALS,
  'restart',
  'partition',
  'heal',
  'kill-director',
  'start-director',
] as const;
export type FaultAction = (typeof FAULT_ACTIONS)[number];

/** As the system tells it; `unknown` where it does not (no `/proc`). */
export const PROCESS_STATES = ['running', 'stopped', 'ended', 'unknown'] as const;
export type ProcessState = (typeof PROCESS_STATES)[number];

/** Which replica is what to the flows of the load, by index. */
export interface FaultRoles {
  /** Serves all flows. */
  readonly primary: number;
  /** Keeps their state. */
  readonly backup: number;
  /** Number of replicas, >= 2. */
  readonly replicas: number;
}

export interface FaultTarget extends FaultRoles {
  /** Sends it to the process of that replica, at once. */
  signal(replica: number, signal: FaultSignal): void;
  /** Resolves when the process of the replica has ended; also when it has not for so long that it never will. */
  untilEnded(replica: number): Promise<void>;
  /** Starts a replica that has ended again. Resolves when it has joined, and the state of all flows is where it has to be. */
  restart(replica: number): Promise<void>;
  /** Director and replica neither hear each other any more nor of each other's end; everybody else hears both. */
  partition(replica: number): Promise<void>;
  /** Undoes it. */
  heal(replica: number): Promise<void>;
  /** Ends the director with SIGKILL. */
  killDirector(): Promise<void>;
  /** Starts another one where it was. */
  startDirector(): Promise<void>;
  /**
   * Resolves when the director has declared the replica failed; also when it has not for so long that it never will, which
   * {@link Fault.verify} tells.
   */
  untilDetected(replica: number): Promise<void>;
  sleep(ms: number): Promise<void>;
  /** Uniform in [0, 1), from the seed of the trial: the same seed gives the same script. */
  uniform(): number;
}

/** One action of a fault as it happened. */
export interface FaultEvent {
  /** Right before the action, ms of the clock that all processes share. */
  readonly atMs: number;
  readonly action: FaultAction;
  /** Null: the director. */
  readonly replica: number | null;
  /** State of the process right before the action. */
  readonly stateBefore: ProcessState;
}

/** What became of the process of a replica, at the end of the trial. */
export interface ReplicaFate {
  /** Signal that ended it; null when it was not ended by one. */
  readonly endedBy: string | null;
  readonly state: ProcessState;
  /** Whether it answered the orchestrator, and thus runs. */
  readonly answers: boolean;
}

/** The end of a process that was waited for, or made. */
export interface ProcessExit {
  /** Null: the director. */
  readonly replica: number | null;
  readonly atMs: number;
  /** One of the two is null. */
  readonly signal: string | null;
  readonly code: number | null;
}

/** Everything that was seen of a fault. */
export interface FaultEvidence extends FaultRoles {
  /** In the order in which they happened. */
  readonly events: readonly FaultEvent[];
  /** What the director declared failed, in that order. */
  readonly failures: readonly { readonly replica: number; readonly cause: string; readonly atMs: number }[];
  /** Ends of processes during the script, in order. */
  readonly exits: readonly ProcessExit[];
  /** When processes that had been started again had joined. Null: the director. */
  readonly returns: readonly { readonly replica: number | null; readonly atMs: number }[];
  /** Replicas that the director released, because they had no flow left. */
  readonly drained: readonly { readonly replica: number; readonly atMs: number }[];
  /** By index of the replica. */
  readonly fates: readonly ReplicaFate[];
}

/** The best that is possible under a fault. */
export interface FaultOutcome {
  /**
   * What happens to the connections of a strategy that keeps them. `reset`: nobody who could go on with them is left.
   * `untouched`: no strategy is called upon, all connections live.
   */
  readonly connections: 'kept' | 'reset' | 'untouched';
  /** Whether a replica is left that serves new connections. */
  readonly service: 'continues' | 'ends';
  /** Why connections cannot be kept, for reports; null when they can. */
  readonly reason: string | null;
}

export interface Fault {
  /** Kebab-case, unique. */
  readonly id: string;
  readonly title: string;
  /** The question it answers, one line. */
  readonly question: string;
  /**
   * What the director sees of it: that victims fail (also when absent), that they end as planned after their flows have
   * moved, or nothing.
   */
  readonly noticed?: 'failure' | 'handover' | 'nothing';
  /** Replicas to which the script does something. Pure. */
  victims(roles: FaultRoles): readonly number[];
  /**
   * The longest that the script takes, ms. Pure.
   *
   * @param detectionMs time after which a replica that is silent is declared failed
   * @param replicas number of replicas
   */
  durationMs(detectionMs: number, replicas: number): number;
  /** What can be promised with so many replicas. Pure. */
  outcome(replicas: number): FaultOutcome;
  /** Carries the script out. The time of the fault is that of its first action. */
  inject(target: FaultTarget): Promise<void>;
  /** Why the fault did not happen as planned; empty when it did. Pure. */
  verify(evidence: FaultEvidence): readonly string[];
}
