/**
 * Requests and replies as messages. A line says what a message belongs to, the rest is content:
 *
 *     3-17 /echo?bytes=128\n...            a request: its id and target
 *     3-17 2/5\n...                        the second of the five messages of its reply
 */

export interface RequestMessage {
  readonly id: string;
  readonly target: string;
  readonly content: Buffer;
}

export interface ReplyMessage {
  readonly id: string;
  /** Place of the message in its reply, from 1 to `parts`. */
  readonly part: number;
  readonly parts: number;
  readonly content: Buffer;
}

/** An id and a short target; a line that is longer is none of ours. */
const MAX_LINE_BYTES = 256;
const LF = 0x0a;
const REQUEST_LINE = /^(\d+-\d+) (\/[!-~]*)$/;
const REPLY_LINE = /^(\d+-\d+) (\d{1,9})\/(\d{1,9})$/;

export function encodeRequestMessage({ id, target, content }: RequestMessage): Buffer {
  return Buffer.concat([Buffer.from(`${id} ${target}\n`, 'latin1'), content]);
}

export function encodeReplyMessage({ id, part, parts, content }: ReplyMessage): Buffer {
  return Buffer.concat([Buffer.from(`${id} ${part}/${parts}\n`, 'latin1'), content]);
}

/** Undefined when `message` is no request. */
export function parseRequestMessage(message: Buffer): RequestMessage | undefined {
  const { line, content } = splitLine(message);
  const [, id, target] = REQUEST_LINE.exec(line) ?? [];
  return id === undefined || target === undefined ? undefined : { id, target, content };
}

/** Undefined when `message` is no reply. */
export function parseReplyMessage(message: Buffer): ReplyMessage | undefined {
  const { line, content } = splitLine(message);
  const [, id, part, parts] = REPLY_LINE.exec(line) ?? [];
  if (id === undefined) return undefined;
  const reply = { id, part: Number(part), parts: Number(parts), content };
  return reply.part >= 1 && reply.part <= reply.parts ? reply : undefined;
}

function splitLine(message: Buffer): { line: string; content: Buffer } {
  const end = message.subarray(0, MAX_LINE_BYTES).indexOf(LF);
  if (end < 0) return { line: '', content: message };
  return { line: message.toString('latin1', 0, end), content: message.subarray(end + 1) };
}
