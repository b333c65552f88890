/**
 * Parsing of one HTTP/1.1 header section (RFC 9112 2-5), as far as framing needs it. Strict where leniency would let
 * two parsers disagree about where a message ends (request smuggling, RFC 9112 11.2).
 */

/** Bytes that break HTTP/1.1 framing. The connection they came on cannot be used further. */
export class HttpFramingError extends Error {
  override readonly name: string = 'HttpFramingError';
}

interface Framing {
  /** From Content-Length; undefined without it. */
  readonly contentLength: number | undefined;
  /** `Transfer-Encoding: chunked`. */
  readonly chunked: boolean;
  /** Whether the sender ends the connection after this message (RFC 9112 9.3). */
  readonly connectionClose: boolean;
  /** Whether it asks for another protocol behind this message, or grants it (RFC 9110 7.8). */
  readonly upgrade: boolean;
}

export interface RequestHead extends Framing {
  readonly method: string;
  readonly target: string;
}

export interface ResponseHead extends Framing {
  readonly status: number;
}

/**
 * Parses a request's header section.
 *
 * @param text request line and field lines as latin1, up to and with the CRLF of the last one (without the empty line)
 * @throws HttpFramingError
 */
export function parseRequestHead(text: string): RequestHead {
  const lineEnd = endOfLine(text, 0);
  const methodEnd = tokenEnd(text, 0);
  const targetEnd = text.indexOf(' ', methodEnd + 1);
  const target = text.slice(methodEnd + 1, targetEnd);
  const delimited = methodEnd > 0 && text[methodEnd] === ' ' && targetEnd !== -1 && targetEnd < lineEnd;
  if (!delimited || !isTarget(target)) {
    throw malformed('request line', text.slice(0, lineEnd));
  }
  const minorVersion = parseVersion(text, targetEnd + 1, lineEnd);
  const framing = parseFields(text, lineEnd + 2, minorVersion);
  return { method: text.slice(0, methodEnd), target, ...framing };
}

/**
 * Parses a response's header section.
 *
 * @param text status line and field lines, as for {@link parseRequestHead}
 * @throws HttpFramingError
 */
export function parseResponseHead(text: string): ResponseHead {
  const lineEnd = endOfLine(text, 0);
  const minorVersion = parseVersion(text, 0, VERSION_BYTES);
  // The reason phrase is free text, and some servers leave out even the space before it.
  const status = text.slice(VERSION_BYTES + 1, Math.min(VERSION_BYTES + 4, lineEnd));
  const after = VERSION_BYTES + 4;
  const delimited = text[VERSION_BYTES] === ' ' && (after === lineEnd || text[after] === ' ');
  if (!delimited || !/^[1-5]\d\d$/.test(status)) throw malformed('status line', text.slice(0, lineEnd));
  return { status: Number(status), ...parseFields(text, lineEnd + 2, minorVersion) };
}

/**
 * Checks one field line of a trailer section; what it says cannot change the framing any more (RFC 9110 6.5.1).
 *
 * @throws HttpFramingError
 */
export function checkTrailerLine(text: string): void {
  fieldNameEnd(text, 0, endOfLine(text, 0));
}

const VERSION_BYTES = 'HTTP/1.1'.length;

function parseVersion(text: string, start: number, end: number): 0 | 1 {
  const version = text.slice(start, end);
  if (version === 'HTTP/1.1') return 1;
  if (version === 'HTTP/1.0') return 0;
  throw new HttpFramingError(`HTTP version ${quote(version)} is not supported: HTTP/1.1 and HTTP/1.0 are`);
}

function parseFields(text: string, start: number, minorVersion: 0 | 1): Framing {
  let contentLength: number | undefined;
  let chunked = false;
  let connection = '';
  let upgrade = false;
  for (let at = start; at < text.length; ) {
    const lineEnd = endOfLine(text, at);
    const nameEnd = fieldNameEnd(text, at, lineEnd);
    const name = framingFieldName(text, at, nameEnd);
    if (name !== undefined) {
      const value = trimOws(text.slice(nameEnd + 1, lineEnd));
      if (name === 'content-length') contentLength = parseContentLength(value, contentLength);
      else if (name === 'transfer-encoding') chunked = parseTransferEncoding(value, chunked, minorVersion);
      else if (name === 'upgrade') upgrade = true;
      else connection = connection === '' ? value : `${connection},${value}`;
    }
    at = lineEnd + 2;
  }
  if (chunked && contentLength !== undefined) {
    throw new HttpFramingError('both Content-Length and Transfer-Encoding are given (RFC 9112 6.3)');
  }
  return {
    contentLength,
    chunked,
    connectionClose: closes(connection, minorVersion),
    upgrade: upgrade && optionsOf(connection).includes('upgrade'),
  };
}

/** No space before the colon and no folded line (RFC 9112 5.1, 5.2): both are classic ways to hide a field. */
function fieldNameEnd(text: string, start: number, lineEnd: number): number {
  const nameEnd = tokenEnd(text, start);
  if (nameEnd === start || text[nameEnd] !== ':') throw malformed('field line', text.slice(start, lineEnd));
  return nameEnd;
}

const FRAMING_FIELDS = new Set(['content-length', 'transfer-encoding', 'connection', 'upgrade']);

/** The name in lower case if it matters for framing. The length decides for nearly all others, without a copy. */
function framingFieldName(text: string, start: number, end: number): string | undefined {
  const length = end - start;
  if (length !== 14 && length !== 17 && length !== 10 && length !== 7) return undefined;
  const name = text.slice(start, end).toLowerCase();
  return FRAMING_FIELDS.has(name) ? name : undefined;
}

function parseContentLength(value: string, earlier: number | undefined): number {
  if (earlier !== undefined)
    throw new HttpFramingError('Content-Length is given more than once (RFC 9112 6.3)');
  const length = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(length)) {
    throw new HttpFramingError(`Content-Length ${quote(value)} is not a decimal number up to 2^53 - 1`);
  }
  return length;
}

function parseTransferEncoding(value: string, chunked: boolean, minorVersion: 0 | 1): true {
  if (chunked || value.toLowerCase() !== 'chunked') {
    throw new HttpFramingError(
      `Transfer-Encoding ${quote(value)} is not supported: one "chunked" is (RFC 9112 6.1)`,
    );
  }
  if (minorVersion === 0)
    throw new HttpFramingError('Transfer-Encoding in an HTTP/1.0 message (RFC 9112 6.1)');
  return true;
}

function closes(connection: string, minorVersion: 0 | 1): boolean {
  if (connection === '') return minorVersion === 0;
  const options = optionsOf(connection);
  if (options.includes('close')) return true;
  return minorVersion === 0 && !options.includes('keep-alive');
}

function optionsOf(connection: string): string[] {
  return connection.toLowerCase().split(',').map(trimOws);
}

/** Index of the CRLF that ends the line at `start`. A bare CR, a bare LF or a NUL is an error (RFC 9112 2.2). */
function endOfLine(text: string, start: number): number {
  const lf = text.indexOf('\n', start);
  const end = lf - 1;
  if (text.indexOf('\r', start) !== end || lf === -1) {
    throw new HttpFramingError('a line of the header section does not end with CRLF');
  }
  const nul = text.indexOf('\0', start);
  if (nul !== -1 && nul < end) throw new HttpFramingError('the header section contains a NUL');
  return end;
}

/** Characters of a token (RFC 9110 5.6.2), by code. */
const TOKEN_CODES = Uint8Array.from({ length: 256 }, (_, code) =>
  /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code)) ? 1 : 0,
);

function tokenEnd(text: string, start: number): number {
  let end = start;
  while (TOKEN_CODES[text.charCodeAt(end)] === 1) end++;
  return end;
}

/** Visible characters and latin1 octets: whatever else a target holds is the application's matter. */
function isTarget(target: string): boolean {
  return /^[!-~\x80-\xff]+$/.test(target);
}

/** Optional white space (RFC 9110 5.6.3) is SP and HTAB only; `trim()` would also take away other characters. */
function trimOws(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isOws(value.charCodeAt(start))) start++;
  while (end > start && isOws(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isOws(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function malformed(what: string, line: string): HttpFramingError {
  return new HttpFramingError(`malformed ${what} ${quote(line)}`);
}

/** Enough of a foreign value to recognise it, escaped, and no more. */
function quote(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
}
