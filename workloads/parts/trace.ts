/** Recorded requests: Common and Combined Log Format (Apache httpd, nginx and many others write them) and HAR 1.2. */
import { UsageError } from '../../src/base/errors.js';
import type { Method } from '../../src/contracts/workload.js';

export interface TraceEntry {
  /** Number of the client, in the order of their first requests. */
  readonly client: number;
  /** After the first request. */
  readonly atMs: number;
  /** What counts is whether it is idempotent (RFC 9110 9.2.2); a GET stands for all without content. */
  readonly method: Method;
  /** Undefined: the file does not tell. */
  readonly bodyBytes: number | undefined;
  readonly replyBytes: number;
}

export interface Trace {
  /** In the order of their times; at least one. */
  readonly entries: readonly TraceEntry[];
  /** From the first request to the end of the interval that the last one begins, > 0. */
  readonly durationMs: number;
}

/** An hour of a busy server. All of them are in memory. */
const MAX_ENTRIES = 1_000_000;
/** Longer than servers accept a request line; a line of a log without line ends is none. */
const MAX_LINE_CHARACTERS = 64 * 1024;
/** Held in memory while they are sent. */
const MAX_CONTENT_BYTES = 64 * 1024 * 1024;
const SECOND_MS = 1000;

/** As it is recorded: with a time of the day, and a name for its client. */
interface RecordedRequest extends Omit<TraceEntry, 'client'> {
  readonly clientName: string;
}

/**
 * @param name of the file, for messages
 * @throws UsageError naming the file and the line or entry, what is there and what is allowed
 */
export function parseTrace(name: string, text: string): Trace {
  if (/^\s*\{/.test(text)) return toTrace(name, parseHar(name, text), undefined);
  return toTrace(name, parseLog(name, text), SECOND_MS);
}

/** @param resolutionMs of the times, when many requests have the same one */
function toTrace(name: string, recorded: RecordedRequest[], resolutionMs: number | undefined): Trace {
  const sorted = recorded.sort((a, b) => a.atMs - b.atMs);
  const [first] = sorted;
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) throw new UsageError(`${name}: has no request`);
  const clients = new Map<string, number>();
  const spread = resolutionMs === undefined ? sorted : spreadOut(sorted, resolutionMs);
  const entries = spread.map(({ clientName, atMs, ...entry }) => {
    const client = clients.get(clientName) ?? clients.size;
    clients.set(clientName, client);
    return { ...entry, client, atMs: atMs - first.atMs };
  });
  const spanMs = last.atMs - first.atMs;
  return { entries, durationMs: spanMs + (resolutionMs ?? Math.max(1, spanMs / entries.length)) };
}

/** Requests of one second were spread over it, not made at its beginning: evenly, in the order of the file. */
function spreadOut(sorted: readonly RecordedRequest[], resolutionMs: number): RecordedRequest[] {
  const counts = new Map<number, number>();
  for (const { atMs } of sorted) counts.set(atMs, (counts.get(atMs) ?? 0) + 1);
  let previousMs = Number.NaN;
  let position = 0;
  return sorted.map((entry) => {
    position = entry.atMs === previousMs ? position + 1 : 0;
    previousMs = entry.atMs;
    return { ...entry, atMs: entry.atMs + ((position + 0.5) / (counts.get(entry.atMs) ?? 1)) * resolutionMs };
  });
}

/** host ident user [time] "request line" status bytes, and whatever follows. */
const LOG_LINE = /^(\S+) \S+ .*?\[([^\]]{1,64})\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d{1,15}|-)(?: |$)/;
const LOG_TIME = /^(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function parseLog(name: string, text: string): RecordedRequest[] {
  const requests: RecordedRequest[] = [];
  let number = 0;
  for (const line of text.split('\n')) {
    number += 1;
    if (line.trim() === '') continue;
    const where = `${name}, line ${number}`;
    const request = parseLogLine(where, line.trimEnd());
    if (request !== undefined) requests.push(request);
    if (requests.length > MAX_ENTRIES) throw new UsageError(`${where}: more than ${MAX_ENTRIES} requests`);
  }
  return requests;
}

/** Undefined for what a server logs when there was no request, as it does for a client that is too slow. */
function parseLogLine(where: string, line: string): RecordedRequest | undefined {
  if (line.length > MAX_LINE_CHARACTERS) {
    throw new UsageError(`${where}: has ${line.length} characters, allowed are ${MAX_LINE_CHARACTERS}`);
  }
  const [match, host = '', time = '', requestLine = '', , size = ''] = LOG_LINE.exec(line) ?? [];
  if (match === undefined) {
    throw new UsageError(`${where}: ${quote(line)} is neither Common nor Combined Log Format`);
  }
  const [method = ''] = requestLine.split(' ');
  const atMs = parseLogTime(where, time);
  if (!isToken(method) || !requestLine.includes(' ')) return undefined;
  return {
    clientName: host,
    atMs,
    ...exchangeOf(where, method, undefined, size === '-' ? 0 : Number(size)),
  };
}

function parseLogTime(where: string, text: string): number {
  const [match, day, month = '', year, hour, minute, second, sign, zoneHours, zoneMinutes] =
    LOG_TIME.exec(text) ?? [];
  const monthIndex = MONTHS.indexOf(month);
  if (match === undefined || monthIndex < 0) {
    throw new UsageError(`${where}: the time ${quote(text)} must be like 10/Oct/2000:13:55:36 -0700`);
  }
  const zoneMs = (sign === '-' ? -1 : 1) * (Number(zoneHours) * 60 + Number(zoneMinutes)) * 60 * SECOND_MS;
  return (
    Date.UTC(Number(year), monthIndex, Number(day), Number(hour), Number(minute), Number(second)) - zoneMs
  );
}

function parseHar(name: string, text: string): RecordedRequest[] {
  const entries = property(property(parseJson(name, text), 'log'), 'entries');
  if (!Array.isArray(entries)) throw new UsageError(`${name}: must have log.entries, as HAR 1.2 does`);
  if (entries.length > MAX_ENTRIES) throw new UsageError(`${name}: more than ${MAX_ENTRIES} entries`);
  return entries.map((entry, index) => parseHarEntry(`${name}, entry ${index}`, entry));
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${name}: is not JSON: ${reason}`, { cause: error });
  }
}

function parseHarEntry(where: string, entry: unknown): RecordedRequest {
  const started = property(entry, 'startedDateTime');
  const atMs = typeof started === 'string' ? Date.parse(started) : Number.NaN;
  if (Number.isNaN(atMs)) {
    throw new UsageError(`${where}: startedDateTime ${quote(String(started))} must be a time in ISO 8601`);
  }
  const request = property(entry, 'request');
  const response = property(entry, 'response');
  const method = property(request, 'method');
  if (typeof method !== 'string' || !isToken(method)) {
    throw new UsageError(`${where}: request.method ${quote(String(method))} must be a method`);
  }
  const connection = property(entry, 'connection');
  return {
    clientName: typeof connection === 'string' ? connection : '',
    atMs,
    // -1 says that nobody knows.
    ...exchangeOf(
      where,
      method,
      known(property(request, 'bodySize')),
      known(property(property(response, 'content'), 'size')) ?? 0,
    ),
  };
}

function known(bytes: unknown): number | undefined {
  return typeof bytes === 'number' && bytes >= 0 ? bytes : undefined;
}

function exchangeOf(
  where: string,
  name: string,
  bodyBytes: number | undefined,
  replyBytes: number,
): Pick<TraceEntry, 'method' | 'bodyBytes' | 'replyBytes'> {
  for (const bytes of [bodyBytes ?? 0, replyBytes]) {
    if (Number.isSafeInteger(bytes) && bytes <= MAX_CONTENT_BYTES) continue;
    throw new UsageError(`${where}: content of ${bytes} bytes, allowed are ${MAX_CONTENT_BYTES}`);
  }
  // The size that a log has for HEAD is that of the content that is not sent.
  return { method: methodOf(name), bodyBytes, replyBytes: name === 'HEAD' ? 0 : replyBytes };
}

/** RFC 9110 9.2.2, and RFC 5789 for PATCH; methods that nobody knows may do anything. */
function methodOf(name: string): Method {
  if (name === 'PUT') return 'PUT';
  return ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'DELETE'].includes(name) ? 'GET' : 'POST';
}

function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** Enough of a foreign value to recognise it, escaped, and no more. */
function quote(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
}
