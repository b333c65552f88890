/** What the orchestrator and a load client process say to each other. All times are ms of the clock they share. */
import type { PhaseAtFault } from './results.js';
import type { Method, WorkloadOptions } from './workload.js';

export interface LoadConfig {
  /** `process.hrtime.bigint()` at 0 ms of the shared clock, in decimal. */
  readonly clockStartNs: string;
  /** Port of the director on 127.0.0.1. */
  readonly port: number;
  /** Name that the certificate must be valid for; sent as SNI and as the Host field. */
  readonly servername: string;
  /** The only trusted certificate authority, PEM. */
  readonly ca: string;
  readonly tls: {
    readonly version: '1.3' | '1.2';
    /** OpenSSL cipher list (names of TLS 1.3 suites included); undefined for Node's default. */
    readonly ciphers: string | undefined;
  };
  /** Registry id, or a module whose default export is a Workload: a specifier with a `/` or one that ends with `.js`. */
  readonly workload: string;
  /** Seed of the plan and of the seeded bytes. */
  readonly seed: number;
  readonly options: WorkloadOptions;
  readonly onTransportLost: 'full-handshake' | 'resume-session';
  /** Connections in their handshake at a time while all are opened; far more may reconnect at a time. */
  readonly connectConcurrency: number;
  /** Added to every time that is waited for a handshake or a reply: what the path makes it take longer. Absent: 0. */
  readonly patienceMs?: number;
}

/** `ok`: every byte of the reply was right. `unknown`: not idempotent, and its reply never came: it may have run or not. */
export type RequestOutcome = 'ok' | 'failed' | 'unknown';

/** One column per property, one row per request, in the order in which they were sent or given up unsent. */
export interface RequestColumns {
  /** Index of the connection in the plan. */
  readonly connection: Uint32Array;
  readonly id: readonly string[];
  readonly method: readonly Method[];
  /** Open arrivals: as planned. Closed: when the connection was free for it, but not before its planned time. */
  readonly intendedMs: Float64Array;
  /** NaN: never sent. */
  readonly sentMs: Float64Array;
  /** The head of the reply was there, or its first message. NaN: never. */
  readonly begunMs: Float64Array;
  /** The whole reply was there, right or wrong. NaN: never. */
  readonly repliedMs: Float64Array;
  readonly outcome: readonly RequestOutcome[];
  /** Whether it belongs to the check of connections after the load, not to the load. */
  readonly closing: readonly boolean[];
}

/** Cause of a transport that ended because its last request said so, or its reply: nothing was lost. */
export const PLANNED_END = 'closed as planned';

/** One TCP connection made by the load client, or tried. */
export interface TransportRow {
  /** Index of the connection in the plan. */
  readonly connection: number;
  /** Null when it was never connected. */
  readonly localPort: number | null;
  readonly startedMs: number;
  /**
   * Whether it was made because one was lost; not the first one, nor one in place of another that ended as planned or was
   * lost before the server had said a word on it.
   */
  readonly afterLoss: boolean;
  /** The TCP connection is open. */
  readonly connectedMs: number | null;
  /** The handshake is done and the certificate verified. */
  readonly secureMs: number | null;
  /** Whether the server really resumed the session; null before `secureMs`. */
  readonly resumed: boolean | null;
  /**
   * Whether the server has sent application data. Without any the handshake may be over for the client alone (TLS 1.3), which
   * does not wait for the server to receive its last message.
   */
  readonly answered: boolean;
  /** Null when it lived to the end of the trial. */
  readonly endedMs: number | null;
  /** Why it ended: an error code, the text of an alert, `end`, `closed`, ... */
  readonly cause: string | null;
}

export interface LoadReport {
  readonly requests: RequestColumns;
  /** In the order in which they were started. */
  readonly transports: readonly TransportRow[];
  /** Wrong, missing or superfluous bytes in replies that claim success. */
  readonly corruptedBytes: number;
  readonly generator: {
    /** The longest time that the load client's event loop was not free, from the start of the load to its end. */
    readonly eventLoopDelayMaxMs: number;
    /** Requests sent more than 5 ms late although their connection was free. */
    readonly lateStarts: number;
  };
}

/** A report of what has come to its end since the one before. */
export interface LoadRotation extends LoadReport {
  /**
   * The longest time for which a connection that awaited a reply got no byte, ms. One that lasts counts as long as it has
   * lasted so far.
   */
  readonly longestSilenceMs: number;
}

/** To the load client, in this order. */
export type LoadCommand =
  | { readonly kind: 'open'; readonly config: LoadConfig }
  | { readonly kind: 'run'; readonly startMs: number }
  /** Any number of times while the load runs: hands over what has come to its end, and forgets it. */
  | { readonly kind: 'rotate' }
  /** While the load runs: waits until a connection enters the phase, for `timeoutMs` at most. */
  | { readonly kind: 'await-phase'; readonly phase: PhaseAtFault; readonly timeoutMs: number }
  /** Ends the load. Connections without a verified reply to a request sent since `faultMs` are checked. */
  | { readonly kind: 'stop'; readonly faultMs: number; readonly overdue?: Overdue }
  /** In the place of `stop`: ends all connections at once, with what is under way. Nobody hears what became of it. */
  | { readonly kind: 'abandon' };

/**
 * What becomes of requests that should have been sent by the end of the load: they are `sent`; `dropped`, as if they had never
 * been part of it; or they are part of it and `unserved`, as no server is left: no reply is waited for.
 */
export type Overdue = 'sent' | 'dropped' | 'unserved';

/**
 * From the load client: `opened` answers `open`, `rotated` answers `rotate`, `phase-awaited` answers `await-phase`,
 * `abandoned` answers `abandon`, `report` answers `stop`, without what was handed over before; `failed` can come at any time
 * and is the last.
 */
export type LoadEvent =
  | { readonly kind: 'opened' }
  | { readonly kind: 'rotated'; readonly rotation: LoadRotation }
  | { readonly kind: 'phase-awaited' }
  | { readonly kind: 'abandoned' }
  | { readonly kind: 'report'; readonly report: LoadReport }
  | { readonly kind: 'failed'; readonly message: string };
