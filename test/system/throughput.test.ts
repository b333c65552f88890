/** An off-the-shelf client against real clusters, before a fault and after it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { ThroughputResult } from '../../src/contracts/throughput.js';
import { temporaryFolder } from './support/folder.js';
import { ROOT, runCli } from './support/program.js';

const SMALL = ['--rounds', '1', '--duration-s', '1', '--connections', '4', '--seed', '1'];

describe('spr-bench throughput', () => {
  it('measures each strategy before and after the fault, and prints what its schema describes', async () => {
    const folder = temporaryFolder();
    const strategies = ['--strategies', 'full-handshake,spr'];
    const result = await runCli(['throughput', ...strategies, ...SMALL, '--json', '--out', folder]);
    expect(result).toMatchObject({ code: 0 });
    const document = JSON.parse(result.stdout) as ThroughputResult;
    const schema = readFileSync(join(ROOT, 'schemas/throughput.schema.json'), 'utf8');
    const isThroughput = new Ajv2020({ strict: true, strictTypes: false }).compile(JSON.parse(schema));
    expect(isThroughput(document), JSON.stringify(isThroughput.errors)).toBe(true);
    expect(JSON.parse(readFileSync(join(folder, 'throughput.json'), 'utf8'))).toEqual(document);
    expect(document.complete).toBe(true);
    expect(document.rows.map(({ strategy, phase }) => `${strategy} ${phase}`).sort()).toEqual([
      'full-handshake after',
      'full-handshake before',
      'spr after',
      'spr before',
    ]);
    for (const { requests, latencyMs, cpuUsPerRequest } of document.rows) {
      expect(requests).toBeGreaterThan(0);
      expect(latencyMs.p99).toBeGreaterThanOrEqual(latencyMs.p50);
      expect(cpuUsPerRequest).toBeGreaterThan(0);
    }
    const ratios = document.comparisons.filter(({ metric }) => metric === 'requestsPerSecond');
    expect(ratios.map(({ phase, pairs }) => [phase, pairs])).toEqual([
      ['before', 1],
      ['after', 1],
    ]);
  });
});
