import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createPrng } from '../../src/base/prng.js';
import { LoadClient } from '../../src/bench/load-client.js';
import { loadProtocolOf } from '../../src/bench/load-protocol/load-protocol-of.js';
import { type LoadConfig, type LoadReport, PLANNED_END } from '../../src/contracts/load.js';
import type { Workload } from '../../src/contracts/workload.js';
import { bulkDownload } from '../../workloads/bulk-download.js';
import { eventStream } from '../../workloads/event-stream.js';
import { idleFleet } from '../../workloads/idle-fleet.js';
import { configureWorkload } from '../../workloads/parts/parameters.js';
import { requestReply } from '../../workloads/request-reply.js';
import {
  createCertificate,
  type Disturb,
  limited,
  loadConfig,
  SEED,
  startServer,
  type TestServer,
} from './load-support.js';

const certificate = createCertificate();
const AS_GET = () => ({ method: 'GET', bodyBytes: 0 }) as const;
const AS_POST = () => ({ method: 'POST', bodyBytes: 64 }) as const;
const ONE = { connections: 1, durationMs: 60_000, arrivals: 'closed' } as const;
const OPEN = { ...ONE, arrivals: 'open' } as const;
const ALL = { faultMs: Number.NEGATIVE_INFINITY };

let cleanUp: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const step of cleanUp.reverse()) await step();
  cleanUp = [];
});

async function serve(workload: Workload, disturb?: Disturb): Promise<TestServer> {
  const server = await startServer(certificate, workload, disturb);
  cleanUp.push(() => server.close());
  return server;
}

async function open(
  server: TestServer,
  workload: Workload,
  changes: Partial<LoadConfig> = {},
): Promise<LoadClient> {
  const config = loadConfig(server.port, certificate.cert, changes);
  const client = new LoadClient(config, workload, await loadProtocolOf(workload));
  cleanUp.push(() => client.close());
  await client.open();
  return client;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

function blockEventLoop(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Runs the plan, which must be finite, to its end. `enough` replies or executions are awaited at the server. */
async function runAll(
  client: LoadClient,
  server: TestServer,
  enough: number,
  faultMs: number,
): Promise<LoadReport> {
  client.run(0);
  await until(() => server.targets.length >= enough);
  await client.stop(faultMs);
  return client.report();
}

function outcomes(report: LoadReport): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of report.requests.outcome) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

describe('LoadClient', () => {
  it.each(['1.3', '1.2'] as const)(
    'verifies all replies in the order of the plan over TLS %s',
    async (version) => {
      const workload = limited(requestReply, 40);
      const server = await serve(workload);
      const client = await open(server, workload, { tls: { version, ciphers: undefined } });
      const report = await runAll(client, server, 120, ALL.faultMs);

      expect(outcomes(report)).toEqual({ ok: 120 });
      expect(report.corruptedBytes).toBe(0);
      expect(report.requests.closing).not.toContain(true);
      const options = { connections: 3, durationMs: 60_000, arrivals: 'closed' } as const;
      const plan = workload.plan(options, createPrng(SEED));
      plan.connections.forEach((requests, index) => {
        const planned = [...requests];
        const sent = report.requests.id.filter((_, row) => report.requests.connection[row] === index);
        expect(sent).toEqual(planned.map(({ id }) => id));
      });
      expect(report.requests.method.filter((method) => method === 'POST').length).toBeGreaterThan(0);
      expect([...server.executions].sort()).toEqual([...report.requests.id].sort());
      const protocols = server.connections.map((socket) => socket.getProtocol());
      expect(new Set(protocols)).toEqual(new Set([`TLSv${version}`]));
      expect(report.transports).toHaveLength(3);
      for (const row of report.transports) {
        expect(row).toMatchObject({ resumed: false, endedMs: null, cause: null });
        expect(row.localPort).toBeGreaterThan(0);
        expect(row.secureMs).toBeGreaterThanOrEqual(row.connectedMs ?? Number.NaN);
      }
    },
  );

  it('verifies long replies', async () => {
    const workload = limited(bulkDownload, 2);
    const server = await serve(workload);
    const report = await runAll(await open(server, workload, { options: ONE }), server, 2, ALL.faultMs);
    expect(outcomes(report)).toEqual({ ok: 2 });
    expect(report.corruptedBytes).toBe(0);
  });

  it('orders the times of each request', async () => {
    const workload = limited(requestReply, 20);
    const server = await serve(workload);
    const { requests } = await runAll(await open(server, workload), server, 60, ALL.faultMs);
    for (let row = 0; row < requests.id.length; row++) {
      expect(requests.sentMs[row]).toBeGreaterThanOrEqual(requests.intendedMs[row] ?? Number.NaN);
      expect(requests.begunMs[row]).toBeGreaterThanOrEqual(requests.sentMs[row] ?? Number.NaN);
      expect(requests.repliedMs[row]).toBeGreaterThanOrEqual(requests.begunMs[row] ?? Number.NaN);
    }
  });

  it.each([
    { name: 'a long reply', workload: limited(bulkDownload, 1), options: ONE, heldWrite: 2, row: 0 },
    {
      name: 'an event stream',
      workload: limited(configureWorkload(eventStream, ['every-ms=1']), 5),
      options: OPEN,
      heldWrite: 3,
      row: 2,
    },
  ])('notes that $name has begun while the rest is still to come', async (each) => {
    const { workload, options, heldWrite, row } = each;
    let release: (() => void) | undefined;
    const server = await serve(workload, (_count, response) => {
      const write = response.write.bind(response) as (chunk: Buffer, done?: () => void) => boolean;
      let written = 0;
      response.write = ((chunk: Buffer, done?: () => void) => {
        written += 1;
        if (written !== heldWrite) return write(chunk, done);
        release = () => write(chunk, done);
        return true;
      }) as typeof response.write;
      return false;
    });
    const client = await open(server, workload, { options });
    client.run(client.report().transports[0]?.secureMs ?? 0);
    const timesOf = (at: number) => {
      const { begunMs, repliedMs } = client.report().requests;
      return { begunMs: begunMs[at] ?? Number.NaN, repliedMs: repliedMs[at] ?? Number.NaN };
    };
    await until(() => release !== undefined && !Number.isNaN(timesOf(row).begunMs));
    expect(timesOf(row).repliedMs).toBeNaN();
    const { begunMs } = timesOf(row);
    release?.();
    await until(() => !Number.isNaN(timesOf(row).repliedMs));
    expect(timesOf(row).begunMs).toBe(begunMs);
    expect(timesOf(row).repliedMs).toBeGreaterThan(begunMs);
  });

  it('counts latency in open arrivals from the planned time', async () => {
    const workload = limited(requestReply, 5, (_, index) => ({ atMs: index * 7 }));
    const server = await serve(workload);
    const { requests } = await runAll(
      await open(server, workload, { options: OPEN }),
      server,
      5,
      ALL.faultMs,
    );
    expect([...requests.intendedMs]).toEqual([0, 7, 14, 21, 28]);
  });

  it('counts starts that its own event loop made late', async () => {
    const workload = limited(requestReply, 2, (_, index) => ({ ...AS_GET(), atMs: 10 + index }));
    const server = await serve(workload);
    const client = await open(server, workload, { options: OPEN });
    const startMs = client.report().transports[0]?.secureMs ?? 0;
    client.run(startMs + 200);
    // The monitor measures from its second sample on; it takes one each 10 ms.
    await new Promise((resolve) => setTimeout(resolve, 60));
    blockEventLoop(400);
    await until(() => server.targets.length === 2);
    await client.stop(ALL.faultMs);
    // Only the first: the second waited for the first one's reply.
    expect(client.report().generator.lateStarts).toBe(1);
    expect(client.report().generator.eventLoopDelayMaxMs).toBeGreaterThan(100);
  });

  it('counts corrupted bytes, and the request as failed', async () => {
    const workload = limited(requestReply, 10, AS_GET);
    const server = await serve(workload, (count, response) => {
      if (count !== 4) return false;
      response.writeHead(200, { 'Content-Length': 128 }).end(Buffer.alloc(128));
      return true;
    });
    const report = await runAll(await open(server, workload), server, 30, ALL.faultMs);
    expect(outcomes(report)).toEqual({ ok: 29, failed: 1 });
    expect(report.corruptedBytes).toBeGreaterThan(100);
    expect(report.transports).toHaveLength(3);
  });

  it('counts missing bytes of a reply that claims success, and none of an error', async () => {
    const workload = limited(requestReply, 10, AS_GET);
    const server = await serve(workload, (count, response) => {
      if (count === 3) response.writeHead(200, { 'Content-Length': 0 }).end();
      else if (count === 6) response.writeHead(503, { 'Content-Length': 4 }).end('busy');
      else return false;
      return true;
    });
    const report = await runAll(await open(server, workload), server, 30, ALL.faultMs);
    expect(outcomes(report)).toEqual({ ok: 28, failed: 2 });
    expect(report.corruptedBytes).toBe(128);
  });

  it('gives a transport up that sends a reply twice', async () => {
    const workload = limited(requestReply, 10, AS_GET);
    const server = await serve(workload, (count, _response, socket) => {
      if (count !== 2) return false;
      const reply = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nreply';
      socket.write(reply + reply);
      return true;
    });
    const report = await runAll(await open(server, workload, { options: ONE }), server, 10, ALL.faultMs);
    expect(report.requests.outcome[1]).toBe('failed');
    expect(report.corruptedBytes).toBe(128 + 5);
    expect(report.transports.map(({ cause }) => cause)).toEqual(['a reply that nobody asked for', null]);
  });

  it.each([
    ['GET', AS_GET, { ok: 9, failed: 1 }],
    ['POST', AS_POST, { ok: 9, unknown: 1 }],
  ] as const)(
    'classifies a %s in flight at a loss, and goes on with the next request',
    async (_, change, expected) => {
      const workload = limited(requestReply, 10, change);
      const server = await serve(workload, (count, _response, socket) => {
        if (count === 5) socket.destroy();
        return count === 5;
      });
      const report = await runAll(await open(server, workload, { options: ONE }), server, 10, ALL.faultMs);
      expect(outcomes(report)).toEqual(expected);
      expect(report.requests.id).toEqual(Array.from({ length: 10 }, (_, index) => `0-${index}`));
      expect(report.requests.repliedMs[4]).toBeNaN();
      expect(report.transports).toHaveLength(2);
      expect(report.transports[0]?.cause).toMatch(/^(ECONNRESET|end|closed)$/);
      expect(report.transports[0]?.endedMs).not.toBeNull();
    },
  );

  it.each(['1.3', '1.2'] as const)('resumes the session over TLS %s only when told to', async (version) => {
    for (const [onTransportLost, resumed] of [
      ['full-handshake', false],
      ['resume-session', true],
    ] as const) {
      const workload = limited(requestReply, 10, AS_GET);
      const server = await serve(workload, (count, _response, socket) => {
        if (count === 8) socket.destroy();
        return count === 8;
      });
      const tls = { version, ciphers: undefined };
      const report = await runAll(
        await open(server, workload, { onTransportLost, tls }),
        server,
        30,
        ALL.faultMs,
      );
      expect(report.transports.map((row) => row.resumed)).toEqual([false, false, false, resumed]);
      expect(server.resumed).toEqual([false, false, false, resumed]);
    }
  });

  it('follows "Connection: close"', async () => {
    const workload = limited(requestReply, 4, AS_GET);
    const server = await serve(workload, (count, response) => {
      if (count === 2) response.setHeader('Connection', 'close');
      return false;
    });
    const report = await runAll(await open(server, workload, { options: ONE }), server, 4, ALL.faultMs);
    expect(outcomes(report)).toEqual({ ok: 4 });
    expect(report.transports.map(({ cause }) => cause)).toEqual(['connection: close', null]);
  });

  it('closes a connection as planned, and its next one is no reconnect after a loss', async () => {
    const workload = limited(requestReply, 6, (_, index) => ({ ...AS_GET(), close: index % 2 === 1 }));
    const server = await serve(workload);
    const report = await runAll(await open(server, workload, { options: ONE }), server, 6, ALL.faultMs);
    expect(outcomes(report)).toEqual({ ok: 6 });
    const ends = report.transports.map(({ cause, afterLoss }) => ({ cause, afterLoss }));
    const planned = { cause: PLANNED_END, afterLoss: false };
    expect(ends.slice(0, 3)).toEqual([planned, planned, planned]);
  });

  it('tells what is made after a loss from what is made after a planned end', async () => {
    const workload = limited(requestReply, 4, (_, index) => ({ ...AS_GET(), close: index === 2 }));
    const server = await serve(workload, (count, _response, socket) => {
      if (count === 2) socket.destroy();
      return count === 2;
    });
    const report = await runAll(await open(server, workload, { options: ONE }), server, 4, ALL.faultMs);
    expect(report.transports.map(({ afterLoss }) => afterLoss)).toEqual([false, true, false]);
  });

  it('thinks between a reply and the next request', async () => {
    const workload = limited(requestReply, 4, () => ({ ...AS_GET(), atMs: 0, thinkMs: 30 }));
    const server = await serve(workload);
    const { requests } = await runAll(await open(server, workload, { options: ONE }), server, 4, ALL.faultMs);
    for (let row = 1; row < 4; row++) {
      const pauseMs = (requests.intendedMs[row] ?? 0) - (requests.repliedMs[row - 1] ?? 0);
      expect(pauseMs).toBeCloseTo(30, 6);
      expect(requests.sentMs[row]).toBeGreaterThanOrEqual(requests.intendedMs[row] ?? Number.NaN);
    }
  });

  it('pipelines requests that are idempotent, and sends others alone', async () => {
    const workload = {
      ...limited(requestReply, 10, (_, index) => (index === 5 ? AS_POST() : AS_GET())),
      requestsInFlight: 3,
    };
    const server = await serve(workload);
    const { requests, ...report } = await runAll(
      await open(server, workload, { options: ONE }),
      server,
      10,
      ALL.faultMs,
    );
    expect(outcomes({ requests, ...report })).toEqual({ ok: 10 });
    expect(server.executions).toEqual(requests.id);
    const outstanding = Array.from(requests.sentMs, (sentMs, row) => {
      const before = [...requests.repliedMs].slice(0, row);
      return before.filter((repliedMs) => repliedMs > sentMs).length;
    });
    // The first three leave before any reply can be there; the POST and what follows it wait.
    expect(outstanding.slice(0, 3)).toEqual([0, 1, 2]);
    expect(Math.max(...outstanding)).toBe(2);
    expect([outstanding[5], outstanding[6]]).toEqual([0, 0]);
  });

  it('reads an event stream, and opens it again behind the last event after a loss', async () => {
    const fast = configureWorkload(eventStream, ['every-ms=2']);
    const workload = limited(fast, 60);
    let streams = 0;
    // The first two streams are cut off in the middle of an event.
    const server = await serve(workload, (_count, response, socket) => {
      streams += 1;
      if (streams > 2) return false;
      const write = response.write.bind(response) as (chunk: Buffer, done?: () => void) => boolean;
      let written = 0;
      response.write = ((chunk: Buffer, done?: () => void) => {
        written += 1;
        if (written < 15) return write(chunk, done);
        return write(chunk.subarray(0, 20), () => socket.destroy());
      }) as typeof response.write;
      return false;
    });
    const client = await open(server, workload, { options: OPEN });
    client.run(client.report().transports[0]?.secureMs ?? 0);
    await until(() => client.report().requests.outcome.filter((outcome) => outcome === 'ok').length === 60);
    await client.stop(ALL.faultMs);
    const { requests, transports, corruptedBytes } = client.report();
    expect(requests.id).toEqual(Array.from({ length: 60 }, (_, index) => `0-${index}`));
    expect(new Set(requests.outcome)).toEqual(new Set(['ok']));
    expect(corruptedBytes).toBe(0);
    expect(transports.map(({ afterLoss }) => afterLoss)).toEqual([false, true, true]);
    expect(server.headers.map((fields) => fields['last-event-id'])).toEqual([undefined, '0-13', '0-27']);
    // The times of the events count from one moment, whoever sends them.
    expect(new Set(server.headers.map((fields) => fields['events-start'])).size).toBe(1);
  });

  it.each([
    ['doubled', (blocks: Buffer[], block: Buffer) => [...blocks, block, block]],
    ['lost', (blocks: Buffer[]) => blocks],
  ])('finds an event that is %s', async (_, change) => {
    const workload = limited(configureWorkload(eventStream, ['every-ms=1']), 20);
    const server = await serve(workload, (_count, response) => {
      const write = response.write.bind(response) as (chunk: Buffer, done?: () => void) => boolean;
      let written = 0;
      response.write = ((chunk: Buffer, done?: () => void) => {
        written += 1;
        const blocks = written === 5 ? change([], chunk) : [chunk];
        return write(blocks.length === 0 ? Buffer.from(': nothing\n') : Buffer.concat(blocks), done);
      }) as typeof response.write;
      return false;
    });
    const client = await open(server, workload, { options: OPEN });
    client.run(client.report().transports[0]?.secureMs ?? 0);
    await until(() => client.report().corruptedBytes > 0);
    expect(client.report().requests.outcome).toContain('failed');
  });

  it('reconnects until a server is there again', async () => {
    const workload = limited(requestReply, 2_000, () => ({ ...AS_GET(), atMs: 0 }));
    const server = await serve(workload);
    const client = await open(server, workload);
    client.run(0);
    await until(() => server.targets.length > 10);
    await server.close();
    await until(() => client.report().transports.length >= 3 + 9);
    await client.stop(Number.NEGATIVE_INFINITY);
    const report = client.report();
    // The next attempt may be under way.
    const causes = report.transports.slice(3).flatMap(({ cause }) => cause ?? []);
    expect(new Set(causes)).toEqual(new Set(['ECONNREFUSED']));
    // Those in flight when the server went, and those that no transport was there for.
    expect(report.requests.outcome.filter((outcome) => outcome !== 'ok').length).toBeGreaterThanOrEqual(3);
    expect([...report.requests.sentMs].filter(Number.isNaN)).toHaveLength(3);
  });

  it('begins many connections some at a time, so that it reads replies in between', async () => {
    const workload = limited(requestReply, 1, AS_GET);
    const server = await serve(workload);
    const client = await open(server, workload, {
      options: { ...ONE, connections: 150 },
      connectConcurrency: 32,
    });
    client.run(0);
    expect(client.report().requests.id).toHaveLength(100);
    await until(() => server.targets.length === 150);
    await client.stop(0);
    expect(outcomes(client.report())).toEqual({ ok: 150 });
  });

  it('hands over what is settled and forgets it, while the load goes on', async () => {
    const held: ServerResponse[] = [];
    const server = await serve(requestReply, (count, response) => count === 3 && held.push(response) > 0);
    const client = await open(server, limited(requestReply, 5, AS_GET), { options: ONE });
    client.run(0);
    await until(() => held.length === 1);
    const first = client.rotate();
    expect(first.requests.id).toEqual(['0-0', '0-1']);
    expect(first.requests.outcome).toEqual(['ok', 'ok']);
    // The connection lives, and is not done with.
    expect(first.transports).toEqual([]);
    const second = client.rotate();
    expect(second.requests.id).toEqual([]);
    expect(second.longestSilenceMs).toBeGreaterThan(0);
    held[0]?.socket?.destroy();
    await until(() => server.executions.length === 4);
    await client.stop(0);
    const last = client.report();
    expect(last.requests.id).toEqual(['0-2', '0-3', '0-4']);
    expect(last.requests.outcome).toEqual(['failed', 'ok', 'ok']);
    expect(last.transports.map(({ endedMs }) => endedMs !== null)).toEqual([true, false]);
  });

  it('checks quiet connections when the load is over', async () => {
    const server = await serve(idleFleet);
    const options = { connections: 4, durationMs: 100_000, arrivals: 'closed' } as const;
    const client = await open(server, idleFleet, { options });
    client.run(0);
    await until(() => server.executions.length >= 8);
    // The active connection has requests after it, the idle ones do not.
    const faultMs = Math.max(...client.report().requests.repliedMs.filter((ms) => !Number.isNaN(ms)));
    await until(() => client.report().requests.sentMs.some((ms, row) => ms > faultMs && row > 8));
    await client.stop(faultMs);
    const { requests } = client.report();
    const closing = requests.id.filter((_, row) => requests.closing[row]);
    expect(closing).toEqual(['1-1', '2-1', '3-1']);
    expect(new Set(requests.outcome)).toEqual(new Set(['ok']));
  });

  it('refuses a certificate of another authority', async () => {
    const server = await serve(requestReply);
    const opened = open(server, requestReply, { ca: createCertificate().cert });
    await expect(opened).rejects.toThrow(/connection 0 could not be opened: \w*SELF_SIGNED\w*|SIGNATURE/);
  });

  it('refuses a certificate with another name', async () => {
    const server = await serve(requestReply);
    const opened = open(server, requestReply, { servername: 'other.test' });
    await expect(opened).rejects.toThrow('could not be opened: ERR_TLS_CERT_ALTNAME_INVALID');
  });
});
