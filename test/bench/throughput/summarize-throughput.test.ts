import { describe, expect, it } from 'vitest';
import { createPrng } from '../../../src/base/prng.js';
import { summarizeThroughput } from '../../../src/bench/throughput/summarize-throughput.js';
import type { ThroughputRow } from '../../../src/contracts/throughput.js';

const STRATEGIES = ['full-handshake', 'spr'];

function row(strategy: string, round: number, changes: Partial<ThroughputRow> = {}): ThroughputRow {
  return {
    strategy,
    round,
    phase: 'before',
    requests: 100,
    requestsPerSecond: 1000,
    latencyMs: { p50: 4, p99: 9 },
    cpuUsPerRequest: 50,
    ...changes,
  };
}

function summarize(rows: readonly ThroughputRow[]) {
  return summarizeThroughput(STRATEGIES, rows, createPrng(1));
}

describe('the summary of loads', () => {
  it('compares loads of the same round, so that a drift of the machine cancels out', () => {
    const rows = [0, 1, 2, 3, 4, 5].flatMap((round) => [
      row('full-handshake', round, { requestsPerSecond: 1000 * (round + 1) }),
      row('spr', round, { requestsPerSecond: 900 * (round + 1), cpuUsPerRequest: 60 }),
    ]);
    const { strategies, comparisons } = summarize(rows);
    expect(strategies.map(({ strategy, requestsPerSecond }) => [strategy, requestsPerSecond])).toEqual([
      ['full-handshake', 3500],
      ['spr', 3150],
    ]);
    const rate = comparisons.find(({ metric }) => metric === 'requestsPerSecond');
    expect(rate).toMatchObject({ strategy: 'spr', phase: 'before', pairs: 6 });
    expect(rate?.ratio).toBeCloseTo(0.9);
    expect(rate?.interval?.low).toBeCloseTo(0.9);
    expect(comparisons.find(({ metric }) => metric === 'cpuUsPerRequest')?.ratio).toBeCloseTo(1.2);
  });

  it('gives no interval of fewer than six rounds', () => {
    const rows = [0, 1, 2, 3, 4].flatMap((round) => STRATEGIES.map((strategy) => row(strategy, round)));
    for (const { interval, pairs } of summarize(rows).comparisons) {
      expect({ interval, pairs }).toEqual({ interval: null, pairs: 5 });
    }
  });

  it('keeps the phases apart, and compares only rounds that both have', () => {
    const rows = [
      row('full-handshake', 0),
      row('spr', 0, { phase: 'after' }),
      row('full-handshake', 1, { phase: 'after', requestsPerSecond: 500 }),
      row('spr', 1, { phase: 'after', requestsPerSecond: 1000 }),
    ];
    const rates = summarize(rows).comparisons.filter(({ metric }) => metric === 'requestsPerSecond');
    expect(rates).toMatchObject([{ phase: 'after', pairs: 1 }]);
    expect(rates[0]?.ratio).toBeCloseTo(2);
  });

  it('has no ratio of what the system does not tell', () => {
    const rows = STRATEGIES.map((strategy) => row(strategy, 0, { cpuUsPerRequest: null }));
    const { strategies, comparisons } = summarize(rows);
    expect(strategies.map(({ cpuUsPerRequest }) => cpuUsPerRequest)).toEqual([null, null]);
    expect(comparisons.map(({ metric }) => metric)).toEqual(['requestsPerSecond', 'latencyP50Ms']);
  });
});
