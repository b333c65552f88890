/** What the messages of the WebSocket workload ask for, and what a replica has to remember of a connection. */
import { encodeReplyMessage } from '../../src/base/request-message.js';
import type { SeededBytes } from '../../src/contracts/workload.js';
import { replyKey } from './seeded-exchange.js';

/** What a message asks for: so many messages of so many bytes, the first at once or after the interval. */
export interface MessageTarget {
  readonly messages: number;
  /** Content of each. */
  readonly bytes: number;
  /** Between one and the next. */
  readonly intervalMs: number;
}

/** A reply that is under way. */
export interface PushSeries extends MessageTarget {
  readonly id: string;
  /** Place of the next message, from 1. */
  readonly next: number;
}

export interface PushState {
  /** Number of the newest message of the client; undefined before the first. */
  readonly newest: number | undefined;
  /** The next message of the first series is being sent, whatever the time. */
  readonly announced: boolean;
  readonly series: readonly PushSeries[];
}

/** Far above every plan; they keep a foreign client from filling a memory, and a state from passing its bound. */
const MAX_MESSAGES = 10_000;
const MAX_BYTES = 16 * 1024;
const MAX_INTERVAL_MS = 60_000;
const TARGET = /^\/messages\?count=(\d{1,5})&bytes=(\d{1,5})&every-ms=(\d{1,5})$/;

export function formatMessageTarget({ messages, bytes, intervalMs }: MessageTarget): string {
  return `/messages?count=${messages}&bytes=${bytes}&every-ms=${intervalMs}`;
}

/** Undefined when it is none of ours. */
export function parseMessageTarget(target: string): MessageTarget | undefined {
  const match = TARGET.exec(target);
  if (match === null) return undefined;
  const [messages = 0, bytes = 0, intervalMs = 0] = match.slice(1).map(Number);
  const allowed =
    messages >= 1 && messages <= MAX_MESSAGES && bytes <= MAX_BYTES && intervalMs <= MAX_INTERVAL_MS;
  return allowed ? { messages, bytes, intervalMs } : undefined;
}

/** The next message of a series. */
export function seriesMessage({ id, next, messages, bytes }: PushSeries, bodies: SeededBytes): Buffer {
  const pieces: Buffer[] = [];
  const start = (next - 1) * bytes;
  for (let at = start; at < start + bytes; ) {
    const piece = bodies.slice(replyKey(id), at, start + bytes - at);
    pieces.push(piece);
    at += piece.length;
  }
  return encodeReplyMessage({ id, part: next, parts: messages, content: Buffer.concat(pieces) });
}

/** As text: a few series fit into the 1 KiB that a checkpoint may have. */
export function encodePushState({ newest, announced, series }: PushState): Buffer {
  const lines = series.map((each) => `${each.id} ${each.next} ${formatMessageTarget(each)}`);
  return Buffer.from([`${newest ?? '-'} ${announced ? 1 : 0}`, ...lines].join('\n'), 'latin1');
}

/** Undefined when `bytes` are no state. */
export function parsePushState(bytes: Buffer): PushState | undefined {
  const [head = '', ...lines] = bytes.toString('latin1').split('\n');
  const [, newest, announced] = /^(-|\d{1,15}) ([01])$/.exec(head) ?? [];
  if (newest === undefined) return undefined;
  const series = lines.flatMap((line) => parseSeries(line) ?? []);
  if (series.length < lines.length) return undefined;
  return { newest: newest === '-' ? undefined : Number(newest), announced: announced === '1', series };
}

function parseSeries(line: string): PushSeries | undefined {
  const [, id, next, rest = ''] = /^(\d+-\d+) (\d{1,5}) (.*)$/.exec(line) ?? [];
  const target = parseMessageTarget(rest);
  if (id === undefined || target === undefined) return undefined;
  const series = { id, next: Number(next), ...target };
  return series.next >= 1 && series.next <= series.messages ? series : undefined;
}
