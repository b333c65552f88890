/** Collects what the load client saw, and makes reports of it. */
import type { LoadReport, LoadRotation, RequestOutcome, TransportRow } from '../contracts/load.js';
import type { PhaseAtFault } from '../contracts/results.js';
import type { Method, PlannedRequest } from '../contracts/workload.js';

/** A row that its transport fills in while it lives. */
export type OpenTransportRow = { -readonly [P in keyof TransportRow]: TransportRow[P] };

/** One request; what is not known yet is that of a request without a reply. */
export interface RequestRow {
  readonly connection: number;
  readonly id: string;
  readonly method: Method;
  readonly intendedMs: number;
  readonly sentMs: number;
  readonly closing: boolean;
  begunMs: number;
  repliedMs: number;
  outcome: RequestOutcome;
  /** Whether a reply is awaited. */
  pending: boolean;
}

export class LoadRecorder {
  #requests: RequestRow[] = [];
  #transports: OpenTransportRow[] = [];
  #corruptedBytes = 0;
  #lateStarts = 0;
  #longestSilenceMs = 0;
  #awaited: { readonly phase: PhaseAtFault; readonly resolve: () => void } | undefined;

  /** Resolves when a connection next enters `phase`. Of several calls the last one counts. */
  untilEntered(phase: PhaseAtFault): Promise<void> {
    return new Promise((resolve) => {
      this.#awaited = { phase, resolve };
    });
  }

  /**
   * A request is being sent. Until a reply says otherwise its outcome is that of a reply that never comes.
   *
   * @returns the row to complete with {@link replied} or {@link gaveUp}
   */
  sent(
    connection: number,
    request: PlannedRequest,
    intendedMs: number,
    sentMs: number,
    closing: boolean,
  ): RequestRow {
    // Only a method that is idempotent may be repeated by whoever asked (RFC 9110 9.2.2), so that nothing is in doubt.
    const withoutReply = request.method === 'POST' ? 'unknown' : 'failed';
    const row: RequestRow = {
      connection,
      id: request.id,
      method: request.method,
      intendedMs,
      sentMs,
      closing,
      begunMs: Number.NaN,
      repliedMs: Number.NaN,
      outcome: withoutReply,
      pending: true,
    };
    this.#requests.push(row);
    this.#entered('mid-request');
    return row;
  }

  /** A request was intended and never sent. */
  neverSent(connection: number, request: PlannedRequest, intendedMs: number, closing: boolean): void {
    const row = this.sent(connection, request, intendedMs, Number.NaN, closing);
    row.outcome = 'failed';
    row.pending = false;
  }

  /** The reply to the request in `row` begins; what is told of that later changes nothing. */
  begun(row: RequestRow, begunMs: number): void {
    if (!Number.isNaN(row.begunMs)) return;
    row.begunMs = begunMs;
    this.#entered('mid-response');
  }

  /** The whole reply to the request in `row` is there. */
  replied(row: RequestRow, repliedMs: number, verified: boolean): void {
    row.repliedMs = repliedMs;
    row.outcome = verified ? 'ok' : 'failed';
    row.pending = false;
    this.#entered('idle');
  }

  /** The reply to the request in `row` will never come. */
  gaveUp(row: RequestRow): void {
    row.pending = false;
  }

  /** A connection that awaited a reply got no byte for so long. */
  silent(silenceMs: number): void {
    if (silenceMs > this.#longestSilenceMs) this.#longestSilenceMs = silenceMs;
  }

  corrupted(bytes: number): void {
    this.#corruptedBytes += bytes;
  }

  startedLate(): void {
    this.#lateStarts++;
  }

  transportStarted(connection: number, startedMs: number, afterLoss: boolean): OpenTransportRow {
    const row: OpenTransportRow = {
      connection,
      localPort: null,
      startedMs,
      afterLoss,
      connectedMs: null,
      secureMs: null,
      resumed: null,
      answered: false,
      endedMs: null,
      cause: null,
    };
    this.#transports.push(row);
    this.#entered('handshake');
    return row;
  }

  /** Everything so far. */
  report(eventLoopDelayMaxMs: number): LoadReport {
    return this.#report(this.#requests, this.#transports, eventLoopDelayMaxMs);
  }

  /**
   * What has come to its end since the last call: requests with an outcome, transports that are gone. It is forgotten, so
   * that a load can go on for days.
   */
  rotate(eventLoopDelayMaxMs: number): LoadRotation {
    const settled = this.#requests.filter(({ pending }) => !pending);
    const ended = this.#transports.filter(({ endedMs }) => endedMs !== null);
    const report = this.#report(settled, ended, eventLoopDelayMaxMs);
    const rotation = { ...report, longestSilenceMs: this.#longestSilenceMs };
    this.#requests = this.#requests.filter(({ pending }) => pending);
    this.#transports = this.#transports.filter(({ endedMs }) => endedMs === null);
    this.#corruptedBytes = 0;
    this.#lateStarts = 0;
    this.#longestSilenceMs = 0;
    return rotation;
  }

  #entered(phase: PhaseAtFault): void {
    if (this.#awaited?.phase !== phase) return;
    this.#awaited.resolve();
    this.#awaited = undefined;
  }

  #report(
    requests: readonly RequestRow[],
    transports: readonly OpenTransportRow[],
    eventLoopDelayMaxMs: number,
  ): LoadReport {
    return {
      requests: {
        connection: Uint32Array.from(requests, ({ connection }) => connection),
        id: requests.map(({ id }) => id),
        method: requests.map(({ method }) => method),
        intendedMs: Float64Array.from(requests, ({ intendedMs }) => intendedMs),
        sentMs: Float64Array.from(requests, ({ sentMs }) => sentMs),
        begunMs: Float64Array.from(requests, ({ begunMs }) => begunMs),
        repliedMs: Float64Array.from(requests, ({ repliedMs }) => repliedMs),
        outcome: requests.map(({ outcome }) => outcome),
        closing: requests.map(({ closing }) => closing),
      },
      transports: transports.map((row) => ({ ...row })),
      corruptedBytes: this.#corruptedBytes,
      generator: { eventLoopDelayMaxMs, lateStarts: this.#lateStarts },
    };
  }
}
