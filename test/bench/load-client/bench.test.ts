/** The rest of the load client's benchmark that needs no process. */
import { describe, expect, it } from 'vitest';
import { parseWrkLatencies } from '../../../bench/load-client/contenders.js';
import fixedReply from '../../../bench/load-client/fixed-reply.js';
import { OTHER_BUILD, OURS } from '../../../bench/load-client/names.js';
import { readOptions } from '../../../bench/load-client/options.js';
import { createPrng } from '../../../src/base/prng.js';
import type { PlannedRequest } from '../../../src/contracts/workload.js';
import { configureWorkload } from '../../../workloads/parts/parameters.js';

describe('the latencies that wrk prints', () => {
  const printed = (p50: string, p99: string) =>
    `  Latency Distribution\n     50%  ${p50}\n     75%    9.99ms\n     90%    9.99ms\n     99%  ${p99}\n  24563 requests`;

  it.each([
    ['  512.00us', '    1.04ms', 0.512, 1.04],
    ['    2.61ms', '    1.25s', 2.61, 1250],
  ])('%s and %s are read with their units', (p50, p99, p50Ms, p99Ms) => {
    expect(parseWrkLatencies(printed(p50, p99))).toEqual({ p50Ms, p99Ms });
  });

  it('are missed when they are not there', () => {
    expect(() => parseWrkLatencies('  24563 requests in 3.01s')).toThrow('wrk printed no latencies');
  });
});

describe('the fixed reply', () => {
  const COUNT = 2000;
  const plan = (arrivals: 'open' | 'closed', ...settings: string[]): PlannedRequest[][] => {
    const workload = configureWorkload(fixedReply, settings);
    const { connections } = workload.plan({ connections: 4, durationMs: 1000, arrivals }, createPrng(1));
    return connections.map((requests) => {
      const taken: PlannedRequest[] = [];
      for (const request of requests) {
        taken.push(request);
        if (taken.length === COUNT) break;
      }
      return taken;
    });
  };

  it('is asked for by every request, with a GET', () => {
    const requests = plan('closed', 'reply-bytes=500').flat();
    expect(new Set(requests.map(({ target }) => target))).toEqual(new Set(['/reply/0-0?bytes=500']));
    expect(new Set(requests.map(({ method }) => method))).toEqual(new Set(['GET']));
  });

  it('is asked for at the rate that was given, by all connections together, alike each time', () => {
    const connections = plan('open', 'rate-per-second=5000');
    for (const requests of connections) {
      const spanMs = requests.at(-1)?.atMs ?? Number.NaN;
      // Of so many exponential gaps the mean is within 10 % but once in 100,000 times, and the seed is fixed.
      expect((COUNT / spanMs) * 1000 * 4).toBeGreaterThan(4500);
      expect((COUNT / spanMs) * 1000 * 4).toBeLessThan(5500);
    }
    expect(plan('open', 'rate-per-second=5000')).toEqual(connections);
  });
});

describe('the options of the benchmark', () => {
  it('are all loops, and this build alone, when nothing is said', () => {
    const options = readOptions([]);
    expect(options).toMatchObject({ loops: ['closed', 'open'], connections: [32, 500], replyBytes: 128 });
    expect([...options.builds]).toEqual([[OURS, undefined]]);
    expect([...readOptions(['--against', '/tmp/dist']).builds]).toEqual([
      [OURS, undefined],
      [OTHER_BUILD, '/tmp/dist'],
    ]);
  });

  it.each([
    ['--loops', 'shut', 'closed, open'],
    ['--connections', '32,0', 'whole number'],
    ['--rates', '1.5', 'whole number'],
    ['--rounds', 'many', 'whole number'],
  ])('%s %s is refused with what is allowed', (option, value, allowed) => {
    expect(() => readOptions([option, value])).toThrow(new RegExp(`^${option}: .*${allowed}`));
  });
});
