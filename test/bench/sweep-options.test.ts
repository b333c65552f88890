import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { planTrials } from '../../src/bench/plan.js';
import { parseRunOptions } from '../../src/bench/run-options.js';
import { parseSweep } from '../../src/bench/sweep-options.js';

const RUN = { strategies: 'full-handshake,spr', workloads: 'request-reply', trials: 2, seed: 7 };

async function plan(sweep: string, more: Readonly<Record<string, unknown>> = {}) {
  return planTrials(await parseRunOptions({ ...RUN, ...more, sweep }, 1));
}

describe('parseSweep', () => {
  it('puts the values in order', () => {
    expect(parseSweep('connections=100,10,1000')).toMatchObject({
      parameter: 'connections',
      values: [10, 100, 1000],
    });
  });

  it.each([
    ['connections', 'must be a parameter and its values'],
    ['connections=', 'must be a parameter and its values'],
    ['=1,2', 'must be a parameter and its values'],
    ['connections=1,,2', 'must be a parameter and its values'],
    ['connections=1,x', 'must be a parameter and its values'],
    ['rtt-ms=-1,2', 'must be a parameter and its values'],
    ['connections=5', 'must have 2 to 32 values'],
    ['connections=5,5', 'a value is there twice'],
    [`rtt-ms=${Array.from({ length: 33 }, (_, index) => index).join(',')}`, 'must have 2 to 32 values'],
  ])('refuses %s', (text, message) => {
    expect(() => parseSweep(text)).toThrow(UsageError);
    expect(() => parseSweep(text)).toThrow(`--sweep ${text}: ${message}`);
  });
});

describe('a swept option of the run', () => {
  it('gives each trial its value, and its cell a name of its own', async () => {
    const specs = await plan('connections=10,100');
    expect(specs).toHaveLength(2 * 2 * 2);
    for (const { connections, sweep, workload } of specs) {
      expect(sweep).toEqual({ workload: 'request-reply', parameter: 'connections', value: connections });
      expect(workload).toBe(`request-reply connections=${connections}`);
    }
    expect(new Set(specs.map(({ connections }) => connections))).toEqual(new Set([10, 100]));
  });

  it('mixes the trials of all values within a block, under one seed', async () => {
    const specs = await plan('rtt-ms=0,10,50,100', { trials: 4 });
    const blocks = [0, 1, 2, 3].map((block) => specs.filter((spec) => spec.block === block));
    for (const block of blocks) {
      expect(block).toHaveLength(8);
      expect(new Set(block.map(({ seed }) => seed)).size).toBe(1);
    }
    const orders = blocks.map((block) => block.map(({ rttMs, strategy }) => `${rttMs} ${strategy}`).join());
    expect(new Set(orders).size).toBeGreaterThan(1);
  });

  it.each([
    ['rtt-ms=0,20', (spec: { rttMs: number }) => spec.rttMs, [0, 20]],
    [
      'warm-up-ms=0,3000',
      (spec: { warmUpMs?: number | undefined }) => spec.warmUpMs ?? Number.NaN,
      [0, 3000],
    ],
    ['session-age-ms=500,5000', (spec: { beforeMs: number }) => spec.beforeMs, [500, 5000]],
    [
      'heartbeat-interval-ms=20,40',
      (spec: { heartbeats: { intervalMs: number } }) => spec.heartbeats.intervalMs,
      [20, 40],
    ],
    [
      'heartbeat-missed=3,5',
      (spec: { heartbeats: { missedLimit: number } }) => spec.heartbeats.missedLimit,
      [3, 5],
    ],
  ])('reaches the trial: %s', async (sweep, read, expected) => {
    const specs = await plan(sweep);
    expect([...new Set(specs.map(read))].sort((a, b) => a - b)).toEqual(expected);
  });

  it('is checked as the option is', async () => {
    await expect(plan('connections=10,0.5')).rejects.toThrow('--connections 0.5: must be a whole number');
    await expect(plan('heartbeat-missed=3,5000')).rejects.toThrow('--heartbeat-missed 5000: must be');
  });

  it('cannot be given as well', async () => {
    await expect(plan('connections=10,20', { connections: 5 })).rejects.toThrow(
      '--sweep connections=10,20: --connections is given as well',
    );
  });
});

describe('a swept setting of the workloads', () => {
  it('makes a workload of each value that replicas load by its specifier', async () => {
    const options = await parseRunOptions({ ...RUN, sweep: 'payload-bytes=128,65536' }, 1);
    expect(options.workloads.map(({ specifier }) => specifier)).toEqual([
      'request-reply:payload-bytes=128',
      'request-reply:payload-bytes=65536',
    ]);
    expect(
      planTrials(options).map(({ sweep, workload }) => `${sweep?.workload} ${sweep?.value} ${workload}`),
    ).toContain('request-reply 128 request-reply:payload-bytes=128');
    const [, large] = options.workloads;
    const connections = { connections: 1, durationMs: 100, arrivals: 'closed' } as const;
    const { createPrng } = await import('../../src/base/prng.js');
    const [requests = []] = large?.plugin.plan(connections, createPrng(1)).connections ?? [];
    for (const request of requests) {
      expect(request.target).toMatch(/\?bytes=65536$/);
      break;
    }
  });

  it('gives bytes before the fault the time that they take', async () => {
    const specs = await plan('bytes-before-fault=0,8000000', { connections: 50 });
    const beforeMs = (value: number) => specs.find(({ sweep }) => sweep?.value === value)?.beforeMs ?? 0;
    expect(beforeMs(8_000_000) - beforeMs(0)).toBe((50 * 8_000_000) / 20_000);
  });

  it('is refused where a workload does not have it', async () => {
    await expect(plan('payload-bytes=1,2', { workloads: 'idle-fleet' })).rejects.toThrow(
      /--sweep payload-bytes: idle-fleet has no such setting; with it, allowed are connections, rtt-ms, .*think-ms/,
    );
    await expect(plan('payload-bytes=1,99999999')).rejects.toThrow(
      'payload-bytes=99999999 must be a whole number',
    );
  });
});

describe('a run that varies nothing', () => {
  it('says nothing of a sweep', async () => {
    const options = await parseRunOptions(RUN, 1);
    expect(options.sweep).toBeUndefined();
    for (const spec of planTrials(options)) expect(spec).not.toHaveProperty('sweep');
  });
});
