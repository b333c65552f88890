/** One round of one stack: requests and processor time of a window in which all connections are established. */
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { processorTimeUs } from '../processor-time.js';
import type { Load } from './load.js';
import type { Stack } from './stack.js';

export interface Round {
  readonly requestsPerSecond: number;
  readonly frontCpuUs: number;
  readonly serverCpuUs: number;
}

export interface Case {
  readonly connections: number;
  readonly replyBytes: number;
}

/** Long enough that a burst of something else on the machine does not fill it, short enough for many rounds in turns. */
const WINDOW_MS = 2000;
/**
 * Handshakes are not part of the window: it begins when so many requests of each connection have been executed, on average.
 * A full handshake takes as long as ten or twenty requests, so that the last one is done by then.
 */
const SETTLED_REQUESTS_PER_CONNECTION = 20;
const SETTLE_POLL_MS = 50;
/** A starved machine makes 500 handshakes in some 10 s. */
const SETTLE_TIMEOUT_MS = 60_000;
const NEWLINE = 0x0a;

interface Reading {
  readonly atMs: number;
  readonly ledgerBytes: readonly number[];
  readonly frontCpuUs: number;
  readonly serverCpuUs: number;
}

/** All CPU times are per request. Rejects when a request failed, or when none was executed. */
export async function measureRound(stack: Stack, load: Load, of: Case): Promise<Round> {
  const running = load({ url: requestUrl(stack, of), connections: of.connections });
  try {
    const window = await readWindow(stack, of);
    await running.stop();
    return window;
  } catch (cause) {
    await running.stop().catch(() => {});
    throw new Error(`${stack.id}: ${of.connections} connections, ${of.replyBytes} B replies`, { cause });
  }
}

/** The target that the whole load asks for. */
export function requestUrl({ origin }: Stack, { replyBytes }: Case): string {
  return `${origin}/reply/0-0?bytes=${replyBytes}`;
}

async function readWindow(stack: Stack, of: Case): Promise<Round> {
  await untilSettled(stack, of.connections * SETTLED_REQUESTS_PER_CONNECTION);
  const from = await read(stack);
  await sleep(WINDOW_MS);
  const to = await read(stack);
  const requests = await countRequests(stack, from, to);
  if (requests === 0) throw new Error(`no request was executed within ${WINDOW_MS} ms`);
  return {
    requestsPerSecond: requests / ((to.atMs - from.atMs) / 1000),
    frontCpuUs: (to.frontCpuUs - from.frontCpuUs) / requests,
    serverCpuUs: (to.serverCpuUs - from.serverCpuUs) / requests,
  };
}

async function untilSettled(stack: Stack, requests: number): Promise<void> {
  const start = await read(stack);
  const deadlineMs = start.atMs + SETTLE_TIMEOUT_MS;
  for (;;) {
    const now = await read(stack);
    const executed = await countRequests(stack, start, now);
    if (executed >= requests) return;
    if (now.atMs > deadlineMs) {
      throw new Error(
        `${executed} requests were executed within ${SETTLE_TIMEOUT_MS} ms, ${requests} are needed`,
      );
    }
    await sleep(SETTLE_POLL_MS);
  }
}

async function read({ frontPid, serverPids, ledgerPaths }: Stack): Promise<Reading> {
  return {
    ledgerBytes: await Promise.all(ledgerPaths.map(fileBytes)),
    atMs: performance.now(),
    frontCpuUs: processorTimeUs(frontPid),
    serverCpuUs: serverPids.reduce((sum, pid) => sum + processorTimeUs(pid), 0),
  };
}

async function fileBytes(path: string): Promise<number> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return 0;
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

async function countRequests({ ledgerPaths }: Stack, from: Reading, to: Reading): Promise<number> {
  let requests = 0;
  for (const [index, path] of ledgerPaths.entries()) {
    const start = from.ledgerBytes[index] ?? 0;
    const length = (to.ledgerBytes[index] ?? 0) - start;
    if (length > 0) requests += await countLines(path, start, length);
  }
  return requests;
}

async function countLines(path: string, start: number, length: number): Promise<number> {
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, start);
    let lines = 0;
    for (const byte of buffer) if (byte === NEWLINE) lines += 1;
    return lines;
  } finally {
    await file.close();
  }
}
