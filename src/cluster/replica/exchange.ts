/**
 * The exchange of a connection since its last commit boundary: which requests have been read, which of them are
 * answered, and whether a part of a next one has been read. It stands beside the protocol library, whose parser does
 * not tell.
 */
import { HttpFramingError, HttpMessageReader, type RequestHead } from '../../http/message-reader.js';
import type { TrackedResponse } from './tracked-response.js';

/** RFC 9110 9.2.2. */
const IDEMPOTENT_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

interface Request {
  response: TrackedResponse | undefined;
}

export class ExchangeTracker {
  readonly #reader: HttpMessageReader<'request'>;
  readonly #unanswered: Request[] = [];
  #answered = 0;
  #idempotent = true;
  #input: Buffer[] = [];
  #broken = false;

  constructor() {
    this.#reader = new HttpMessageReader('request', {
      head: (head) => this.#head(head),
      end() {},
    });
  }

  /** Client bytes that the application is about to see. */
  push(input: Buffer): void {
    this.#input.push(input);
    if (this.#broken) return;
    try {
      this.#reader.push(input);
    } catch (error) {
      if (!(error instanceof HttpFramingError)) throw error;
      // The protocol library answers it. Nothing behind it can be committed any more.
      this.#broken = true;
    }
  }

  /** Client bytes of the exchange so far. */
  get input(): readonly Buffer[] {
    return this.#input;
  }

  /**
   * Whether all requests of the exchange may be executed again. One that may not counts until the exchange ends, also
   * when it is answered: its reply may still be held for an outcome that only the last reply completes.
   */
  get idempotent(): boolean {
    return this.#idempotent;
  }

  /** Everything read is answered and no part of a next message has been read. */
  get atBoundary(): boolean {
    return !this.#broken && this.#unanswered.length === 0 && this.#reader.atBoundary;
  }

  /** The reply under way is the last one that the exchange is waiting for. */
  get completedByNextAnswer(): boolean {
    return !this.#broken && this.#unanswered.length === 1 && this.#reader.atBoundary;
  }

  /** No reply of this exchange has been completed yet. */
  get first(): boolean {
    return this.#answered === 0;
  }

  /** The application begins to answer the oldest request that has no response yet. */
  respond(response: TrackedResponse): void {
    const request = this.#unanswered.find((candidate) => candidate.response === undefined);
    if (request !== undefined) request.response = response;
  }

  /** The response whose bytes are on their way. */
  get current(): TrackedResponse | undefined {
    return this.#unanswered[0]?.response;
  }

  /** The current response is complete. */
  answer(): void {
    this.#unanswered.shift();
    this.#answered += 1;
  }

  /** A new exchange begins. */
  restart(): void {
    this.#input = [];
    this.#answered = 0;
    this.#idempotent = true;
  }

  #head(head: RequestHead): void {
    if (!IDEMPOTENT_METHODS.has(head.method)) this.#idempotent = false;
    this.#unanswered.push({ response: undefined });
  }
}
