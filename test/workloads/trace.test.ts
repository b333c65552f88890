import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { createPrng } from '../../src/base/prng.js';
import type { PlannedRequest, Workload } from '../../src/contracts/workload.js';
import { loadWorkload } from '../../workloads/index.js';
import { parseTrace } from '../../workloads/parts/trace.js';
import { trace } from '../../workloads/trace.js';

const LOG = `192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.0" 200 2326
192.0.2.2 - frank [10/Oct/2000:20:55:37 +0000] "POST /b \\"x\\" HTTP/1.1" 201 - "http://x/" "Agent [1] \\"q\\""

192.0.2.1 - a b [10/Oct/2000:13:55:36 -0700] "HEAD /c HTTP/1.1" 200 99
192.0.2.9 - - [10/Oct/2000:13:55:38 -0700] "-" 408 0 "-" "-"
192.0.2.3 - - [10/Oct/2000:13:55:39 -0700] "PATCH /d HTTP/1.1" 200 7\r
`;

const folder = mkdtempSync(join(tmpdir(), 'trace-'));
afterAll(() => rmSync(folder, { recursive: true }));

function har(entries: readonly unknown[]): string {
  return JSON.stringify({ log: { version: '1.2', entries } });
}

function take(workload: Workload, connection: number, count: number, seed = 1): PlannedRequest[] {
  const options = { connections: 3, durationMs: 1000, arrivals: 'open' } as const;
  const taken: PlannedRequest[] = [];
  for (const request of workload.plan(options, createPrng(seed)).connections[connection] ?? []) {
    if (taken.push(request) === count) break;
  }
  return taken;
}

describe('an access log', () => {
  it('is read as Common and as Combined Log Format, with times of any zone, spread over their second', () => {
    const { entries, durationMs } = parseTrace('log', LOG);
    expect(durationMs).toBe(4000);
    expect(entries).toEqual([
      { client: 0, atMs: 250, method: 'GET', bodyBytes: undefined, replyBytes: 2326 },
      { client: 0, atMs: 750, method: 'GET', bodyBytes: undefined, replyBytes: 0 },
      { client: 1, atMs: 1500, method: 'POST', bodyBytes: undefined, replyBytes: 0 },
      { client: 2, atMs: 3500, method: 'POST', bodyBytes: undefined, replyBytes: 7 },
    ]);
  });

  it.each([
    ['x', 'log, line 1: "x" is neither Common nor Combined Log Format'],
    [
      LOG.replace('/Oct/2000:13:55:36', '/Okt/2000:13:55:36'),
      'log, line 1: the time "10/Okt/2000:13:55:36 -0700" must be like',
    ],
    [
      LOG.replace(' 200 7', ' 200 99999999999'),
      'log, line 6: content of 99999999999 bytes, allowed are 67108864',
    ],
    ['\n\n', 'log: has no request'],
    ['a'.repeat(70_000), 'log, line 1: has 70000 characters, allowed are 65536'],
  ])('is refused with file, line and reason: %#', (text, message) => {
    expect(() => parseTrace('log', text)).toThrow(UsageError);
    expect(() => parseTrace('log', text)).toThrow(message);
  });
});

describe('a HAR', () => {
  const entry = (changes: object = {}) => ({
    startedDateTime: '2025-01-01T10:00:00.250+01:00',
    request: { method: 'PUT', bodySize: 12 },
    response: { content: { size: 34 } },
    connection: '443',
    ...changes,
  });

  it('is read with times, methods and sizes', () => {
    const later = { startedDateTime: '2025-01-01T09:00:00.750Z', connection: '80' };
    const unknown = { request: { method: 'GET', bodySize: -1 }, response: { content: { size: -1 } } };
    const { entries } = parseTrace('x.har', har([entry({ ...later, ...unknown }), entry()]));
    expect(entries).toEqual([
      { client: 0, atMs: 0, method: 'PUT', bodyBytes: 12, replyBytes: 34 },
      { client: 1, atMs: 500, method: 'GET', bodyBytes: undefined, replyBytes: 0 },
    ]);
  });

  it.each([
    ['{', 'x.har: is not JSON'],
    ['{"log":{}}', 'x.har: must have log.entries'],
    [har([]), 'x.har: has no request'],
    [
      har([entry(), entry({ startedDateTime: 'noon' })]),
      'x.har, entry 1: startedDateTime "noon" must be a time',
    ],
    [har([entry({ request: {} })]), 'x.har, entry 0: request.method "undefined" must be a method'],
    [har([entry({ response: { content: { size: 1e12 } } })]), 'entry 0: content of 1000000000000 bytes'],
    [har([null]), 'x.har, entry 0: startedDateTime'],
  ])('is refused with file, entry and reason: %#', (text, message) => {
    expect(() => parseTrace('x.har', text)).toThrow(UsageError);
    expect(() => parseTrace('x.har', text)).toThrow(message);
  });
});

describe('any text', () => {
  it('is a trace or a usage error', () => {
    const line = fc
      .tuple(fc.string(), fc.string(), fc.nat(), fc.string())
      .map(([a, b, c, d]) => `${a} - - [${b}] "${d}" 200 ${c}`);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          line,
          fc.json(),
          fc.json().map((value) => `{"log":{"entries":[${value}]}}`),
        ),
        (text) => {
          try {
            expect(parseTrace('x', text).entries.length).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toBeInstanceOf(UsageError);
          }
        },
      ),
    );
  });
});

describe('trace', () => {
  const path = join(folder, 'access.log');
  writeFileSync(path, LOG);

  it('replays the file at its times, beginning anywhere and going round', async () => {
    const workload = await loadWorkload(`trace:file=${path}:speed=2`);
    expect(workload.id).toMatch(/^trace:file=access\.log:sha256=[0-9a-f]{12}:speed=2$/);
    const requests = take(workload, 0, 7);
    expect(new Set(requests.map(({ target }) => target.split('?')[1]))).toEqual(
      new Set(['bytes=2326&body=0', 'bytes=0&body=0']),
    );
    const times = requests.map(({ atMs }) => atMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(0);
    // Two requests per lap of 4 s, twice as fast as recorded.
    expect((times[2] ?? 0) - (times[0] ?? 0)).toBeCloseTo(2000, 6);
    expect(take(workload, 0, 1, 2)).not.toEqual(take(workload, 0, 1, 3));
  });

  it('fills the load once when no speed is given', async () => {
    const requests = take(await loadWorkload(`trace:file=${path}`), 1, 3);
    expect(requests.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST']);
    expect(requests.map(({ bodyBytes }) => bodyBytes)).toEqual([64, 64, 64]);
    expect((requests[1]?.atMs ?? 0) - (requests[0]?.atMs ?? 0)).toBeCloseTo(1000, 6);
  });

  it('has a sample, with methods that may be executed again and others', () => {
    const options = { connections: 12, durationMs: 1000, arrivals: 'open' } as const;
    const connections = trace.plan(options, createPrng(1)).connections;
    const methods = new Set<string>();
    for (const requests of connections) {
      let count = 0;
      for (const { method, atMs } of requests) {
        if (atMs > 1000 || count++ > 50) break;
        methods.add(method);
      }
    }
    expect([...methods].sort()).toEqual(['GET', 'POST', 'PUT']);
  });
});
