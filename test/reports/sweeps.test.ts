import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { renderSvg } from '../../reports/charts/render.js';
import { sweepChart } from '../../reports/charts/sweep.js';
import { csv } from '../../reports/csv.js';
import { sweepSection } from '../../reports/html/sweeps.js';
import { sweepPart } from '../../reports/markdown/sweeps.js';
import { markdown } from '../../reports/markdown.js';
import { describeLaw, groupSweeps, metricsOf, SWEEP_METRICS } from '../../reports/parts/sweeps.js';
import { sweepLines } from '../../reports/table/sweeps.js';
import { createPrng } from '../../src/base/prng.js';
import { RunAccumulator } from '../../src/bench/summarize.js';
import type { Law, Summary } from '../../src/contracts/results.js';
import { fixtureSummary } from '../fixtures/results.js';
import { heartbeatTrials, sweepTrials } from '../fixtures/sweeps.js';
import { parseCsv } from './parsers/csv.js';

function sweepSummary(trials = sweepTrials()): Summary {
  const accumulator = new RunAccumulator([], createPrng(1));
  for (const trial of trials) accumulator.add(trial);
  return { ...fixtureSummary(), ...accumulator.summary() };
}

function metric(key: string) {
  const found = SWEEP_METRICS.find((each) => each.key === key);
  if (found === undefined) throw new Error(`there must be a metric ${key}`);
  return found;
}

const RECOVERY = metric('recoveryTimeMs');
const BYTES = metric('replicatedBytesPerConnection');
const AFTER_DETECTION = metric('recoveryAfterDetectionMs');
const NO_COLOURS = pc.createColors(false);

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
    [LAW, 'grows with connections^0.83 [0.70, 0.96], R² 0.98'],
    [
      { ...LAW, slope: -0.83, low: -0.96, high: -0.7 },
      'falls with connections^-0.83 [-0.96, -0.70], R² 0.98',
    ],
    [{ ...LAW, slope: 0.01, low: -0.05, high: 0.07, r2: 0.02 }, 'flat (exponent -0.05 to 0.07)'],
    [{ ...LAW, slope: 0.01, low: -0.08, high: 0.11 }, 'no growth shown (exponent -0.08 to 0.11, R² 0.98)'],
    [{ ...LAW, low: -0.1 }, 'no growth shown (exponent -0.10 to 0.96, R² 0.98)'],
    [
      { ...LAW, kind: 'linear', slope: 3, low: 2.5, high: 3.5 } as const,
      '3.0 ms per connections [2.5, 3.5], R² 0.98',
    ],
    [
      { ...LAW, kind: 'linear', slope: 0, low: -1, high: 1 } as const,
      'no growth shown (slope -1.0 to 1.0 ms, R² 0.98)',
    ],
    [
      { ...LAW, kind: 'linear', slope: -0.0351, low: -0.05, high: -0.00213 } as const,
      '-0.035 ms per connections [-0.05, -0.0021], R² 0.98',
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
    expect(chart?.table.rows[0]?.[4]).toMatch(/^grows with connections\^1\.00 \[/);
    expect(chart?.text).toMatch(/spr: flat/);
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
    expect(section.match(/<figure/g)).toHaveLength(4);
    const lines = sweepLines(summary, { width: 120, colours: NO_COLOURS });
    expect(lines.slice(1, 5)).toEqual([
      'request-reply, kill, against connections',
      'Recovery time (p50), ms, at 10 / 100 / 1,000',
      expect.stringMatching(
        /^full-handshake {2}20\.2 \/ 202 \/ 2,020 {2}grows with connections\^1\.00 \[.*\], R² 1\.00$/,
      ),
      expect.stringMatching(/^spr {13}21\.0 \/ 21\.0 \/ 21\.0 {2}flat/),
    ]);
  });

  it('has the laws below the values where they have no room beside them, and leaves nothing of them out', () => {
    const options = { width: 60, colours: NO_COLOURS };
    const lines = sweepLines(sweepSummary(), options);
    expect(lines.every((line) => line.length <= 60)).toBe(true);
    expect(lines.join(' ').replace(/\s+/g, ' ')).toMatch(/grows with connections\^1\.00 \[.*?\], R² 1\.00/);
  });

  it('is not there where nothing was varied', async () => {
    expect((await sweepSection(fixtureSummary(), false)).text).toBe('');
    expect(sweepPart(fixtureSummary(), 1e6)).toBe('');
    expect(sweepLines(fixtureSummary(), { width: 80, colours: NO_COLOURS })).toEqual([]);
  });
});

describe('a series over heartbeats, of a fault that only silence shows', () => {
  const summary = sweepSummary(heartbeatTrials());
  const [group] = groupSweeps(summary);
  if (group === undefined) throw new Error('fixture: there must be a series');

  it('has detection, and what is left of the recovery after it, beside what the options lead to', () => {
    expect(metricsOf(group).map(({ key }) => key)).toEqual([
      'recoveryTimeMs',
      'detectionMs',
      'recoveryAfterDetectionMs',
      'replicaCpuMsPerRecovery',
      'replicatedBytesPerConnection',
      'replicatedBytesPerRequest',
    ]);
    const lines = sweepLines(summary, { width: 120, colours: NO_COLOURS });
    const at = lines.indexOf('Detection time, ms, at 20 / 50 / 100 / 200');
    expect(lines[at + 3]?.split(/ {2,}/)).toEqual(['interval x missed', '200 / 500 / 1,000 / 2,000']);
  });

  it('draws intervals, and the expected detection as a line with its name', async () => {
    const chart = sweepChart(group, RECOVERY, summary);
    expect(chart?.text).toMatch(/Bars: the 95 % interval\. Dotted: interval x missed/);
    expect(chart?.table.rows.at(-1)).toEqual(['interval x missed', '200', '500', '1,000', '2,000', '–']);
    expect(chart?.table.rows[1]?.[1]).toMatch(/^\d+ \[\d+, \d+\]$/);
    const svg = chart ? await renderSvg(chart) : '';
    expect(svg).toContain('>interval x missed<');
    expect(svg.match(/stroke-dasharray="1,3"/g)).toHaveLength(1);
  });

  it('says nothing of the sort about what the strategy does after detection', () => {
    const chart = sweepChart(group, AFTER_DETECTION, summary);
    expect(chart?.text).not.toContain('interval x missed');
    expect(chart?.text).toMatch(/no growth shown/);
  });

  it('leaves detection out where a failure shows by itself', () => {
    const [other] = groupSweeps(sweepSummary());
    expect(other && metricsOf(other).map(({ key }) => key)).not.toContain('detectionMs');
    expect(sweepPart(sweepSummary(), 1e6)).not.toContain('interval x missed');
  });

  it('is a table of Markdown: a row for each value and strategy, then the laws', async () => {
    const part = sweepPart(summary, 1e6);
    expect(part).toContain('### request-reply, hang, against heartbeat-interval-ms');
    expect(part).toMatch(
      /^\| heartbeat-interval-ms \| strategy \| Recovery time \(p50\), ms \| Detection time, ms/m,
    );
    expect(part.match(/^\| (20|50|100|200) \| (full-handshake|spr) \|/gm)).toHaveLength(8);
    expect(part).toMatch(/^\| spr \| 10\.\d ms per heartbeat-interval-ms /m);
    const whole = await markdown.render(
      { summary, series: [], strategies: [] },
      { width: 80, colour: false },
    );
    expect(whole).toContain(part);
  });

  it('is in the CSV: parameter, value and laws beside each cell', async () => {
    const results = { summary, series: [], strategies: [] };
    const [head = [], ...records] = parseCsv(await csv.render(results, { width: 80, colour: false }));
    const rows = records.map((record) => Object.fromEntries(head.map((name, i) => [name, record[i]])));
    expect(rows).toHaveLength(8);
    expect(rows.map((row) => [row['sweep.value'], row['sweep.expectedDetectionMs']])).toEqual(
      [20, 20, 50, 50, 100, 100, 200, 200].map((value) => [String(value), String(value * 10)]),
    );
    for (const row of rows) {
      expect(row).toMatchObject({
        'sweep.workload': 'request-reply',
        'sweep.parameter': 'heartbeat-interval-ms',
        'sweep.laws.recoveryTimeMs.kind': 'linear',
      });
      expect(Number(row['sweep.laws.detectionMs.slope'])).toBeCloseTo(10.5, 1);
    }
  });

  it('has no such columns where nothing was varied', async () => {
    const results = { summary: fixtureSummary(), series: [], strategies: [] };
    expect(await csv.render(results, { width: 80, colour: false })).not.toContain('sweep.');
  });
});
