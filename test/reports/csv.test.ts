import { describe, expect, it } from 'vitest';
import { csv } from '../../reports/csv.js';
import type { Results } from '../../src/contracts/report.js';
import { fixtureResults } from '../fixtures/results.js';
import { parseCsv } from './parsers/csv.js';

async function rows(results: Results = fixtureResults()): Promise<Record<string, string>[]> {
  const [header = [], ...records] = parseCsv(await csv.render(results, { width: 80, colour: false }));
  expect(new Set(header).size).toBe(header.length);
  return records.map((record) => Object.fromEntries(header.map((name, i) => [name, record[i] ?? ''])));
}

function renamed(workload: string): Results {
  const results = fixtureResults();
  const cells = results.summary.cells.map((cell) => ({ ...cell, workload }));
  return { ...results, summary: { ...results.summary, cells } };
}

describe('CSV', () => {
  it('has a row per cell, with the numbers of the summary as they are', async () => {
    const { cells } = fixtureResults().summary;
    const found = await rows();
    expect(found).toHaveLength(cells.length);
    const [cell] = cells;
    if (cell === undefined) throw new Error('fixture: there is no cell');
    const row = found.find(
      ({ strategy, workload }) => strategy === cell.strategy && workload === cell.workload,
    );
    expect(Number(row?.['recoveryTimeMs.p50'])).toBe(cell.recoveryTimeMs?.p50);
    expect(Number(row?.['replication.bytesPerRequest'])).toBe(cell.replication?.bytesPerRequest);
    expect(Number(row?.['executions.moreNonIdempotent'])).toBe(cell.executions?.moreNonIdempotent);
    expect(row?.refusals).toBe('{}');
  });

  it('has a column for every number of a cell', async () => {
    const [cell] = fixtureResults().summary.cells;
    const [row = {}] = await rows();
    expect(Object.keys(row)).toEqual(expect.arrayContaining(leaves({ ...cell, refusals: 0 })));
  });

  it('has the shares that were served again in time', async () => {
    const results = fixtureResults();
    const counts = { total: 8, under100Ms: 2, under1S: 6, under5S: 8, under11S: 8 };
    const cells = results.summary.cells.map((cell) => {
      return { ...cell, perceived: { connections: counts, requests: null } };
    });
    const [row] = await rows({ ...results, summary: { ...results.summary, cells } });
    expect(row?.['servedInTime.connections.under100Ms']).toBe('0.25');
    expect(row?.['servedInTime.connections.under11S']).toBe('1');
    expect(row?.['servedInTime.requests.under1S']).toBe('');
  });

  it('has the comparisons with the reference', async () => {
    const { comparisons } = fixtureResults().summary;
    const found = await rows();
    for (const { strategy, workload, metric, ratio, low, high, pairs } of comparisons) {
      const row = found.find((one) => one.strategy === strategy && one.workload === workload);
      const cells = ['ratio', 'low', 'high', 'pairs'].map((part) =>
        Number(row?.[`toReference.${metric}.${part}`]),
      );
      expect(cells).toEqual([ratio, low, high, pairs]);
    }
    expect(
      found.find(({ strategy }) => strategy === 'full-handshake')?.['toReference.recoveryTimeMs.ratio'],
    ).toBe('');
  });

  it.each([
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['\r=1', "'\r=1"],
    ['＝1', "'＝1"],
    ['a=1', 'a=1'],
    ['with "quotes", commas\r\nand lines', 'with "quotes", commas\r\nand lines'],
  ])('takes %j as text', async (name, expected) => {
    for (const { workload } of await rows(renamed(name))) expect(workload).toBe(expected);
  });
});

/** `a.b` for each value that is no object. What is null may be an object in another cell. */
function leaves(value: object): string[] {
  return Object.entries(value).flatMap(([name, part]) => {
    if (part === null) return [];
    return typeof part === 'object' ? leaves(part).map((leaf) => `${name}.${leaf}`) : [name];
  });
}
