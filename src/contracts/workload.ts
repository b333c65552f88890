/**
 * The contract of a workload: the requests that clients send, the application that answers them on a replica, and the
 * check of every reply byte.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** A seeded source of random numbers. The same seed gives the same sequence on every machine. */
export interface Prng {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Uniform integer in [low, high], both included. */
  integer(low: number, high: number): number;
  /** An independent generator; the same label gives the same generator, however far this one has advanced. */
  fork(label: string): Prng;
}

/**
 * Reply bytes generated from the seed. Each `key` (a request id) names its own endless byte sequence, of which any part
 * can be had without the parts before it.
 */
export interface SeededBytes {
  /** At most `length` bytes (at least 1) of the sequence `key` from `offset` on, without a copy: do not write to it. */
  slice(key: string, offset: number, length: number): Buffer;
}

export interface WorkloadOptions {
  /** Client connections, >= 1. */
  readonly connections: number;
  /** Planned time between the start of the load and its end, ms. */
  readonly durationMs: number;
  /** `closed`: the next request follows the last reply. `open`: requests have intended times. */
  readonly arrivals: Arrivals;
}

/** What clients and replicas speak inside of TLS. */
export const PROTOCOLS = ['http/1.1', 'websocket', 'h2'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export type Arrivals = 'open' | 'closed';
/** GET and PUT are idempotent (RFC 9110 9.2.2), POST is not. */
export type Method = 'GET' | 'POST' | 'PUT';

export interface PlannedRequest {
  /** Unique in the plan: `<connection>-<index>`. */
  readonly id: string;
  readonly method: Method;
  /** Origin-form request target (RFC 9112 3.2.1). */
  readonly target: string;
  /** Length of the seeded request body, 0 for none. Its bytes are `SeededBytes` of `request:<id>`. */
  readonly bodyBytes: number;
  /** Open arrivals: intended send time, ms after the start of the load. Closed: the earliest one, 0 for at once. */
  readonly atMs: number;
  /** Closed arrivals: ms between the reply before it and this request; absent for none. */
  readonly thinkMs?: number;
  /** The last request of its connection, which says so (RFC 9112 9.6): the server closes it after the reply. */
  readonly close?: boolean;
}

export interface Plan {
  /** One lazy sequence per connection, possibly endless. Iterating twice gives the same requests. */
  readonly connections: readonly Iterable<PlannedRequest>[];
}

/** Checks one reply while it arrives. */
export interface ReplyCheck {
  /**
   * The next bytes of the reply's content, valid during the call: copy what is to be kept. Returns how many of them are
   * wrong.
   */
  push(content: Buffer): number;
  /** The reply is complete. Returns how many bytes are missing; 0 means that the reply is right. */
  end(): number;
}

/** What the application can do beside answering. One per request. */
export interface Exchange {
  /** State of the last checkpoint when a backup goes on in the middle of a reply; else undefined. */
  readonly resumedFrom: Buffer | undefined;
  /** Appends one execution of request `id` to the replica's ledger, before this function returns. */
  recordExecution(id: string): void;
  /**
   * States that a backup could go on from here: all output written so far is covered by `state` (at most 1 KiB).
   * Call it from the callback of the write it follows. A resumed handler writes the same header section again and then
   * only what follows the checkpoint: the harness drops the header section, if the client has it.
   *
   * @param contentBytes of the request's content, read by this handler since it was called: `state` covers them too. A
   *   resumed handler gets only what follows them; the Content-Length of its request is that of the rest. Content in chunks
   *   (Transfer-Encoding) cannot be told apart, and comes again as a whole. What is absent is 0.
   */
  checkpoint(state: Buffer, contentBytes?: number): void;
}

export type Application = (request: IncomingMessage, response: ServerResponse, exchange: Exchange) => void;

/** A WebSocket (RFC 6455) as its application sees it, from the upgrade to its end. */
export interface MessageExchange {
  /** State of the last checkpoint when a backup goes on with the connection; else undefined. */
  readonly resumedFrom: Buffer | undefined;
  /** Appends one execution of request `id` to the replica's ledger, before this function returns. */
  recordExecution(id: string): void;
  /** Sends one binary message. Without effect when the connection is about to end. */
  send(content: Buffer): void;
  /** Ends the connection with a status code (RFC 6455 7.4) and a reason of at most 123 bytes. */
  end(code: number, reason: string): void;
  /**
   * States that a backup could go on from here: `state` (at most 1 KiB) covers all messages that the application was given
   * and all that it has sent. What answers a message is made again from the message; what does not, because its time has
   * come, must be in the state *before* it is sent, and is the first thing that a resumed application sends.
   *
   * @returns whether a backup would go on from here. If not (the client does not take its messages, or a takeover is under
   *   way), what answers no message must not be sent yet: try again some ms later.
   */
  checkpoint(state: Buffer): boolean;
}

/** What an application does with its end of a WebSocket. */
export interface MessageHandler {
  /** The next message of the client, whole. It is handled when this returns. */
  message(content: Buffer): void;
  /** The connection has ended. */
  closed(): void;
}

export type MessageApplication = (exchange: MessageExchange) => MessageHandler;

export interface NumberParameter {
  readonly kind: 'number';
  /** Kebab-case, with its unit as a suffix. */
  readonly name: string;
  /** One line, for `spr-bench list`. */
  readonly meaning: string;
  /** Bounds, both included. */
  readonly low: number;
  readonly high: number;
  readonly whole: boolean;
  readonly default: number;
}

export interface FileParameter {
  readonly kind: 'file';
  readonly name: string;
  readonly meaning: string;
}

/** A setting of a workload, as a user gives it: `request-reply:think-ms=20`. */
export type WorkloadParameter = NumberParameter | FileParameter;

/** A file that a user named. The harness has read it: a workload touches no file. */
export interface WorkloadFile {
  /** Without its folder. */
  readonly name: string;
  readonly text: string;
  /** Of its bytes, hexadecimal. */
  readonly sha256: string;
}

/** Values by the name of their parameter, within its bounds; those that were not given are absent. */
export type WorkloadSettings = Readonly<Record<string, number | WorkloadFile>>;

export interface Workload {
  /** Kebab-case, unique. The harness adds settings that are not the default, so that their results stay apart. */
  readonly id: string;
  readonly title: string;
  /** The question it answers, one line. */
  readonly question: string;
  readonly arrivals: Arrivals;
  /** `http/1.1` when absent. */
  readonly protocol?: Protocol;
  /**
   * Requests that a connection may have outstanding, >= 1; absent for 1. In HTTP/1.1 they are pipelined (RFC 9112 9.3.2),
   * and one that is not idempotent waits until it is alone.
   */
  readonly requestsInFlight?: number;
  /**
   * `events`: one request opens an event stream (text/event-stream), and the planned requests stand for its events, in
   * order: the time of each is when the server should send it. Absent: each request has a reply of its own.
   */
  readonly replies?: 'events';
  /** Connections when none are asked for. */
  readonly defaultConnections: number;
  /** `false` where nobody can know how often a request was executed; absent: its application records that. */
  readonly recordsExecutions?: boolean;
  /** Absent: it has no settings. */
  readonly parameters?: readonly WorkloadParameter[];
  /**
   * The same workload with these settings; present where `parameters` is.
   *
   * @throws UsageError when their content cannot be used
   */
  configure?(settings: WorkloadSettings): Workload;
  /** Pure: the same options and seed give the same plan. */
  plan(options: WorkloadOptions, prng: Prng): Plan;
  /**
   * @param nowMs a clock that clients and all replicas share, ms; the harness always gives one
   */
  application(bodies: SeededBytes, nowMs?: () => number): Application;
  /**
   * Protocol `websocket` only: serves connections that were upgraded; `application` answers all other requests. A planned
   * request is a message with the layout of `src/base/request-message.ts`, its reply one or several of them.
   */
  messages?(bodies: SeededBytes): MessageApplication;
  verify(request: PlannedRequest, status: number, bodies: SeededBytes): ReplyCheck;
}
