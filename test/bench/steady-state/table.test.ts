import { describe, expect, it } from 'vitest';
import type { Round } from '../../../bench/steady-state/measure.js';
import { type Rounds, renderCase } from '../../../bench/steady-state/table.js';

const CASE = { connections: 32, replyBytes: 128 };

function round(requestsPerSecond: number, frontCpuUs: number, serverCpuUs: number): Round {
  return { requestsPerSecond, frontCpuUs, serverCpuUs };
}

/** The cells of the line that begins with `head`. */
function cells(table: string, head: string): string[] {
  const line = table.split('\n').find((each) => each.startsWith(`${head} `)) ?? '';
  return line.slice(head.length).trim().split(/ {2,}/);
}

describe('the table of a case', () => {
  const rounds: Rounds = new Map([
    ['ours', [round(1000, 10, 30), round(3000, 20, 40), round(4000, 30, 50)]],
    // The machine was half as fast in the second round, for both.
    ['theirs', [round(2000, 10, 10), round(1500, 40, 40), round(4000, 10, 30)]],
  ]);
  const table = renderCase(CASE, rounds, [
    ['ours', 'theirs'],
    ['ours', 'nobody'],
  ]);

  it('has the medians of each stack, and the processor time of all together', () => {
    expect(cells(table, 'ours')).toEqual(['3000', '20.0', '40.0', '60.0']);
    expect(cells(table, 'theirs')).toEqual(['2000', '10.0', '30.0', '40.0']);
  });

  it('compares round by round: least, median and greatest of the ratios, not ratios of medians', () => {
    expect(cells(table, 'ours / theirs')).toEqual([
      '1.00 (0.50 to 2.00)',
      '1.00 (0.50 to 3.00)',
      '1.67 (1.00 to 3.00)',
      '2.00 (0.75 to 2.00)',
    ]);
  });

  it('says what was measured, and leaves out what was not', () => {
    expect(table).toMatch(/^32 connections, 128 B replies, 3 rounds in turns; CPU in us per request\n/);
    expect(table).not.toContain('nobody');
  });
});
