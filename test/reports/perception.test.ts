import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { groupCells } from '../../reports/parts/cells.js';
import { toRow } from '../../reports/parts/columns.js';
import { MEASURES, measureId } from '../../reports/parts/measures.js';
import { perceivedRows } from '../../reports/parts/perception.js';
import { perceptionLines } from '../../reports/table/perception.js';
import type { Cell, Summary } from '../../src/contracts/results.js';
import { fixtureSummary } from '../fixtures/results.js';

const CONNECTIONS = { total: 1000, under100Ms: 120, under1S: 999, under5S: 1000, under11S: 1000 };
const REQUESTS = { total: 8, under100Ms: 0, under1S: 4, under5S: 8, under11S: 8 };

function summaryWith(perceived: Cell['perceived']): Summary {
  const summary = fixtureSummary();
  return { ...summary, cells: summary.cells.map((cell) => ({ ...cell, perceived })) };
}

function lines(perceived: Cell['perceived'], width: number): string[] {
  const [group] = groupCells(summaryWith(perceived));
  if (group === undefined) throw new Error('the fixture has cells');
  const colours = pc.createColors(false);
  return perceptionLines(group, { width, colours });
}

describe('what people would have noticed', () => {
  it('is told per connection and per request, and never rounded up to all', () => {
    const [cell] = summaryWith({ connections: CONNECTIONS, requests: REQUESTS }).cells;
    expect(cell && perceivedRows(cell)).toEqual([
      { of: 'connections', total: 1000, shares: ['12', '99', '100', '100'] },
      { of: 'requests', total: 8, shares: ['0', '50', '100', '100'] },
    ]);
  });

  it('stands below the charts of a terminal, one line per strategy', () => {
    expect(lines({ connections: CONNECTIONS, requests: REQUESTS }, 100)[1]).toBe(
      'full-handshake      12/99/100/100 of 1,000 connections  0/50/100/100 of 8 requests',
    );
  });

  it('leaves requests out where they have no room, and says nothing where nothing is known', () => {
    expect(lines({ connections: CONNECTIONS, requests: REQUESTS }, 60)[1]).toBe(
      'full-handshake      12/99/100/100 of 1,000 connections',
    );
    expect(lines(undefined, 100)).toEqual([]);
    expect(lines({ connections: { ...CONNECTIONS, total: 0 }, requests: null }, 100)).toEqual([]);
  });

  it('is among the numbers for programs, as shares', () => {
    const summary = summaryWith({ connections: CONNECTIONS, requests: null });
    const [cell] = summary.cells;
    if (cell === undefined) throw new Error('the fixture has cells');
    const values = MEASURES.filter(({ family }) => family.endsWith('served-in-time')).map((measure) => [
      measureId(measure),
      measure.value(toRow(summary, cell)),
    ]);
    expect(Object.fromEntries(values)).toMatchObject({
      'connections-served-in-time-0-1s': 0.12,
      'connections-served-in-time-1s': 0.999,
      'requests-served-in-time-1s': null,
    });
    expect(new Set(values.map(([id]) => id)).size).toBe(8);
  });
});
