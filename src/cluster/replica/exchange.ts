/**
 * The exchange of a connection since its last commit boundary: which requests have been read, which of them are
 * answered, and whether a part of a next one has been read. It stands beside the protocol library, whose parser does
 * not tell.
 *
 * A connection that was upgraded to WebSocket is one exchange to its end. What the application's checkpoints cover is no
 * input of it any more.
 */
import { HttpFramingError, HttpMessageReader, type RequestHead } from '../../http/message-reader.js';
import { shortenRequest } from '../../http/shorten-request.js';
import { WebSocketFramingError } from '../../http/websocket-frame-reader.js';
import type { TrackedReply } from './tracked-response.js';
import { WebSocketInput } from './websocket-input.js';

/** RFC 9110 9.2.2. */
const IDEMPOTENT_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);

interface Request {
  response: TrackedReply | undefined;
}

/** Behind a request that upgraded its connection. */
interface Upgraded {
  /** Everything up to the end of the request. */
  readonly request: Buffer;
  readonly messages: WebSocketInput;
}

export class ExchangeTracker {
  #reader = new HttpMessageReader('request', { head: (head) => this.#head(head), end() {} });
  readonly #unanswered: Request[] = [];
  #answered = 0;
  #idempotent = true;
  #input: Buffer[] = [];
  #broken = false;
  #upgraded: Upgraded | undefined;
  /** Content of the request that is answered now that the input does not have any more. */
  #shortenedBytes = 0;
  /** Whether output of this exchange has been made, here or by the replica that had it before. */
  outputBegun = false;

  /** Requests may upgrade the connection to WebSocket. To be said before its first byte. */
  acceptUpgrades(): void {
    this.#reader = new HttpMessageReader('request', {
      head: (head) => this.#head(head),
      end() {},
      upgraded: (bytes) => this.#receiveFrames(bytes),
    });
  }

  /** Client bytes that the application is about to see. */
  push(input: Buffer): void {
    // A library that unmasks messages does it in place.
    const own = this.#upgraded === undefined ? input : Buffer.from(input);
    // The library ends a WebSocket that it cannot read; what it is sent until then would only pile up.
    if (this.#broken && this.#upgraded !== undefined) return;
    this.#input.push(own);
    if (this.#broken) return;
    try {
      this.#reader.push(own);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
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
    const nothingWaits =
      this.#upgraded === undefined ? this.#reader.atBoundary : !this.#upgraded.messages.waiting;
    return !this.#broken && this.#unanswered.length === 1 && nothingWaits;
  }

  /** Whether it can be said what the application has been given. */
  get readable(): boolean {
    return !this.#broken;
  }

  /** No reply of this exchange has been completed yet. */
  get first(): boolean {
    return this.#answered === 0;
  }

  /** The application begins to answer the oldest request that has no response yet. */
  respond(response: TrackedReply): void {
    const request = this.#unanswered.find((candidate) => candidate.response === undefined);
    if (request !== undefined) request.response = response;
  }

  /** The response whose bytes are on their way. */
  get current(): TrackedReply | undefined {
    return this.#unanswered[0]?.response;
  }

  /** The current response is complete. */
  answer(): void {
    this.#unanswered.shift();
    this.#answered += 1;
    this.#shortenedBytes = 0;
  }

  /** The application has been given the oldest whole message of its WebSocket, or the oldest control frame. */
  given(kind: 'message' | 'control'): void {
    this.#upgraded?.messages.given(kind);
  }

  /**
   * The application can go on from here: what it was given is no input any more.
   *
   * @param contentBytes of the request that is answered now, taken by its handler since it was called
   * @returns whether the input has become another one by that
   * @throws RangeError when there is not that much content, or less than at the last checkpoint
   */
  checkpointed(contentBytes: number): boolean {
    if (this.#upgraded === undefined) return this.#shortenRequest(contentBytes);
    const { request, messages } = this.#upgraded;
    this.#input = [request, ...messages.unhandled];
    return true;
  }

  /** A new exchange begins. */
  restart(): void {
    this.#input = [];
    this.#answered = 0;
    this.#idempotent = true;
    this.outputBegun = false;
  }

  /** The input becomes a request with the rest of the content. It must begin with that request. */
  #shortenRequest(contentBytes: number): boolean {
    if (contentBytes === this.#shortenedBytes) return false;
    const shortened = shortenRequest(Buffer.concat(this.#input), contentBytes - this.#shortenedBytes);
    if (shortened === undefined) return false;
    this.#input = [shortened];
    this.#shortenedBytes = contentBytes;
    return true;
  }

  /** @param bytes what there is behind the request that upgraded, or a later chunk */
  #receiveFrames(bytes: Buffer): void {
    if (this.#upgraded === undefined) {
      const all = Buffer.concat(this.#input);
      const request = all.subarray(0, all.length - bytes.length);
      this.#upgraded = { request, messages: new WebSocketInput() };
      // Of this chunk the library may unmask the rest before the next one comes.
      if (bytes.length > 0) this.#upgraded.messages.push(all.subarray(request.length));
      this.#input = [all];
    } else this.#upgraded.messages.push(bytes);
  }

  #head(head: RequestHead): void {
    if (!IDEMPOTENT_METHODS.has(head.method)) this.#idempotent = false;
    this.#unanswered.push({ response: undefined });
  }
}

/** What the protocol library does not accept either. */
function isUnreadable(error: unknown): boolean {
  return (
    error instanceof HttpFramingError || error instanceof WebSocketFramingError || error instanceof RangeError
  );
}
