import { describe, expect, it } from 'vitest';
import { markdown } from '../../reports/markdown.js';
import type { Summary } from '../../src/contracts/results.js';
import { fixtureResults } from '../fixtures/results.js';

/** Of a step summary of GitHub. */
const MAX_BYTES = 1024 * 1024;

async function render(changes: Partial<Summary>): Promise<string> {
  const results = fixtureResults();
  const summary = { ...results.summary, ...changes };
  return markdown.render({ ...results, summary }, { width: 80, colour: false });
}

function manyCells(count: number): Summary['cells'] {
  const [cell] = fixtureResults().summary.cells;
  if (cell === undefined) throw new Error('fixture: there is no cell');
  return Array.from({ length: count }, (_, i) => ({ ...cell, workload: `workload-${i}-${'é'.repeat(40)}` }));
}

describe('Markdown', () => {
  it('leaves nothing out while it fits', async () => {
    expect(await render({})).not.toMatch(/left out|Cut here/);
  });

  it('has the shares that were served again before people notice', async () => {
    const counts = { total: 1000, under100Ms: 2, under1S: 999, under5S: 1000, under11S: 1000 };
    const cells = manyCells(1).map((cell) => ({
      ...cell,
      perceived: { connections: counts, requests: null },
    }));
    const text = await render({ cells });
    expect(text).toContain('### What people would have noticed');
    expect(text).toMatch(/ \| 1,000 connections \| 0 \| 99 \| 100 \| 100 \|$/m);
    expect(
      await render({ cells: manyCells(1).map((cell) => ({ ...cell, perceived: undefined })) }),
    ).not.toContain('What people');
  });

  it('fits into a step summary, and says how many rows do not', async () => {
    const text = await render({ cells: manyCells(10_000), violations: ['trial 1: bad'] });
    const bytes = Buffer.byteLength(text);
    expect(bytes).toBeLessThanOrEqual(MAX_BYTES);
    expect(bytes).toBeGreaterThan(MAX_BYTES - 1000);
    const rows = text.split('\n').filter((line) => line.startsWith('| workload-')).length;
    expect(text).toContain(`${(10_000 - rows).toLocaleString('en-US')} further rows left out`);
    expect(text).toContain('### Violations\n\n- trial 1: bad');
  });

  it('fits also when a single text is longer than a step summary', async () => {
    const text = await render({ violations: ['first', 'x'.repeat(2 * MAX_BYTES), 'last'] });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_BYTES);
    expect(text).toContain('- first');
    expect(text).toMatch(/\n\nCut here: .*1 MiB.*\n$/);
  });
});
