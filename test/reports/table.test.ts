import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { table } from '../../reports/table.js';
import type { Results } from '../../src/contracts/report.js';
import { fixtureResults } from '../fixtures/results.js';

async function lines(width: number, results: Results = fixtureResults(), colour = false): Promise<string[]> {
  return (await table.render(results, { width, colour })).trimEnd().split('\n');
}

describe('table', () => {
  it.each([32, 40, 60, 80, 99, 100, 120, 160, 300])('fits into %d columns', async (width) => {
    for (const line of await lines(width)) expect([...line].length).toBeLessThanOrEqual(width);
  });

  it('shows the measures of a row under their headings', async () => {
    const all = await lines(200);
    const row = all.find((line) => line.startsWith('full-state-copy'));
    expect(row?.split(/\s{2,}/)).toEqual([
      'full-state-copy',
      '33.7',
      '46.5',
      '0.19x [0.17, 0.20]',
      '240/0/0',
      '0/0',
      '0/0',
      '0',
      '61,000',
      '1,460',
      '0.11',
      '6',
    ]);
    expect(all[1]?.split(/\s{2,}/)).toHaveLength(12);
  });

  it('drops the least important columns first, and says which', async () => {
    const text = (await lines(80)).join(' ');
    expect(text).toContain('p50 ms');
    expect(text).toContain('to reference');
    expect(text).toMatch(/Not shown at this width: CPU ms\/rec/);
    expect((await lines(200)).join(' ')).not.toContain('Not shown');
  });

  it('groups the rows by workload, in the order of the strategies', async () => {
    const names = (await lines(160)).map((line) => line.split(/\s{2,}/)[0]);
    const order = ['full-handshake', 'session-resumption', 'full-state-copy', 'spr'];
    const start = names.indexOf('downloads, kill');
    expect(names.slice(start, start + 6)).toEqual(['downloads, kill', ...order, '']);
    expect(names.indexOf('uploads, kill')).toBeGreaterThan(names.indexOf('small-replies, kill'));
  });

  it('gives no interval for fewer pairs than it needs', async () => {
    expect((await lines(160)).join('\n')).toMatch(
      /session-resumption .* 0\.74x \(5 pairs\) .* 5 \+1 invalid/,
    );
  });

  it('lists violations and trials that do not count with their reasons', async () => {
    const results = fixtureResults();
    const text = (
      await lines(300, { ...results, summary: { ...results.summary, violations: ['trial 3: bad'] } })
    ).join('\n');
    expect(text).toContain('Violations:\n- trial 3: bad');
    expect(text).toContain('is invalid: 3 of 40 clients made a full handshake');
    expect(text).toContain('is inconclusive: the event loop');
  });

  it('tells under the rows what nothing could recover, and what a primary did that woke up', async () => {
    const results = fixtureResults();
    const reason = 'no replica\u001b[31m is left';
    const cells = results.summary.cells.map((cell) => {
      if (cell.workload !== 'downloads' || cell.replication === null) return cell;
      const notRecoverable = cell.strategy === 'session-resumption' ? null : { connections: 1240, reason };
      if (cell.strategy !== 'spr') return { ...cell, notRecoverable };
      const replication = { ...cell.replication, fenced: 1 };
      return {
        ...cell,
        replication,
        executions: cell.executions && { ...cell.executions, byFencedPrimary: 7 },
      };
    });
    const all = await lines(200, { ...results, summary: { ...results.summary, cells } });
    const notes = all.filter((line) => line.startsWith('- '));
    expect(notes.slice(0, 2)).toEqual([
      '- connections that could not be recovered: 1,240 of full-handshake and 1,240 of full-state-copy (no replica\ufffd[31m is left)',
      '- spr: the replaced primary lived on and executed 7 requests; 1 message of its replication was refused',
    ]);
    expect(all.indexOf(notes[0] ?? '')).toBe(all.indexOf('downloads, kill') + 5);
  });

  it('says which connections moved as planned, and how late replies came where nobody was lost', async () => {
    const results = fixtureResults();
    const cells = results.summary.cells.map((cell) => {
      if (cell.workload !== 'downloads') return cell;
      if (cell.strategy === 'spr') {
        const freezeMs = { p50: 3, p90: 4, p99: 5, max: 6, count: 70 };
        return { ...cell, handovers: { moved: 80, freezeMs } };
      }
      if (cell.strategy === 'full-state-copy') return { ...cell, handovers: { moved: 1, freezeMs: null } };
      if (cell.strategy !== 'full-handshake') return cell;
      return {
        ...cell,
        recoveryTimeMs: null,
        connections: { kept: 8, reconnected: 0, lost: 0, opened: 0 },
        latencyBeforeMs: { p50: 1, p99: 2 },
        latencyAfterMs: { p50: 1, p99: 90 },
      };
    });
    const all = await lines(200, { ...results, summary: { ...results.summary, cells } });
    expect(all.filter((line) => line.startsWith('- '))).toEqual(
      expect.arrayContaining([
        '- full-state-copy: 1 connection moved as planned; nobody waited',
        '- spr: 80 connections moved as planned; each stood still for 3.0 / 5.0 / 6.0 ms (p50 / p99 / max of 70)',
        '- full-handshake: all connections live; latency p99 from 2.0 to 90.0 ms since the fault',
      ]),
    );
  });

  it('says when a run is incomplete', async () => {
    const results = fixtureResults();
    const text = (await lines(100, { ...results, summary: { ...results.summary, complete: false } })).join(
      '\n',
    );
    expect(text).toContain('The run is incomplete');
  });

  it('has colours only when asked, and the same text with them', async () => {
    const coloured = await lines(120, fixtureResults(), true);
    const plain = await lines(120);
    expect(coloured.join('\n')).toContain('\u001b[32m');
    expect(plain.join('\n')).not.toContain('\u001b');
    expect(
      stripVTControlCharacters(coloured.join('\n'))
        .split('\n')
        .map((line) => line.trimEnd()),
    ).toEqual(plain);
  });
});
