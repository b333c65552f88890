/** What the seeded workloads agree on: targets such as `/reply/3-17?bytes=128`, their content, and refusals. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange, PlannedRequest, ReplyCheck, SeededBytes } from '../../src/contracts/workload.js';
import { RefusedContentCheck, SeededCheck, WrongStatusCheck } from './seeded-check.js';

export interface SeededTarget {
  /** Request id. */
  readonly id: string;
  /** Length of the reply's content. */
  readonly bytes: number;
}

/** 1 GiB: far above every plan; it keeps a mistyped request from filling a disk or a day. */
const MAX_REPLY_BYTES = 1024 ** 3;

export function formatTarget({ id, bytes }: SeededTarget): string {
  return `/reply/${id}?bytes=${bytes}`;
}

/** The target of a request, or undefined when it is none of ours. */
export function parseTarget(target: string | undefined): SeededTarget | undefined {
  const [, id, digits] = /^\/reply\/(\d+-\d+)\?bytes=(\d{1,10})$/.exec(target ?? '') ?? [];
  if (id === undefined || digits === undefined) return undefined;
  const bytes = Number(digits);
  return bytes <= MAX_REPLY_BYTES ? { id, bytes } : undefined;
}

/** The sequence that the content of the reply to request `id` is cut from. */
export function replyKey(id: string): string {
  return `reply:${id}`;
}

/** The sequence that the content of request `id` is cut from. */
export function requestKey(id: string): string {
  return `request:${id}`;
}

/** The status must be 200 and the content as long as the target asks for, byte for byte. */
export function verifySeededReply(request: PlannedRequest, status: number, bodies: SeededBytes): ReplyCheck {
  const target = parseTarget(request.target);
  if (target === undefined) throw new Error(`request ${request.id} has a foreign target ${request.target}`);
  if (status === 400) return new RefusedContentCheck();
  if (status !== 200) return new WrongStatusCheck(target.bytes);
  return new SeededCheck(bodies, replyKey(target.id), target.bytes);
}

/** Header section of a seeded reply: the same each time, so that a regenerated reply is the same. */
export function writeSeededHead(response: ServerResponse, bytes: number): void {
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': bytes });
}

/** Answers with a whole small reply, in one write. */
export function sendSeededReply(response: ServerResponse, target: SeededTarget, bodies: SeededBytes): void {
  writeSeededHead(response, target.bytes);
  if (target.bytes === 0) response.end();
  else response.end(seededContent(replyKey(target.id), target.bytes, bodies));
}

/** What an application has to do with. */
export interface Served {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly exchange: Exchange;
  readonly bodies: SeededBytes;
}

/** Executes a request with `bodyBytes` of content when all of it is there and right: half a request must have no effect. */
export function executeContent(target: SeededTarget, bodyBytes: number, served: Served): void {
  const { request, response, exchange, bodies } = served;
  const check = new SeededCheck(bodies, requestKey(target.id), bodyBytes);
  let wrongBytes = 0;
  request.on('data', (content: Buffer) => {
    wrongBytes += check.push(content);
  });
  request.on('end', () => {
    wrongBytes += check.end();
    if (wrongBytes > 0) {
      refuse(request, response, 400, `${wrongBytes} bytes of the content are wrong or missing`);
      return;
    }
    exchange.recordExecution(target.id);
    sendSeededReply(response, target, bodies);
  });
}

/** Answers with an error. What is left of the request's content is read and dropped. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  message: string,
): void {
  request.resume();
  response.writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(message) });
  response.end(message);
}

/**
 * The client may go away at any time. That ends the exchange, and must not end the replica: an `error` event that nobody
 * listens to would.
 */
export function tolerateLoss(request: IncomingMessage, response: ServerResponse): void {
  request.on('error', ignore);
  response.on('error', ignore);
}

function ignore(): void {}

function seededContent(key: string, bytes: number, bodies: SeededBytes): Buffer {
  const first = bodies.slice(key, 0, bytes);
  if (first.length === bytes) return first;
  const pieces = [first];
  for (let at = first.length; at < bytes; ) {
    const piece = bodies.slice(key, at, bytes - at);
    pieces.push(piece);
    at += piece.length;
  }
  return Buffer.concat(pieces, bytes);
}
