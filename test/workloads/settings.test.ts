import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { createPrng } from '../../src/base/prng.js';
import type { PlannedRequest, Workload } from '../../src/contracts/workload.js';
import { loadWorkload } from '../../workloads/index.js';
import { configureWorkload } from '../../workloads/parts/parameters.js';
import { drawParetoBytes } from '../../workloads/parts/reply-sizes.js';
import { requestReply } from '../../workloads/request-reply.js';

const folder = mkdtempSync(join(tmpdir(), 'workload-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function refusal(specifier: string): Promise<string> {
  const error: unknown = await loadWorkload(specifier).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).message;
}

function take(workload: Workload, count: number): PlannedRequest[] {
  const options = { connections: 1, durationMs: 5000, arrivals: 'closed' } as const;
  const taken: PlannedRequest[] = [];
  for (const request of workload.plan(options, createPrng(5)).connections[0] ?? []) {
    if (taken.push(request) === count) break;
  }
  return taken;
}

describe('settings of a workload', () => {
  it('are part of its id, in one order, but for those that are the default', async () => {
    const { id } = await loadWorkload('request-reply:post-share=0.5:pipeline=1:think-ms=20');
    expect(id).toBe('request-reply:think-ms=20:post-share=0.5');
    expect((await loadWorkload(id)).id).toBe(id);
    expect((await loadWorkload('request-reply:think-ms=0')).id).toBe('request-reply');
  });

  it('are refused when they are unknown, wrong or given twice, with what is allowed', async () => {
    expect(await refusal('request-reply:thinkms=1')).toBe(
      'workload request-reply: the setting "thinkms" is unknown, it has think-ms, post-share, payload-bytes, bytes-before-fault, max-reply-bytes, pipeline, requests-per-connection',
    );
    expect(await refusal('request-reply:post-share=1.5')).toBe(
      'workload request-reply: post-share=1.5 must be a number from 0 to 1',
    );
    expect(await refusal('request-reply:pipeline=1.5')).toContain('must be a whole number from 1 to 64');
    expect(await refusal('request-reply:think-ms=')).toContain('think-ms= must be a number');
    expect(await refusal('request-reply:think-ms=1:think-ms=2')).toContain('"think-ms" is given twice');
  });

  it('of a module are found behind its URL', async () => {
    const path = join(folder, 'mine.mjs');
    writeFileSync(
      path,
      'const f = () => {}; export default { id: "mine", plan: f, application: f, verify: f };',
    );
    expect(await refusal(`file://${path}?a=1:size=2`)).toContain('setting "size" is unknown, it has none');
  });

  it('leave the parts of a mixed workload apart', async () => {
    const mixed = await loadWorkload('request-reply:post-share=1,idle-fleet:active-share=1');
    const [request] = take(mixed, 1);
    expect(request?.target).toMatch(/^\/request-reply\/reply\//);
    expect(request?.method).toBe('POST');
    await expect(loadWorkload('request-reply,request-reply:pipeline=2')).rejects.toThrow(
      'names a workload twice',
    );
  });
});

describe('a file among the settings', () => {
  const withFile: Workload = {
    ...requestReply,
    parameters: [{ kind: 'file', name: 'file', meaning: 'a file' }],
    configure: () => requestReply,
  };
  const path = join(folder, 'some file.log');
  const content = 'content';
  const hash = createHash('sha256').update(content).digest('hex');
  writeFileSync(path, content);

  it('is known by its name and the head of its hash', () => {
    const { id } = configureWorkload(withFile, [`file=${path}`]);
    expect(id).toBe(`request-reply:file=some_file.log:sha256=${hash.slice(0, 12)}`);
  });

  it('must have the hash that is given', () => {
    const head = hash.slice(0, 12);
    expect(() => configureWorkload(withFile, [`file=${path}`, `sha256=${head}`])).not.toThrow();
    for (const other of ['0'.repeat(12), head.slice(0, 4)]) {
      expect(() => configureWorkload(withFile, [`file=${path}`, `sha256=${other}`])).toThrow(
        `sha256=${other} is not of ${path}`,
      );
    }
    expect(() => configureWorkload(withFile, [`sha256=${head}`])).toThrow('is of a file, which is not given');
  });

  it('must be there', () => {
    expect(() => configureWorkload(withFile, ['file=/nowhere/at.all'])).toThrow(
      /file=\/nowhere\/at.all cannot be read: ENOENT/,
    );
  });
});

describe('request-reply with settings', () => {
  it('thinks, posts, closes and answers as it is told, on average', () => {
    const settings = [
      'think-ms=20',
      'post-share=0.5',
      'max-reply-bytes=1048576',
      'requests-per-connection=10',
    ];
    const requests = take(configureWorkload(requestReply, settings), 4000);
    const mean = (of: (request: PlannedRequest) => number): number =>
      requests.reduce((sum, request) => sum + of(request), 0) / requests.length;
    // Standard deviations: 0.32 ms, 0.008, 0.005.
    expect(mean(({ thinkMs }) => thinkMs ?? 0)).toBeCloseTo(20, -0.5);
    expect(Math.abs(mean(({ method }) => (method === 'POST' ? 1 : 0)) - 0.5)).toBeLessThan(0.04);
    expect(Math.abs(mean(({ close }) => (close === true ? 1 : 0)) - 0.1)).toBeLessThan(0.025);
    const sizes = requests.map(({ target }) => Number(target.split('=')[1])).sort((a, b) => a - b);
    expect(sizes[0]).toBeGreaterThanOrEqual(128);
    expect(sizes.at(-1)).toBeLessThanOrEqual(1_048_576);
  });

  it('changes nothing else by one setting', () => {
    const methods = (workload: Workload): string[] => take(workload, 300).map(({ method }) => method);
    const changed = configureWorkload(requestReply, ['think-ms=5', 'max-reply-bytes=4096']);
    expect(methods(changed)).toEqual(methods(requestReply));
  });
});

describe('drawParetoBytes', () => {
  it('has the tail that it should have', () => {
    const prng = createPrng(1);
    const sizes = Array.from({ length: 20_000 }, () => drawParetoBytes(100, 1_000_000, prng));
    // P(X > 10 low) is 10^-1.2 = 6.3 %, P(X > 100 low) 0.4 %: standard deviations 0.17 % and 0.04 %.
    const share = (bytes: number): number => sizes.filter((size) => size > bytes).length / sizes.length;
    expect(Math.abs(share(1000) - 0.063)).toBeLessThan(0.01);
    expect(Math.abs(share(10_000) - 0.004)).toBeLessThan(0.002);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000_000);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(100);
  });

  it('is one size when its bounds are', () => {
    expect(drawParetoBytes(128, 128, createPrng(1))).toBe(128);
  });
});
