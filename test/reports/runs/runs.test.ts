import { readdirSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { RUNS_REPORTS } from '../../../reports/runs/index.js';
import { runsTable } from '../../../reports/runs/table.js';
import { compareRuns } from '../../../src/bench/compare-runs.js';
import type { ReportOptions, RunsReport } from '../../../src/contracts/report.js';
import { type RunComparison, runComparisonSchema } from '../../../src/contracts/run-comparison.js';
import { once } from '../../fixtures/once.js';
import { fixtureComparison, fixtureRun, slower } from '../../fixtures/runs.js';
import { expectInert, HOSTILE } from '../conformance.js';

const OPTIONS: ReportOptions = { width: 100, colour: false };

/** Every text that comes from a result file or from the command line. */
function hostile(text: string): RunComparison {
  const comparison = fixtureComparison();
  return {
    ...comparison,
    runs: comparison.runs.map((run) => ({ ...run, folder: text, startedAt: text, reference: text })),
    differences: comparison.differences.map((one) => ({ ...one, name: text, values: [text, text] })),
    timesNotComparable: [text],
    cells: comparison.cells.map((cell) => ({ ...cell, strategy: text, workload: text, fault: text })),
    partial: comparison.partial.map((cell) => ({ ...cell, strategy: text, workload: text, fault: text })),
  };
}

const unrelated = once(() => compareRuns([fixtureRun(), fixtureRun({ folder: 'empty', trial: () => null })]));
const slowedSpr = once(() => compareRuns([fixtureRun(), fixtureRun({ trial: slower(1.5, 'spr') })]));

async function render(report: RunsReport, comparison: RunComparison, options = OPTIONS): Promise<string> {
  return report.render(comparison, options);
}

describe('registry', () => {
  it('lists every report of the folder, once', () => {
    const files = readdirSync(new URL('../../../reports/runs/', import.meta.url))
      .map((name) => name.replace(/\.ts$/, ''))
      .filter((name) => name !== 'index' && name !== 'shared');
    expect(RUNS_REPORTS.map(({ id }) => id).sort()).toEqual(files.sort());
  });
});

describe.each(RUNS_REPORTS.map((report) => [report.id, report] as const))('%s', (_, report) => {
  it('names the runs, what differs, and what only one has', async () => {
    const text = await render(report, fixtureComparison());
    for (const part of [
      'base',
      'other',
      'Other CPU',
      '24.1.0',
      'rttMs',
      'session-resumption',
      'small-replies',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).toMatch(/[^\n]\n$/);
    expect(await render(report, structuredClone(fixtureComparison()))).toBe(text);
  });

  it('renders runs without a cell in common', async () => {
    const text = await render(report, unrelated());
    expect(text).not.toMatch(/\b(?:NaN|Infinity|undefined)\b|\[object /);
    if (report.id !== 'json') expect(text).toContain('B has no cell in common with A.');
  });

  it.each(HOSTILE)('takes %j as text, wherever it stands', async (text) => {
    expectInert(report, await render(report, hostile(text), { width: 400, colour: false }));
  });
});

describe('html', () => {
  it('draws the ratios of each metric that has some, and prints the values as numbers', async () => {
    const html = RUNS_REPORTS.find(({ id }) => id === 'html');
    const text = html === undefined ? '' : await render(html, fixtureComparison());
    const titles = [...text.matchAll(/<figcaption>([^<]*)<\/figcaption>/g)].map(([, title]) => title);
    expect(titles).toEqual([
      'Recovery to reference: B / A',
      'Recovery: B / A',
      'CPU: B / A',
      'Replies/s before: B / A',
      'Latency before: B / A',
    ]);
    expect(text).toContain('<details class="case"><summary>All values as numbers</summary><h3>');
    expect(text).not.toContain('<script');
  });
});

describe('json', () => {
  it('is what the published schema describes', async () => {
    const json = RUNS_REPORTS.find(({ id }) => id === 'json');
    const text = json === undefined ? '' : await render(json, fixtureComparison());
    expect(runComparisonSchema.parse(JSON.parse(text))).toEqual(fixtureComparison());
  });
});

describe('table', () => {
  async function lines(comparison: RunComparison, options: Partial<ReportOptions> = {}): Promise<string[]> {
    return (await render(runsTable, comparison, { ...OPTIONS, ...options })).split('\n');
  }

  it('warns before any number', async () => {
    const text = (await lines(fixtureComparison(), { width: 200 })).join('\n');
    expect(text).toMatch(
      /^A {2}base: started .*\nB {2}other: started .*\n\nAbsolute times of these runs do not compare: not the same cpuModel, node, rttMs\. /,
    );
    expect(text).toContain('- cpuModel: A Example CPU @ 2.10GHz | B Other CPU');
    expect(text).toContain('- session-resumption, uploads, kill: only in A');
  });

  it('says that times compare where nothing differs', async () => {
    const text = (await lines(compareRuns([fixtureRun(), fixtureRun()]))).join('\n');
    expect(text).toContain('The runs were made on the same machine, with the same software and options.');
  });

  it('shows values, the ratio with its interval, and what it is made of', async () => {
    const all = await lines(slowedSpr());
    const spr = all.indexOf('small-replies, kill, spr');
    expect(all.slice(spr, spr + 3)).toEqual([
      'small-replies, kill, spr',
      'recovery, ms             13.8    20.7  1.50x [1.50, 1.50]  6 pairs',
      'recovery to reference  0.086x   0.13x  1.50x [1.50, 1.50]  6 pairs',
    ]);
    const resumption = all.indexOf('uploads, kill, session-resumption');
    expect(all[resumption + 1]).toMatch(/ 1\.00x {2,}5 pairs$/);
  });

  it('colours only what the interval shows', async () => {
    const coloured = await lines(slowedSpr(), { colour: true });
    const red = coloured.filter((line) => line.includes('\u001b[31m'));
    expect(red).toHaveLength(6);
    expect(coloured.join('\n')).not.toContain('\u001b[32m');
    expect(coloured.map((line) => stripVTControlCharacters(line).trimEnd())).toEqual(
      await lines(slowedSpr()),
    );
  });

  it('colours nothing that has no interval', async () => {
    const slowed = fixtureRun({ trial: slower(1.5, 'session-resumption') });
    const coloured = await lines(compareRuns([fixtureRun(), slowed]), { colour: true });
    // Two metrics of two workloads; the third has five pairs.
    expect(coloured.filter((line) => line.includes('\u001b[31m'))).toHaveLength(4);
  });

  it.each([32, 60, 80])('fits into %d columns', async (width) => {
    for (const line of await lines(fixtureComparison(), { width })) {
      expect([...line].length).toBeLessThanOrEqual(width);
    }
  });

  it('is ASCII where nothing else can be shown', async () => {
    const text = (await lines(fixtureComparison(), { unicode: false })).join('\n');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant
    expect(text).toMatch(/^[\x00-\x7f]*$/);
  });
});
