import { describe, expect, it } from 'vitest';
import { soakSeriesTable } from '../../src/main/soak-series-table.js';
import { fixtureSeries, fixtureSeriesEntry } from '../fixtures/soak.js';

/** The row of a strategy and interval, its columns apart. */
function columnsOf(text: string, strategy: string, every: string): string[] | undefined {
  return text
    .split('\n')
    .map((line) => line.split(/\s{2,}/))
    .find(([name, interval]) => name === strategy && interval === every);
}

describe('the table of a series of soaks', () => {
  it('has a row per strategy and interval, with the interval as it was', () => {
    const text = soakSeriesTable(fixtureSeries());
    expect(columnsOf(text, 'spr', '0.50')).toEqual([
      'spr',
      '0.50',
      '0.54',
      '10',
      '91.0',
      '910',
      '1000',
      '4',
      '120',
      '0',
    ]);
    expect(columnsOf(text, 'full-handshake', '2.00')?.[4]).toBe('90.0');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(140);
  });

  it('tells no goodput where there is none, and every violation', () => {
    const violations = ['fault 2 (kill): 1 wrong bytes reached a client'];
    const text = soakSeriesTable(
      fixtureSeries({ complete: false, soaks: [fixtureSeriesEntry('spr', 500, null, { violations })] }),
    );
    expect(columnsOf(text, 'spr', '0.50')).toEqual([
      'spr',
      '0.50',
      '-',
      '10',
      '-',
      '-',
      '-',
      '4',
      '120',
      '1',
    ]);
    expect(text).toContain('not complete');
    expect(text).toContain('spr-500ms: fault 2 (kill): 1 wrong bytes reached a client');
  });
});
