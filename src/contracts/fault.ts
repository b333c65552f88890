/**
 * The contract of a fault: a script of what is done to which replica, and when. A fault gets no process, no clock and no
 * random source of its own: the harness delivers the signals and notes their times, and a fault is believed only when the
 * traces that it must leave were seen.
 */

/** What can be done to the process of a replica. */
export const FAULT_ACTIONS = ['SIGKILL', 'SIGSTOP', 'SIGCONT'] as const;
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
  /** Does it to the process of that replica, at once. */
  signal(replica: number, action: FaultAction): void;
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
  readonly replica: number;
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

/** Everything that was seen of a fault. */
export interface FaultEvidence extends FaultRoles {
  /** In the order in which they happened. */
  readonly events: readonly FaultEvent[];
  /** What the director declared failed, in that order. */
  readonly failures: readonly { readonly replica: number; readonly cause: string; readonly atMs: number }[];
  /** By index of the replica. */
  readonly fates: readonly ReplicaFate[];
}

/** The best that is possible under a fault. */
export interface FaultOutcome {
  /** What happens to the connections of a strategy that keeps them. `reset`: no replica with their state is left. */
  readonly connections: 'kept' | 'reset';
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
  /** Replicas to which the script does something. Pure. */
  victims(roles: FaultRoles): readonly number[];
  /**
   * The longest that the script takes, ms. Pure.
   *
   * @param detectionMs time after which a replica that is silent is declared failed
   */
  durationMs(detectionMs: number): number;
  /** What can be promised with so many replicas. Pure. */
  outcome(replicas: number): FaultOutcome;
  /** Carries the script out. The time of the fault is that of its first action. */
  inject(target: FaultTarget): Promise<void>;
  /** Why the fault did not happen as planned; empty when it did. Pure. */
  verify(evidence: FaultEvidence): readonly string[];
}
