/** Collects what the load client saw, in columns, and makes the report of it. */
import type { LoadReport, RequestOutcome, TransportRow } from '../contracts/load.js';
import type { Method, PlannedRequest } from '../contracts/workload.js';

/** A row that its transport fills in while it lives. */
export type OpenTransportRow = { -readonly [P in keyof TransportRow]: TransportRow[P] };

export class LoadRecorder {
  readonly #connection: number[] = [];
  readonly #id: string[] = [];
  readonly #method: Method[] = [];
  readonly #intendedMs: number[] = [];
  readonly #sentMs: number[] = [];
  readonly #repliedMs: number[] = [];
  readonly #outcome: RequestOutcome[] = [];
  readonly #closing: boolean[] = [];
  readonly #transports: OpenTransportRow[] = [];
  #corruptedBytes = 0;
  #lateStarts = 0;

  /**
   * A request is being sent. Until a reply says otherwise its outcome is that of a reply that never comes.
   *
   * @returns the row to complete with {@link replied}
   */
  sent(
    connection: number,
    request: PlannedRequest,
    intendedMs: number,
    sentMs: number,
    closing: boolean,
  ): number {
    // Only a method that is idempotent may be repeated by whoever asked (RFC 9110 9.2.2), so that nothing is in doubt.
    const withoutReply = request.method === 'POST' ? 'unknown' : 'failed';
    return this.#add(connection, request, intendedMs, sentMs, withoutReply, closing);
  }

  /** A request was intended and never sent. */
  neverSent(connection: number, request: PlannedRequest, intendedMs: number, closing: boolean): void {
    this.#add(connection, request, intendedMs, Number.NaN, 'failed', closing);
  }

  /** The whole reply to the request in `row` is there. */
  replied(row: number, repliedMs: number, verified: boolean): void {
    this.#repliedMs[row] = repliedMs;
    this.#outcome[row] = verified ? 'ok' : 'failed';
  }

  corrupted(bytes: number): void {
    this.#corruptedBytes += bytes;
  }

  startedLate(): void {
    this.#lateStarts++;
  }

  transportStarted(connection: number, startedMs: number): OpenTransportRow {
    const row: OpenTransportRow = {
      connection,
      localPort: null,
      startedMs,
      connectedMs: null,
      secureMs: null,
      resumed: null,
      endedMs: null,
      cause: null,
    };
    this.#transports.push(row);
    return row;
  }

  report(eventLoopDelayMaxMs: number): LoadReport {
    return {
      requests: {
        connection: new Uint32Array(this.#connection),
        id: [...this.#id],
        method: [...this.#method],
        intendedMs: new Float64Array(this.#intendedMs),
        sentMs: new Float64Array(this.#sentMs),
        repliedMs: new Float64Array(this.#repliedMs),
        outcome: [...this.#outcome],
        closing: [...this.#closing],
      },
      transports: this.#transports.map((row) => ({ ...row })),
      corruptedBytes: this.#corruptedBytes,
      generator: { eventLoopDelayMaxMs, lateStarts: this.#lateStarts },
    };
  }

  #add(
    connection: number,
    request: PlannedRequest,
    intendedMs: number,
    sentMs: number,
    outcome: RequestOutcome,
    closing: boolean,
  ): number {
    this.#connection.push(connection);
    this.#id.push(request.id);
    this.#method.push(request.method);
    this.#intendedMs.push(intendedMs);
    this.#sentMs.push(sentMs);
    this.#repliedMs.push(Number.NaN);
    this.#outcome.push(outcome);
    return this.#closing.push(closing) - 1;
  }
}
