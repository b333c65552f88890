import { describe, expect, it } from 'vitest';
import { createPrng } from '../../src/base/prng.js';
import { summarizeThroughput } from '../../src/bench/throughput/summarize-throughput.js';
import { type ThroughputResult, throughputSchema } from '../../src/contracts/throughput.js';
import { throughputTable } from '../../src/main/throughput-table.js';
import { FIXTURE_ENVIRONMENT } from '../fixtures/results.js';

function result(changes: Partial<ThroughputResult> = {}): ThroughputResult {
  const rows = (['full-handshake', 'spr'] as const).flatMap((strategy) =>
    (['before', 'after'] as const).map((phase) => ({
      round: 0,
      strategy,
      phase,
      requests: 1000,
      requestsPerSecond: strategy === 'spr' ? 11_000 : 10_000,
      latencyMs: { p50: 1.234, p99: 5.678 },
      cpuUsPerRequest: strategy === 'spr' ? 45 : 90,
    })),
  );
  return {
    schemaVersion: 1,
    complete: true,
    startedAt: '2026-11-01T00:00:00.000Z',
    command: 'spr-bench throughput',
    seed: 1,
    environment: FIXTURE_ENVIRONMENT,
    settings: {
      connections: 32,
      durationS: 2,
      replyBytes: 128,
      replicas: 3,
      rounds: 1,
      engine: 'adopted',
      tls: { version: '1.3', suite: 'aes-128-gcm', key: 'ecdsa-p256' },
    },
    reference: 'full-handshake',
    rows,
    ...summarizeThroughput(['full-handshake', 'spr'], rows, createPrng(1)),
    ...changes,
  };
}

describe('the table of throughput', () => {
  it('has a row for each strategy in each phase, with ratios to the reference', () => {
    const rows = throughputTable(result())
      .split('\n')
      .filter((line) => line.startsWith('spr'))
      .map((line) => line.split(/\s+/));
    expect(rows).toEqual([
      ['spr', '11,000', '1.10x', '1.23', '5.68', '45.0', '0.50x'],
      ['spr', '11,000', '1.10x', '1.23', '5.68', '45.0', '0.50x'],
    ]);
  });

  it('says when it is not complete', () => {
    expect(throughputTable(result())).not.toContain('ended early');
    expect(throughputTable(result({ complete: false }))).toContain('ended early');
  });

  it('is drawn from a document that the published schema describes', () => {
    expect(throughputSchema.parse(result())).toEqual(result());
  });
});
