import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { createPrng } from '../../src/base/prng.js';
import { createSeededBytes } from '../../src/base/seeded-bytes.js';
import type { PlannedRequest, Workload, WorkloadOptions } from '../../src/contracts/workload.js';
import { bulkDownload } from '../../workloads/bulk-download.js';
import { idleFleet } from '../../workloads/idle-fleet.js';
import { loadWorkload, WORKLOADS } from '../../workloads/index.js';
import { requestReply } from '../../workloads/request-reply.js';
import { describeWorkload } from './conformance.js';

for (const workload of WORKLOADS) describeWorkload(workload);
describeWorkload(await loadWorkload('request-reply,bulk-download,idle-fleet'));

describe('registry of workloads', () => {
  it('has every file of the folder', () => {
    const folder = dirname(fileURLToPath(new URL('../../workloads/index.ts', import.meta.url)));
    const files = readdirSync(folder).filter((name) => name.endsWith('.ts') && name !== 'index.ts');
    expect(WORKLOADS.map(({ id }) => `${id}.ts`).sort()).toEqual(files.sort());
  });

  it('finds a workload by its id', async () => {
    for (const workload of WORKLOADS) expect(await loadWorkload(workload.id)).toBe(workload);
    await expect(loadWorkload('nothing')).rejects.toThrow(UsageError);
  });

  it('mixes several: each has its share of the connections, and answers its own requests', async () => {
    const mixed = await loadWorkload('request-reply,bulk-download');
    const { connections } = mixed.plan(
      { connections: 4, durationMs: 1000, arrivals: 'closed' },
      createPrng(1),
    );
    const targets = connections.map((requests) => {
      for (const { target } of requests) return target.split('/')[1];
      return undefined;
    });
    expect(targets).toEqual(['request-reply', 'bulk-download', 'request-reply', 'bulk-download']);
    await expect(loadWorkload('request-reply,request-reply')).rejects.toThrow('names a workload twice');
    await expect(loadWorkload('request-reply,nothing')).rejects.toThrow(UsageError);
  });

  it('loads one by its path', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'workload-'));
    const [good, bad] = [join(folder, 'good.mjs'), join(folder, 'bad.mjs')];
    writeFileSync(
      good,
      'const f = () => {}; export default { id: "mine", plan: f, application: f, verify: f };',
    );
    writeFileSync(bad, 'export default { id: "mine" };');
    expect((await loadWorkload(good)).id).toBe('mine');
    await expect(loadWorkload(bad)).rejects.toThrow('default export has no id, plan, application and verify');
    await expect(loadWorkload('./none.js')).rejects.toThrow(UsageError);
  });
});

function take(
  workload: Workload,
  count: number,
  options: Partial<WorkloadOptions> = {},
  connection = 0,
): PlannedRequest[] {
  const all = { connections: connection + 1, durationMs: 5000, arrivals: 'closed', ...options } as const;
  const taken: PlannedRequest[] = [];
  for (const request of workload.plan(all, createPrng(1)).connections[connection] ?? []) {
    if (taken.push(request) === count) break;
  }
  return taken;
}

describe('request-reply', () => {
  it('has one POST in ten requests', () => {
    const posts = take(requestReply, 5000).filter(({ method }) => method === 'POST');
    // The standard deviation is 21.
    expect(Math.abs(posts.length - 500)).toBeLessThan(100);
  });

  it('has 20 open arrivals per second and connection', () => {
    const last = take(requestReply, 2000, { arrivals: 'open' }).at(-1);
    // 2,000 arrivals take 100 s; the standard deviation is 2.2 s.
    expect(Math.abs((last?.atMs ?? 0) - 100_000)).toBeLessThan(10_000);
  });
});

describe('bulk-download', () => {
  it('has replies of 1 to 16 MiB, each doubling equally often', () => {
    const counts = [0, 0, 0, 0];
    for (const { target } of take(bulkDownload, 2000)) {
      const doubling = Math.log2(Number(target.split('=')[1]) / 2 ** 20);
      expect(doubling >= 0 && doubling <= 4).toBe(true);
      const bin = Math.min(3, Math.floor(doubling));
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(100);
  });

  it('checkpoints every 256 KiB, and just ends when nothing is left', () => {
    const offsets: number[] = [];
    const exchange = {
      resumedFrom: Buffer.from('000000080000', 'hex'),
      recordExecution: () => {},
      checkpoint: (state: Buffer) => offsets.push(state.readUIntBE(0, 6)),
    };
    const application = bulkDownload.application(createSeededBytes(1));
    const request = new IncomingMessage(new Socket());
    request.method = 'GET';
    for (const [bytes, expected] of [
      [512 * 1024, ''],
      [512 * 1024 + 1, '1'],
    ] as const) {
      request.url = `/reply/0-0?bytes=${bytes}`;
      const response = new ServerResponse(request);
      let written = '';
      response.write = ((piece: Buffer, callback: () => void) => {
        written += String(piece.length);
        callback();
        return true;
      }) as typeof response.write;
      application(request, response, exchange);
      expect(written).toBe(expected);
      expect(response.writableEnded).toBe(true);
    }
    expect(offsets).toEqual([]);
  });

  it('refuses to go on from a state that is not of this reply', () => {
    const application = bulkDownload.application(createSeededBytes(1));
    for (const state of ['', '00', '000000080001']) {
      const request = new IncomingMessage(new Socket());
      request.method = 'GET';
      request.url = `/reply/0-0?bytes=${512 * 1024}`;
      const response = new ServerResponse(request);
      const exchange = {
        resumedFrom: Buffer.from(state, 'hex'),
        recordExecution: () => {},
        checkpoint: () => {},
      };
      application(request, response, exchange);
      expect(response.destroyed).toBe(true);
      expect(response.headersSent).toBe(false);
    }
  });
});

describe('idle-fleet', () => {
  it('has one active connection in twenty, and a last request on each other', () => {
    for (const connection of [0, 1, 19, 20, 21]) {
      const times = take(idleFleet, 300, { arrivals: 'open' }, connection).map(({ atMs }) => atMs);
      if (connection % 20 !== 0) expect(times).toEqual([0, 5000]);
      else expect(Math.abs((times[299] ?? 0) - 6000)).toBeLessThan(600);
    }
  });

  it('pauses behind each reply of an active connection, however late that comes', () => {
    const requests = take(idleFleet, 300);
    const pausesMs = requests.map(({ thinkMs = 0 }) => thinkMs);
    expect(Math.min(...pausesMs)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...pausesMs)).toBeLessThan(30);
    expect(Math.abs(pausesMs.reduce((sum, each) => sum + each, 0) - 6000)).toBeLessThan(600);
    // Requests with times of their own would follow each other without a pause behind a late reply.
    expect(new Set(requests.map(({ atMs }) => atMs))).toEqual(new Set([pausesMs[0]]));
  });
});
