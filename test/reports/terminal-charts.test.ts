/** The charts below the table, character by character. */
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { barScale, describeScale, drawBar } from '../../reports/table/bar.js';
import { drawSparkline, sparklineSpan } from '../../reports/table/sparkline.js';
import { table } from '../../reports/table.js';
import type { ReportOptions, Results } from '../../src/contracts/report.js';
import { fixtureResults, fixtureTrials, resultsOf } from '../fixtures/results.js';

/** What stands below the table for one workload. */
async function charts(
  options: Partial<ReportOptions> = {},
  results: Results = fixtureResults(),
): Promise<string[]> {
  const text = await table.render(results, { width: 80, colour: false, ...options });
  const lines = text.split('\n');
  const heading = lines.findIndex((line) => stripVTControlCharacters(line).startsWith('recovery in ms'));
  if (heading < 0) return [];
  return lines.slice(heading, lines.indexOf('', heading));
}

describe('the charts below the table', () => {
  it('are bars and sparklines with blocks, 80 columns', async () => {
    expect(await charts()).toEqual([
      'recovery in ms, bar to p50, ┤ at p99 (linear, 0 to 270)',
      'full-handshake      ███████████████████████████████▎──────────────┤    183 / 270',
      'session-resumption  ████████████████████████▊──────────┤               145 / 205',
      'full-state-copy     █████▊──┤                                        33.7 / 46.5',
      'spr                 ████▋──┤                                         27.0 / 38.3',
      'replies/s from -220 to 660 ms, │ fault; dip, back to 95 %',
      'full-handshake      █▇█▇▇▇▇▇▆█▇│      ▁▁▂▄▅▆▆▇▇▇▇▇▇██▇▇█▇▇▇▇▇█▇▇▇  100 %, 250 ms',
      'session-resumption  ▇▇█▇▇█▇██▇▇│     ▁▁▃▆▇▇▇▇▇▇▇▇▇█▇▇▇█▇█▇▇▇▇▇▇▇▇  100 %, 190 ms',
      'full-state-copy     ▆▅▅▅▅▅▅▅▅▅▆│ ▁▅▅▅▅▆▆▅▅▅▆▆▆▅▄▆▅▅▅▅▅▅▅▅▅▆▅▅▆▆▆▆  77 %, 40.0 ms',
      'spr                 ▇▇▇▇▆▇▇▇▇▇▇│ ▂▇▇▇▇▇▇▇▇▇▇▇▆▇▇▇▇▆▇▇█▇▇▇▇▇▇▆▇▇█▇  66 %, 40.0 ms',
      'per cent served again in less than 0.1 s, 1 s, 5 s, 11 s',
      'full-handshake      0/100/100/100 of 192 connections',
      'session-resumption  0/100/100/100 of 192 connections',
      'full-state-copy     100/100/100/100 of 192 connections',
      'spr                 100/100/100/100 of 192 connections',
    ]);
  });

  it('are of ASCII where nothing else can be shown, 60 columns', async () => {
    const text = await table.render(fixtureResults(), { width: 60, colour: false, unicode: false });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
    expect(text).toMatch(/^[\x00-\x7f]*$/);
    expect(await charts({ width: 60, unicode: false })).toEqual([
      'recovery in ms, bar to p50, | at p99 (linear, 0 to 270)',
      'full-handshake      ##################--------|    183 / 270',
      'session-resumption  ##############------|          145 / 205',
      'full-state-copy     ###-|                        33.7 / 46.5',
      'spr                 ###-|                        27.0 / 38.3',
      'replies/s from -180 to 540 ms, | fault; dip, back to 95 %',
      'full-handshake      @#####|    .:=*##@##@#@##  100 %, 250 ms',
      'session-resumption  ######|   .:+*#####@##@##  100 %, 190 ms',
      'full-state-copy     ++++**| =++*++**++++++++*  77 %, 40.0 ms',
      'spr                 ######| *############@###  66 %, 40.0 ms',
      'per cent served again in less than 0.1 s, 1 s, 5 s, 11 s',
      'full-handshake      0/100/100/100 of 192 connections',
      'session-resumption  0/100/100/100 of 192 connections',
      'full-state-copy     100/100/100/100 of 192 connections',
      'spr                 100/100/100/100 of 192 connections',
    ]);
  });

  it.each([60, 80, 200])('fit into %d columns, and are never wider than 80', async (width) => {
    for (const line of await charts({ width }))
      expect([...line].length).toBeLessThanOrEqual(Math.min(width, 80));
  });

  it('are left out where there is no room for them', async () => {
    const found = await charts({ width: 32 });
    expect(found.join('\n')).not.toContain('replies/s');
    expect(found).toContain('spr        ▊┤        27.0 / 38.3');
  });

  it('have colours only when asked, and the same text with them', async () => {
    const coloured = await charts({ colour: true });
    expect(coloured.join('\n')).toContain('\u001b[36m█');
    expect(coloured.join('\n')).toContain('\u001b[31m│');
    expect(coloured.map(stripVTControlCharacters)).toEqual(await charts());
  });

  it('say why a strategy has none', async () => {
    const trials = fixtureTrials().map((trial) =>
      trial.spec.strategy === 'spr'
        ? { ...trial, status: 'invalid' as const, reasons: ['a second handshake'], measurements: null }
        : trial,
    );
    const found = (await charts({}, resultsOf(trials))).filter((line) => line.startsWith('spr'));
    expect(found).toEqual([
      'spr                 no completed trial',
      'spr                 no completed trial',
    ]);
  });
});

describe('a bar', () => {
  it('has a linear scale from 0 where values are of one size', () => {
    const scale = barScale([
      { p50: 10, p99: 40 },
      { p50: 40, p99: 80 },
    ]);
    expect(scale).toEqual({ kind: 'linear', low: 0, high: 80 });
    expect(scale && describeScale(scale)).toBe('linear, 0 to 80.0');
    expect(scale && drawBar({ p50: 40, p99: 80 }, scale, 9, true)).toEqual({ bar: '████', tail: '────┤' });
    expect(scale && drawBar({ p50: 15, p99: 40 }, scale, 9, true)).toEqual({ bar: '█▌', tail: '──┤' });
    expect(scale && drawBar({ p50: 40, p99: 80 }, scale, 9, false)).toEqual({ bar: '####', tail: '----|' });
  });

  it('has a log scale from a power of ten where they are not', () => {
    const scale = barScale([
      { p50: 1, p99: 10 },
      { p50: 500, p99: 1000 },
    ]);
    expect(scale).toEqual({ kind: 'log', low: 1, high: 1000 });
    expect(scale && describeScale(scale)).toBe('log, 1.0 to 1,000');
    expect(scale && drawBar({ p50: 10, p99: 100 }, scale, 10, false)).toEqual({ bar: '###', tail: '---|' });
  });

  it('shows its mark also where median and p99 are the same, or 0', () => {
    const scale = { kind: 'linear', low: 0, high: 10 } as const;
    expect(drawBar({ p50: 10, p99: 10 }, scale, 5, false)).toEqual({ bar: '####', tail: '|' });
    expect(drawBar({ p50: 0, p99: 0 }, scale, 5, false)).toEqual({ bar: '', tail: '|' });
    expect(drawBar({ p50: 0, p99: 0 }, { ...scale, high: 0 }, 5, true)).toEqual({ bar: '', tail: '┤' });
  });

  it('has no scale without values', () => {
    expect(barScale([])).toBeNull();
  });
});

describe('a sparkline', () => {
  const curve = {
    binMs: 10,
    firstBin: -10,
    repliesPerSecond: [
      ...Array<number>(10).fill(80),
      ...Array<number>(5).fill(0),
      ...Array<number>(5).fill(40),
      ...Array<number>(30).fill(80),
    ],
  };

  it('is in two parts, with the fault between them', () => {
    const span = sparklineSpan([curve], [100], 28);
    expect(span).toEqual({ from: -60, to: 210, stepMs: 10, highest: 80 });
    expect(span && drawSparkline(curve, span, true)).toEqual({
      before: '██████',
      after: '     ▄▄▄▄▄███████████',
    });
    expect(span && drawSparkline(curve, span, false)).toEqual({
      before: '@@@@@@',
      after: '     =====@@@@@@@@@@@',
    });
  });

  it('shows everything when the rate never came back', () => {
    expect(sparklineSpan([curve], [100, null], 25)).toMatchObject({ to: 390, stepMs: 30 });
  });

  it('draws only nothing as nothing', () => {
    const span = { from: 0, to: 20, stepMs: 10, highest: 1000 };
    expect(drawSparkline({ binMs: 10, firstBin: 0, repliesPerSecond: [0, 1] }, span, true).after).toBe(' ▁');
  });

  it('is none without a reply', () => {
    expect(sparklineSpan([], [], 40)).toBeNull();
    expect(sparklineSpan([{ binMs: 10, firstBin: 0, repliesPerSecond: [0, 0] }], [0], 40)).toBeNull();
  });
});
