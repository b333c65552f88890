import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { renderSvg } from '../../reports/charts/render.js';
import { sweepChart } from '../../reports/charts/sweep.js';
import { sweepSection } from '../../reports/html/sweeps.js';
import { describeLaw, groupSweeps, SWEEP_METRICS } from '../../reports/shared/sweeps.js';
import { sweepLines } from '../../reports/table/sweeps.js';
import { createPrng } from '../../src/base/prng.js';
import { RunAccumulator } from '../../src/bench/summarize.js';
import type { Law, Summary } from '../../src/contracts/results.js';
import { fixtureSummary } from '../fixtures/results.js';
import { sweepTrials } from '../fixtures/sweeps.js';

function sweepSummary(): Summary {
  const accumulator = new RunAccumulator([], createPrng(1));
  for (const trial of sweepTrials()) accumulator.add(trial);
  return { ...fixtureSummary(), ...accumulator.summary() };
}

const [RECOVERY, , BYTES] = SWEEP_METRICS;
if (RECOVERY === undefined || BYTES === undefined) throw new Error('there must be metrics');

const LAW: Law = {
  metric: 'recoveryTimeMs',
  kind: 'power',
  slope: 0.83,
  low: 0.7,
  high: 0.96,
  intercept: 1,
  r2: 0.981,
  trials: 9,
};

describe('a law in words', () => {
  it.each([
    [LAW, '~ connections^0.83 [0.70, 0.96], R² 0.98'],
    [{ ...LAW, low: -0.1 }, 'no growth shown (exponent -0.10 to 0.96, R² 0.98)'],
    [
      { ...LAW, kind: 'linear', slope: 3, low: 2.5, high: 3.5 } as const,
      '3.0 ms per connections [2.5, 3.5], R² 0.98',
    ],
    [
      { ...LAW, kind: 'linear', slope: 0, low: -1, high: 1 } as const,
      'no growth shown (slope -1.0 to 1.0 ms, R² 0.98)',
    ],
    [{ ...LAW, slope: 0, low: 0, high: 0, r2: null }, 'flat'],
    [undefined, '–'],
  ])('%j is %s', (law, expected) => {
    expect(describeLaw(law, RECOVERY, 'connections')).toBe(expected);
  });
});

describe('the chart of a swept parameter', () => {
  it('has a row per strategy with all values and the law', async () => {
    const summary = sweepSummary();
    const [group] = groupSweeps(summary);
    const chart = group && sweepChart(group, RECOVERY, summary);
    expect(chart?.table.columns).toEqual([
      'strategy, ms',
      'connections 10',
      'connections 100',
      'connections 1,000',
      'law',
    ]);
    expect(chart?.table.rows[0]?.slice(0, 4)).toEqual(['full-handshake', '20.2', '202', '2,020']);
    expect(chart?.table.rows[0]?.[4]).toMatch(/^~ connections\^1\.00 \[/);
    expect(chart?.text).toMatch(/spr: no growth shown/);
    expect(chart && (await renderSvg(chart))).toMatch(/^<svg .*connections \(logarithmic\)/s);
  });

  it('leaves nothing out of the table that a logarithmic axis has no place for', () => {
    const summary = sweepSummary();
    const [group] = groupSweeps(summary);
    const chart = group && sweepChart(group, BYTES, summary);
    expect(chart?.table.rows.map(([name, first]) => [name, first])).toEqual([
      ['full-handshake', '0'],
      ['spr', '129'],
    ]);
  });

  it('is a section of the HTML report, and lines of the terminal', async () => {
    const summary = sweepSummary();
    const section = (await sweepSection(summary, false)).text;
    expect(section).toContain('<h2>Cost laws</h2>');
    expect(section.match(/<figure/g)).toHaveLength(SWEEP_METRICS.length);
    const lines = sweepLines(summary, { width: 120, colours: pc.createColors(false) });
    expect(lines.slice(1, 5)).toEqual([
      'request-reply, kill, against connections',
      'Recovery time (p50), ms, at 10 / 100 / 1,000',
      expect.stringMatching(
        /^full-handshake {2}20\.2 \/ 202 \/ 2,020 {2}~ connections\^1\.00 \[.*\], R² 1\.00$/,
      ),
      expect.stringMatching(/^spr {13}21\.0 \/ 21\.0 \/ 21\.0 {2}no growth shown/),
    ]);
  });

  it('is not there where nothing was varied', async () => {
    expect((await sweepSection(fixtureSummary(), false)).text).toBe('');
    expect(sweepLines(fixtureSummary(), { width: 80, colours: pc.createColors(false) })).toEqual([]);
  });
});
