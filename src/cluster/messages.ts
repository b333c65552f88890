/** What the orchestrator and the processes of a cluster say to each other. All times are ms of the clock they share. */
import type { ProcessMemory } from '../base/process-memory.js';
import type { ChildExit } from '../net/message-channel.js';
import type { Identity } from './certificates.js';
import type { DirectorConfig, ReplicaAddress } from './director/director-config.js';
import type { Placement } from './director/placement.js';
import type { ReplicaStatus } from './director/replica-status.js';
import type { ServerSettings } from './external/server-process.js';
import type { Engine } from './replica/replica-options.js';
import type { ReplicationCounters } from './replication/link.js';

export interface ReplicaConfig {
  readonly index: number;
  /** Processes that this replica had before this one. */
  readonly incarnation: number;
  /** `process.hrtime.bigint()` at 0 ms of the shared clock. */
  readonly clockStartNs: bigint;
  /** Registry id or module. */
  readonly strategy: string;
  readonly workload: string;
  readonly engine: Engine;
  /** Seed of the workload's bytes. */
  readonly seed: number;
  readonly tls: { readonly version: '1.3' | '1.2'; readonly ciphers: string };
  readonly identity: Pick<Identity, 'certificatePem' | 'privateKeyPem'>;
  /** 48 bytes; undefined when every replica has its own. */
  readonly ticketKeys: Uint8Array | undefined;
  readonly clusterKey: Uint8Array;
  readonly ledgerPath: string;
  readonly heartbeatIntervalMs: number;
  readonly handshakeTimeoutMs: number;
  /** Whether a takeover begins with a new key, or with nonces of its own. */
  readonly rekey: boolean;
  /** Whether the director is told what each record was sealed with. */
  readonly audit: boolean;
}

export interface Peer {
  readonly index: number;
  readonly linkPort: number;
}

/** Cumulative CPU time of a process, user and system. */
export interface CpuSample {
  readonly atMs: number;
  readonly cpuMs: number;
}

export interface TakeoverRow {
  readonly flowId: number;
  readonly takenMs: number;
  readonly stateMs: number;
  readonly cryptoMs: number;
}

export interface ReplicaReport {
  readonly handshakes: readonly {
    readonly flowId: number;
    readonly resumed: boolean;
    readonly atMs: number;
  }[];
  readonly takeovers: readonly TakeoverRow[];
  readonly refusals: readonly { readonly flowId: number; readonly reason: string }[];
  readonly cpu: readonly CpuSample[];
  /** Received from primaries. */
  readonly replication: Readonly<ReplicationCounters>;
}

/** What a process takes of the memory of the machine right now. */
export interface MemoryEvent {
  readonly kind: 'memory';
  readonly residentBytes: number;
}

/** The same behind a collection of garbage: what is still needed. */
export interface CollectedMemoryEvent {
  readonly kind: 'collected-memory';
  readonly memory: ProcessMemory;
}

/** As the replica counts them. */
export interface ReplicaHoldings {
  /** Flows that it serves. */
  readonly serves: number;
  /** Flows of which it has the state of another replica. */
  readonly keeps: number;
}

export type ReplicaCommand =
  | { readonly kind: 'start'; readonly config: ReplicaConfig }
  | { readonly kind: 'connect'; readonly peers: readonly Peer[] }
  /**
   * Forgets what was recorded so far, once all connections have ended: the warm-up is over. One that somebody else has opened
   * may not end: so long it is waited for.
   */
  | { readonly kind: 'reset'; readonly withinMs: number }
  | { readonly kind: 'collect' }
  /** Like `collect`, and forgets it; executions go to another ledger from now on. */
  | { readonly kind: 'rotate'; readonly ledgerPath: string }
  | { readonly kind: 'memory' }
  | { readonly kind: 'collected-memory' }
  | { readonly kind: 'status' };

export type ReplicaEvent =
  | { readonly kind: 'listening'; readonly trunkPort: number; readonly linkPort: number }
  /** `unreachable`: peers to which no link could be opened. */
  | { readonly kind: 'connected'; readonly unreachable: readonly number[] }
  | { readonly kind: 'was-reset' }
  | { readonly kind: 'status'; readonly holdings: ReplicaHoldings }
  | MemoryEvent
  | CollectedMemoryEvent
  | { readonly kind: 'report'; readonly report: ReplicaReport }
  /** It was told to end, and has no flow left: it ends now. */
  | { readonly kind: 'drained'; readonly report: ReplicaReport }
  | { readonly kind: 'failed'; readonly message: string };

export interface DirectorStart extends DirectorConfig {
  readonly clockStartNs: bigint;
  /** File that gets a row for each record that leaves towards a client; undefined when that is not audited. */
  readonly noncePath: string | undefined;
}

export interface FlowRow {
  readonly flowId: number;
  readonly clientPort: number;
  /** Replica that the flow was opened on. */
  readonly primary: number;
  readonly openedMs: number;
  /** When the flow was sent to its backup. */
  redirectedMs: number | null;
  /** First server byte after that. */
  resumedMs: number | null;
  endedMs: number | null;
  cause: string | null;
}

/** One flow that moved while its owner lived. */
export interface HandoverRow {
  readonly flowId: number;
  /** Replica that gave it away. */
  readonly from: number;
  readonly atMs: number;
  /**
   * For how long somebody waited: from the last byte of the old owner (of a flow that was idle then: from the next record of
   * its client) to the first byte of the new one. Null when nobody has asked for anything since.
   */
  frozenMs: number | null;
  /** First byte of the new owner; null before. */
  resumedMs: number | null;
}

export interface DirectorReport {
  readonly handovers: readonly HandoverRow[];
  /** Replicas that ended as planned, without a flow. */
  readonly drained: readonly { readonly replica: number; readonly atMs: number }[];
  readonly failures: readonly { readonly replica: number; readonly cause: string; readonly atMs: number }[];
  readonly flows: readonly FlowRow[];
  /** Sealed application state that came with commits, bytes. */
  readonly committedStateBytes: number;
  readonly cpu: readonly CpuSample[];
}

export type DirectorCommand =
  | { readonly kind: 'start'; readonly start: DirectorStart }
  | { readonly kind: 'place'; readonly placement: Placement }
  | { readonly kind: 'collect' }
  /** Like `collect`, and forgets what has ended. */
  | { readonly kind: 'rotate' }
  | { readonly kind: 'memory' }
  | { readonly kind: 'collected-memory' }
  | { readonly kind: 'status' }
  /** Nothing of this replica counts any more. */
  | { readonly kind: 'fence'; readonly replica: number }
  /** Whether director and replica are cut off from each other. */
  | { readonly kind: 'partition'; readonly replica: number; readonly cut: boolean }
  /** A replica that has no trunk is about to be told to end: nothing new goes to it. */
  | { readonly kind: 'drain'; readonly replica: number }
  /** The process of a replica that has no trunk is gone. */
  | { readonly kind: 'replica-exited'; readonly index: number; readonly incarnation: number }
  | { readonly kind: 'rejoin'; readonly address: ReplicaAddress };

export type DirectorEvent =
  | MemoryEvent
  | CollectedMemoryEvent
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'placed' }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'partitioned' }
  | { readonly kind: 'draining' }
  /** `problem`: why it could not be reached; null when it has joined. */
  | { readonly kind: 'rejoined'; readonly problem: string | null }
  /** `protecting`: flows are still to be given a backup that has come back. */
  | { readonly kind: 'status'; readonly replicas: readonly ReplicaStatus[]; readonly protecting: boolean }
  | {
      readonly kind: 'replica-failed';
      readonly replica: number;
      readonly cause: string;
      readonly atMs: number;
    }
  | { readonly kind: 'report'; readonly report: DirectorReport }
  | { readonly kind: 'failed'; readonly message: string };

/** A user's own server, to be started as a replica. */
export interface ExternalReplicaConfig {
  /** `process.hrtime.bigint()` at 0 ms of the shared clock. */
  readonly clockStartNs: bigint;
  readonly server: ServerSettings;
}

/** To the process that watches a user's server. It answers what a replica answers, as far as that can be known. */
export type ExternalReplicaCommand =
  | { readonly kind: 'start-external'; readonly config: ExternalReplicaConfig }
  | Extract<ReplicaCommand, { kind: 'reset' | 'collect' | 'memory' | 'status' }>;

export type ExternalReplicaEvent =
  /** `problem`: why the server cannot be used; null when it can. */
  | {
      readonly kind: 'external-started';
      readonly pid: number;
      readonly port: number;
      readonly problem: string | null;
    }
  /** The process that was started is gone, and all of its group with it. It is the last message. */
  | { readonly kind: 'external-ended'; readonly exit: ChildExit };
