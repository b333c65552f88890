/**
 * The contract of a recovery strategy: what happens to a live TLS connection when the replica that holds it dies.
 *
 * A strategy only *decides*. It is given no socket, no clock, no key and no counter: the harness replicates, seals,
 * counts and times, so that a strategy cannot flatter itself. Every function of a strategy is pure.
 */

/** What the client must be seen to do after the fault; a trial in which it does something else is invalid. */
export interface Expectation {
  /** Handshakes a recovered client made after the fault. */
  readonly handshake: 'full' | 'resumed' | 'none';
  /** Whether the client's TCP connection survives the fault. */
  readonly transport: 'kept' | 'reconnected';
}

/** Parts of a live connection that a primary can replicate. Sizes are in `docs` of {@link STATE_FIELDS}. */
export type StateField =
  | 'secrets'
  | 'sequence-numbers'
  | 'input'
  | 'output'
  | 'outcome'
  | 'application-state';

/** Moments in the life of a connection at which a primary may replicate. */
export type Moment =
  /** The handshake is done; nothing has been exchanged yet. */
  | 'established'
  /** A KeyUpdate (RFC 8446 4.6.3) replaced a traffic secret. */
  | 'rekeyed'
  /** Client bytes arrived; the application has not seen them yet. */
  | 'input'
  /** The application produced part of a reply; it is not released yet. */
  | 'output'
  /** A long reply reached a point from which the application can go on elsewhere. */
  | 'checkpoint'
  /** A reply is complete; its last part may still be held. */
  | 'answered'
  /** Everything read is answered and no part of a next message has been read. */
  | 'boundary';

/** What a primary role is told. `idempotent` is about all requests that await their answer (RFC 9110 9.2.2). */
export interface Occasion {
  readonly moment: Moment;
  readonly idempotent: boolean;
}

/** What to do with the output of the connection, this occasion's included. */
export type OutputRule =
  /** Nothing new holds it. */
  | 'release'
  /** Released when the backup has acknowledged what this decision replicates. */
  | 'release-when-acknowledged'
  /** Held until a later decision releases it. */
  | 'hold';

/** A primary's answer to an {@link Occasion}. Absent parts mean: replicate nothing, release. */
export interface ReplicationDecision {
  /** Fields sent to the backup, over the sealed replication link. */
  readonly replicate?: readonly StateField[];
  /**
   * Only at `checkpoint`: commit in the middle of a reply. `sealed-state` sends the application state along, sealed,
   * for the director to keep; `plain` says that the backup has it already.
   */
  readonly commit?: 'sealed-state' | 'plain';
  readonly output?: OutputRule;
}

export interface PrimaryRole {
  decide(occasion: Occasion): ReplicationDecision;
}

/** Records of a flow counted by the director, both directions, from the first record of the connection. */
export interface RecordPosition {
  readonly recordsRead: number;
  readonly recordsWritten: number;
}

/** What the director knows about a flow at takeover. */
export interface Evidence {
  /** The last commit. `{0, 0}` when there was none. */
  readonly commit: RecordPosition;
  /** Server records delivered to the client, in total. */
  readonly delivered: number;
  /** Client records received, in total. */
  readonly received: number;
  /** Whether the last commit carried sealed application state that this backup could open. */
  readonly applicationState: boolean;
}

/** What the backup has of a connection. Contents stay with the harness: a strategy sees positions and sizes. */
export interface KeptState {
  /** Where the records of the application epoch start, from the `secrets` field. */
  readonly established: RecordPosition | undefined;
  /** The newest whole snapshot (`sequence-numbers` with `input` and `output`). */
  readonly snapshot:
    | (RecordPosition & {
        /** Total records written when the oldest output of the snapshot begins. */
        readonly outputFrom: number;
        /** Whether the reply in `output` is complete. */
        readonly answered: boolean;
        readonly applicationState: boolean;
      })
    | undefined;
  /** Outcomes of requests that are not idempotent, newest last. */
  readonly outcomes: readonly { readonly from: RecordPosition; readonly through: number }[];
}

/** Why a backup does not take a flow over. */
export type RefusalReason =
  /** The primary died before the state reached the backup. */
  | 'state-missing'
  /** The client saw part of a handshake that only the dead primary could finish. */
  | 'handshake-unfinished'
  /** The backup's state is older or newer than what the client saw. */
  | 'state-mismatch'
  /** The regenerated reply differs from what the client already has. */
  | 'diverged';

export type TakeoverDecision =
  /** Go on from the last commit: replay the journal, execute again, drop what was delivered. */
  | { readonly kind: 'replay'; readonly from: 'commit' | 'established' }
  /** Go on from the snapshot: nothing is executed again that the snapshot has the output of. */
  | { readonly kind: 'restore' }
  | { readonly kind: 'refuse'; readonly reason: RefusalReason };

export interface BackupRole {
  /** When a flow is taken over that was idle at the fault: at once, or when its client next sends a byte. */
  readonly idleFlows: 'eager' | 'lazy';
  takeOver(kept: KeptState, evidence: Evidence): TakeoverDecision;
}

export interface ClientRole {
  /** What the client does first when its transport is lost. A client whose transport is kept never gets there. */
  readonly onTransportLost: 'full-handshake' | 'resume-session';
}

export interface RecoveryStrategy {
  /** Kebab-case, unique. */
  readonly id: string;
  readonly title: string;
  /** One line for `spr-bench list`: what it does, at what price. */
  readonly summary: string;
  readonly expects: Expectation;
  /** Every field the primary role may replicate; printed as a table, and enforced. */
  readonly replicates: readonly StateField[];
  /** Whether all replicas share the session ticket keys. */
  readonly sharesTicketKeys: boolean;
  readonly client: ClientRole;
  /** Absent when nothing is replicated: the transport is then reset when the primary fails. */
  readonly primary?: PrimaryRole;
  readonly backup?: BackupRole;
}

/** What each state field is and what it costs; shown by reports beside the strategy that replicates it. */
export const STATE_FIELDS: Readonly<Record<StateField, string>> = {
  secrets:
    'traffic secrets (TLS 1.3) or key block (TLS 1.2), version, suite, record bases: 59 to 115 bytes, once per epoch',
  'sequence-numbers': 'records read and written: 12 bytes each time',
  input: 'client bytes of the unanswered exchange: as long as the request',
  output: 'reply bytes not yet released: as long as the reply',
  outcome: 'the whole reply to a request that is not idempotent',
  'application-state': 'what the application needs to go on in the middle of a reply',
};
