/**
 * Message framing of HTTP/1.1 (RFC 9112 6) without I/O: finds where the messages of a byte stream begin and end, however
 * the stream is cut.
 *
 * Out of scope: replies to HEAD (the reader does not know the request) and CONNECT. Only the chunked transfer coding is
 * supported. What follows an upgrade is not HTTP: it is handed on as it is.
 */
import {
  checkTrailerLine,
  HttpFramingError,
  parseRequestHead,
  parseResponseHead,
  type RequestHead,
  type ResponseHead,
} from './message-head.js';

export { HttpFramingError, type RequestHead, type ResponseHead } from './message-head.js';

export interface HttpHeads {
  readonly request: RequestHead;
  readonly response: ResponseHead;
}
export type HttpMessageKind = keyof HttpHeads;

/** What is told of each message, in order: one `head`, any number of `content`, one `end`. */
export interface HttpMessageHandler<K extends HttpMessageKind> {
  head?(head: HttpHeads[K]): void;
  /** Content without chunk framing, never empty; a view of the pushed chunk, valid during the call. */
  content?(bytes: Buffer): void;
  end(): void;
  /**
   * The stream is no HTTP from here on: what of it is there, and later every chunk. Without this method a message that asks
   * for an upgrade is one like any other.
   */
  upgraded?(bytes: Buffer): void;
}

export interface HttpLimits {
  /** Bound of a header section and of a trailer section, with their final empty line. */
  readonly headBytes: number;
  /** Bound of the extensions of one chunk, which nobody uses. */
  readonly chunkExtensionBytes: number;
}

/** The header bound is that of node:http, so that neither accepts what the other refuses. */
const DEFAULT_LIMITS: HttpLimits = { headBytes: 16 * 1024, chunkExtensionBytes: 256 };

type State =
  /** Before a message; a request may have empty lines before it (RFC 9112 2.2). */
  | 'start'
  /** After the CR of such an empty line. */
  | 'start-lf'
  | 'head'
  | 'content'
  | 'until-close'
  | 'chunk-size'
  | 'chunk-extension'
  | 'chunk-size-lf'
  | 'chunk-content'
  | 'chunk-end-cr'
  | 'chunk-end-lf'
  | 'trailer'
  | 'upgraded'
  | 'failed';

const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;
const END_OF_HEAD = Buffer.from('\r\n\r\n');
const END_OF_LINE = Buffer.from('\r\n');
const NOTHING = Buffer.alloc(0);

/** A chunk of 2^44 bytes is more than any message here; more digits would leave the safe integers. */
const MAX_CHUNK_SIZE_DIGITS = 11;

export class HttpMessageReader<K extends HttpMessageKind> {
  readonly #kind: K;
  readonly #handler: HttpMessageHandler<K>;
  readonly #parseHead: (text: string) => HttpHeads[K];
  readonly #limits: HttpLimits;
  #state: State = 'start';
  /** Content bytes of the message, or of the chunk, that are still to come. */
  #remaining = 0;
  /** Of the current chunk-size line. */
  #chunkSizeDigits = 0;
  #chunkExtensionBytes = 0;
  #trailerBytes = 0;
  /** The part of a header or trailer section that came in earlier chunks. */
  #carry: Buffer = NOTHING;
  /** The last header section that came in one piece, and what it says: a server mostly says the same again. */
  #lastHead: { readonly bytes: Buffer; readonly head: HttpHeads[K] } | undefined;

  /**
   * @param kind what the stream consists of
   * @param handler may call anything but this reader; what it throws leaves `push`
   */
  constructor(kind: K, handler: HttpMessageHandler<K>, limits: Partial<HttpLimits> = {}) {
    this.#kind = kind;
    this.#handler = handler;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    // The two parsers are the two values of K, which the compiler cannot see.
    this.#parseHead = (kind === 'request' ? parseRequestHead : parseResponseHead) as (
      text: string,
    ) => HttpHeads[K];
  }

  /** Whether everything read belongs to complete messages: no part of a next one has been read. */
  get atBoundary(): boolean {
    return this.#state === 'start';
  }

  /**
   * Reads the next bytes of the stream.
   *
   * @throws HttpFramingError when they break the framing, and always after that
   */
  push(chunk: Buffer): void {
    if (this.#state === 'failed') throw new HttpFramingError('the stream has already failed');
    try {
      let at = 0;
      while (at < chunk.length) at = this.#step(chunk, at);
    } catch (error) {
      this.#state = 'failed';
      throw error;
    }
  }

  /**
   * The stream has ended. A response without a length is complete by that (RFC 9112 6.3).
   *
   * @throws HttpFramingError when a message is incomplete
   */
  finish(): void {
    if (this.#state === 'until-close') this.#endMessage();
    else if (this.#state !== 'start') {
      this.#state = 'failed';
      throw new HttpFramingError('the stream ended inside a message');
    }
  }

  /** Consumes bytes of `chunk` from `at` on, at least one or a change of state; returns where it stopped. */
  #step(chunk: Buffer, at: number): number {
    switch (this.#state) {
      case 'start':
        return this.#readStart(chunk, at);
      case 'start-lf':
        this.#expect(chunk, at, LF, 'an empty line before a request');
        this.#state = 'start';
        return at + 1;
      case 'head':
        return this.#readHead(chunk, at);
      case 'content':
      case 'chunk-content':
      case 'until-close':
        return this.#readContent(chunk, at);
      case 'trailer':
        return this.#readTrailer(chunk, at);
      case 'upgraded':
        this.#handler.upgraded?.(chunk);
        return chunk.length;
      default:
        return this.#readChunkLine(chunk, at);
    }
  }

  #readStart(chunk: Buffer, at: number): number {
    if (chunk[at] !== CR || this.#kind !== 'request') {
      this.#state = 'head';
      return at;
    }
    this.#state = 'start-lf';
    return at + 1;
  }

  #readHead(chunk: Buffer, at: number): number {
    const isFirstPart = this.#carry.length === 0;
    const last = this.#lastHead;
    if (last !== undefined && isFirstPart && beginsWith(chunk, at, last.bytes)) {
      return this.#takeHead(last.head, chunk, at + last.bytes.length);
    }
    const section = this.#readSection(chunk, at, END_OF_HEAD);
    if (section === undefined) return chunk.length;
    const head = this.#parseHead(section.text);
    // Requests differ in their targets.
    if (isFirstPart && this.#kind === 'response') {
      this.#lastHead = { bytes: Buffer.from(chunk.subarray(at, section.end)), head };
    }
    return this.#takeHead(head, chunk, section.end);
  }

  /** @returns how far `chunk` has been read; its header section ends at `end` */
  #takeHead(head: HttpHeads[K], chunk: Buffer, end: number): number {
    this.#handler.head?.(head);
    if (head.upgrade && this.#handler.upgraded !== undefined) return this.#upgrade(head, chunk, end);
    this.#beginContent(head);
    return end;
  }

  #upgrade({ chunked, contentLength = 0 }: HttpHeads[K], chunk: Buffer, at: number): number {
    if (chunked || contentLength > 0) throw new HttpFramingError('a message that upgrades has content');
    this.#handler.end();
    this.#state = 'upgraded';
    this.#handler.upgraded?.(chunk.subarray(at));
    return chunk.length;
  }

  /**
   * The text up to the first CRLF of `terminator`, with that CRLF, and where the section ends in `chunk`; undefined while
   * it is incomplete.
   */
  #readSection(chunk: Buffer, at: number, terminator: Buffer): { text: string; end: number } | undefined {
    const carried = this.#carry.length;
    // The common case reads the section where it lies. A section in parts is put together, which its bound makes cheap.
    const bytes = carried === 0 ? chunk : Buffer.concat([this.#carry, this.#withinLimit(chunk, at)]);
    const start = carried === 0 ? at : 0;
    const found = bytes.indexOf(terminator, Math.max(start, carried - terminator.length + 1));
    const length = (found === -1 ? bytes.length : found + terminator.length) - start;
    if (length > this.#limits.headBytes) throw this.#sectionTooLong();
    if (found === -1) {
      // A copy: the chunk is only lent to this call.
      this.#carry = carried === 0 ? Buffer.from(bytes.subarray(at)) : bytes;
      return undefined;
    }
    this.#carry = NOTHING;
    return { text: bytes.toString('latin1', start, found + 2), end: at + length - carried };
  }

  /** One byte beyond the limit is enough to see that it is passed. */
  #withinLimit(chunk: Buffer, at: number): Buffer {
    return chunk.subarray(at, at + this.#limits.headBytes - this.#carry.length + 1);
  }

  #beginContent(head: RequestHead | ResponseHead): void {
    if ('status' in head && !hasContent(head.status)) this.#endMessage();
    else if (head.chunked) this.#beginChunk();
    else if (head.contentLength !== undefined) {
      this.#remaining = head.contentLength;
      this.#state = 'content';
      if (this.#remaining === 0) this.#endMessage();
    } else if ('status' in head) {
      this.#remaining = Number.POSITIVE_INFINITY;
      this.#state = 'until-close';
    } else this.#endMessage();
  }

  #readContent(chunk: Buffer, at: number): number {
    const end = Math.min(chunk.length, at + this.#remaining);
    this.#remaining -= end - at;
    this.#handler.content?.(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
    if (this.#remaining === 0) {
      if (this.#state === 'content') this.#endMessage();
      else this.#state = 'chunk-end-cr';
    }
    return end;
  }

  #beginChunk(): void {
    this.#remaining = 0;
    this.#chunkSizeDigits = 0;
    this.#chunkExtensionBytes = 0;
    this.#trailerBytes = 0;
    this.#state = 'chunk-size';
  }

  /** One byte of the framing around a chunk (RFC 9112 7.1). */
  #readChunkLine(chunk: Buffer, at: number): number {
    const byte = chunk[at] ?? 0;
    switch (this.#state) {
      case 'chunk-size':
        this.#readChunkSize(byte);
        break;
      case 'chunk-extension':
        this.#readChunkExtension(byte);
        break;
      case 'chunk-size-lf':
        this.#expect(chunk, at, LF, 'a chunk-size line');
        this.#state = this.#remaining === 0 ? 'trailer' : 'chunk-content';
        break;
      case 'chunk-end-cr':
        this.#expect(chunk, at, CR, 'a chunk');
        this.#state = 'chunk-end-lf';
        break;
      case 'chunk-end-lf':
        this.#expect(chunk, at, LF, 'a chunk');
        this.#beginChunk();
        break;
      default:
        throw new Error(`state ${this.#state} has no chunk line`);
    }
    return at + 1;
  }

  #readChunkSize(byte: number): void {
    const digit = hexDigit(byte);
    if (digit >= 0 && this.#chunkSizeDigits < MAX_CHUNK_SIZE_DIGITS) {
      this.#remaining = this.#remaining * 16 + digit;
      this.#chunkSizeDigits++;
    } else if (digit < 0 && this.#chunkSizeDigits > 0 && (byte === CR || byte === SEMICOLON)) {
      this.#state = byte === CR ? 'chunk-size-lf' : 'chunk-extension';
    } else {
      throw new HttpFramingError(
        `byte ${byte} in a chunk size: 1 to ${MAX_CHUNK_SIZE_DIGITS} hexadecimal digits are allowed`,
      );
    }
  }

  #readChunkExtension(byte: number): void {
    if (byte === CR) this.#state = 'chunk-size-lf';
    else if (byte === LF || ++this.#chunkExtensionBytes > this.#limits.chunkExtensionBytes) {
      throw new HttpFramingError(
        `a chunk extension has a bare LF or more than ${this.#limits.chunkExtensionBytes} bytes`,
      );
    }
  }

  /** One line of the trailer section, which an empty one ends. The fields are checked and dropped. */
  #readTrailer(chunk: Buffer, at: number): number {
    const line = this.#readSection(chunk, at, END_OF_LINE);
    if (line === undefined) return chunk.length;
    this.#trailerBytes += line.text.length;
    if (this.#trailerBytes > this.#limits.headBytes) throw this.#sectionTooLong();
    if (line.text.length > END_OF_LINE.length) checkTrailerLine(line.text);
    else this.#endMessage();
    return line.end;
  }

  #endMessage(): void {
    this.#state = 'start';
    this.#handler.end();
  }

  #sectionTooLong(): HttpFramingError {
    return new HttpFramingError(`a header or trailer section is longer than ${this.#limits.headBytes} bytes`);
  }

  #expect(chunk: Buffer, at: number, byte: number, what: string): void {
    if (chunk[at] !== byte) throw new HttpFramingError(`${what} does not end with CRLF`);
  }
}

/** Whether `bytes` are in `chunk` from `at` on. */
function beginsWith(chunk: Buffer, at: number, bytes: Buffer): boolean {
  const end = at + bytes.length;
  return end <= chunk.length && chunk.compare(bytes, 0, bytes.length, at, end) === 0;
}

/** Interim responses, 204 and 304 end with their header section (RFC 9112 6.3). */
function hasContent(status: number): boolean {
  return status >= 200 && status !== 204 && status !== 304;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
