/**
 * A request whose content has been taken in part, as a request with the rest of it: the same header section but for its
 * Content-Length, then what is there of the content behind the part that was taken.
 */
import { HttpFramingError, parseRequestHead } from './message-head.js';

const END_OF_HEAD = Buffer.from('\r\n\r\n');
/** RFC 9112 2.2: empty lines before a request line are no part of the request. */
const LEADING_EMPTY_LINES = /^(\r\n)*/;
const CONTENT_LENGTH = /^content-length:.*$/im;

/**
 * @param input begins with a whole header section, which has been accepted before
 * @param takenBytes of the content
 * @returns undefined for a request without Content-Length: where its content is, only its chunks tell
 * @throws RangeError when there is not that much content
 */
export function shortenRequest(input: Buffer, takenBytes: number): Buffer | undefined {
  const leading = LEADING_EMPTY_LINES.exec(input.toString('latin1', 0, 64))?.[0].length ?? 0;
  const headEnd = input.indexOf(END_OF_HEAD, leading);
  if (headEnd < 0) throw new HttpFramingError('the header section of a request is not whole');
  const fields = input.toString('latin1', leading, headEnd + 2);
  const { contentLength } = parseRequestHead(fields);
  if (contentLength === undefined) return undefined;
  const contentStart = headEnd + END_OF_HEAD.length;
  const available = Math.min(contentLength, input.length - contentStart);
  if (!(takenBytes >= 0 && takenBytes <= available)) {
    throw new RangeError(`${takenBytes} bytes of content were taken, ${available} have come`);
  }
  const head = fields.replace(CONTENT_LENGTH, `Content-Length: ${contentLength - takenBytes}`);
  return Buffer.concat([Buffer.from(`${head}\r\n`, 'latin1'), input.subarray(contentStart + takenBytes)]);
}
