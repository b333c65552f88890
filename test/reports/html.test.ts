import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { html } from '../../reports/html.js';
import { formatCount } from '../../reports/parts/format.js';
import { table } from '../../reports/table.js';
import type { Results } from '../../src/contracts/report.js';
import type { TrialResult } from '../../src/contracts/results.js';
import { once } from '../fixtures/once.js';
import { emptyResults, fixtureResults, fixtureTrials, resultsOf } from '../fixtures/results.js';

const OPTIONS = { width: 80, colour: false };

/** Of all cases, of each of the three cases, and a connection of each of four strategies in each case. */
const PICTURES = 3 + 3 * 6 + 3 * 4;

async function render(results: Results): Promise<string> {
  return html.render(results, OPTIONS);
}

const page = once(() => render(fixtureResults()));
const interactivePage = once(async () => html.render(fixtureResults(), { ...OPTIONS, isInteractive: true }));

describe('HTML report', () => {
  it('loads nothing and runs nothing', async () => {
    const text = await page();
    expect(text).toContain(
      'content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:"',
    );
    expect(text).not.toMatch(/<script|<link|<img|@import|url\(|href=|src=/i);
    expect(text.match(/https?:\/\/[^"]*/g)?.filter((url) => url !== 'http://www.w3.org/2000/svg')).toEqual(
      [],
    );
  });

  it('with the interactive layer has one script, and a policy that allows that one alone', async () => {
    const text = await interactivePage();
    const scripts = [...text.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(([, script = '']) => script);
    expect(scripts).toHaveLength(1);
    expect(text.match(/<script/g)).toHaveLength(1);
    const hash = createHash('sha256')
      .update(scripts[0] ?? '')
      .digest('base64');
    expect(text).toContain(
      `content="default-src &#39;none&#39;; script-src &#39;sha256-${hash}&#39;; style-src &#39;unsafe-inline&#39;; img-src data:"`,
    );
    expect(() => new Script(scripts[0] ?? '')).not.toThrow();
    expect(scripts[0]).not.toMatch(
      /innerHTML|eval|Function|fetch|XMLHttpRequest|import|https?:(?!\/\/www.w3.org\/2000\/svg)/,
    );
  });

  it('with the interactive layer stays small', async () => {
    const interactive = await interactivePage();
    expect(interactive.length - (await page()).length).toBeLessThan(40_000);
  });

  it('is small for a run of all strategies and workloads', async () => {
    expect((await page()).length).toBeLessThan(450_000);
  });

  it('stays below 1.5 MB with six faults', async () => {
    const trials = ['drain', 'hang', 'kill', 'partition', 'restart', 'rolling'].flatMap((fault) =>
      fixtureTrials().map((trial): TrialResult => ({ ...trial, spec: { ...trial.spec, fault } })),
    );
    expect((await render(resultsOf(trials))).length).toBeLessThan(1_500_000);
  });

  it('names each picture and describes it: 3 of all cases, 6 of each case, 4 connections of each case', async () => {
    const text = await page();
    const pictures = text.match(/<svg[^>]*role="img"><title>[^<]+<\/title><desc>[^<]+<\/desc>/g);
    expect(pictures).toHaveLength(PICTURES);
    expect(text.match(/role="img"/g)).toHaveLength(PICTURES);
  });

  it('has the data of each picture as a table', async () => {
    const figures = (await page()).split('<figure>').slice(1);
    expect(figures).toHaveLength(PICTURES);
    for (const figure of figures) {
      const [, table = ''] = figure.split('<details class="data">');
      expect(table).toMatch(/<th scope="col">[^<]+<\/th>/);
      expect(table).toMatch(/<th scope="row">[^<]+<\/th><td>[^<]+<\/td>/);
    }
  });

  it('tells what nothing could recover, whatever the reason holds', async () => {
    const results = fixtureResults();
    const notRecoverable = { connections: 12, reason: '<i>nobody</i> is left' };
    const [first, ...rest] = results.summary.cells;
    if (first === undefined) throw new Error('the fixture has cells');
    const cells = [{ ...first, notRecoverable }, ...rest];
    const text = await render({ ...results, summary: { ...results.summary, cells } });
    expect(text).toContain(`12 of ${first.strategy} (&lt;i&gt;nobody&lt;/i&gt; is left)`);
  });

  it('has only the first case unfolded', async () => {
    const cases = (await page()).match(/<details class="case"( open)?>/g);
    expect(cases).toEqual([
      '<details class="case" open>',
      '<details class="case">',
      '<details class="case">',
    ]);
  });

  it('defines each row of the scorecard', async () => {
    const [, scorecard = ''] = (await page()).split('<table class="score"');
    const rows = (scorecard.split('</table>')[0] ?? '')
      .split('<tr')
      .slice(1)
      .filter((row) => row.includes('<td class'));
    expect(rows.length).toBeGreaterThan(15);
    for (const row of rows)
      expect(row).toMatch(/<details><summary>[^<]+.*<\/summary><p>[^<]{30,}<\/p><\/details>/);
  });

  it('counts what ran twice as the table does: all requests, and the POSTs among them', async () => {
    const results = fixtureResults();
    const { strategies } = results.summary;
    expect(strategies.some(({ executions }) => executions?.more !== executions?.moreNonIdempotent)).toBe(
      true,
    );
    const text = await page();
    const valuesOf = (name: string): string[] => {
      const [, row = ''] = text.split(`<summary>${name}</summary>`);
      return [...(row.split('</tr>')[0] ?? '').matchAll(/<td class="\w+">([^<]+)</g)].map(
        ([, value = '']) => value,
      );
    };
    const expected = (count: (one: (typeof strategies)[number]) => number | undefined) =>
      strategies.map((one) => formatCount(count(one) ?? Number.NaN));
    expect(valuesOf('Requests run twice')).toEqual(expected(({ executions }) => executions?.more));
    expect(valuesOf('POSTs run twice')).toEqual(expected(({ executions }) => executions?.moreNonIdempotent));
    const [, legend = ''] = (await table.render(results, OPTIONS)).replace(/\s+/g, ' ').split('run twice: ');
    expect(legend).toMatch(/^all requests executed more than once, and the POSTs among them/);
  });

  it('shows what an idle connection takes in memory, and a dash where it was not measured', async () => {
    const results = fixtureResults();
    const memory = {
      primaryBytesPerConnection: 41_500,
      backupBytesPerConnection: 512,
      directorBytesPerConnection: -5120,
    };
    const [first, ...others] = results.summary.strategies;
    if (first === undefined) throw new Error('the fixture has strategies');
    const strategies = [{ ...first, memory }, ...others];
    const text = await render({ ...results, summary: { ...results.summary, strategies } });
    for (const [role, value] of [
      ['primary', '40.5'],
      ['backup', '0.5'],
      ['director', '-5.0'],
    ]) {
      const [, row = ''] = text.split(`Memory of the ${role} per idle connection`);
      const values = [...(row.split('</tr>')[0]?.matchAll(/<td[^>]*>([^<]*)<\/td>/g) ?? [])].map(
        ([, one]) => one,
      );
      expect(values).toEqual([value, '–', '–', '–']);
    }
  });

  it('says which secrets each strategy spreads', async () => {
    const [, row = ''] = (await page()).split('Key exposure');
    const values = [...(row.split('</tr>')[0]?.matchAll(/<td class="words">([^<]*)<\/td>/g) ?? [])].map(
      ([, text]) => text,
    );
    expect(values).toEqual([
      'none',
      'ticket keys, on all replicas',
      'traffic secrets, on the backup; plaintext of requests, replies and application state, on the backup',
      'traffic secrets, on the backup; plaintext of replies to requests that are not idempotent and application state, on the backup',
    ]);
  });

  it('draws files that have no CPU time over time', async () => {
    const trials = fixtureTrials().map((trial): TrialResult => {
      if (trial.status !== 'completed') return trial;
      const { survivorCpu: _, ...measurements } = trial.measurements;
      return { ...trial, measurements };
    });
    const text = await render(resultsOf(trials));
    expect(text).toContain('CPU time over time is not in these results.');
    expect(text.match(/role="img"/g)).toHaveLength(PICTURES - 3);
  });

  it('has a size that a narrow screen shows whole', async () => {
    const widths = [...(await page()).matchAll(/<svg[^>]* width="(\d+)"[^>]* role="img"/g)].map(([, width]) =>
      Number(width),
    );
    expect(widths).toHaveLength(PICTURES);
    for (const width of widths) expect(width).toBeLessThanOrEqual(328);
  });

  it('draws each strategy in its own colour, in every picture', async () => {
    const pictures = (await page()).split('<figure>').slice(1);
    const curves = pictures.filter((picture) =>
      /recovery times|Throughput|over time|surviving/.test(picture),
    );
    expect(curves.length).toBeGreaterThanOrEqual(9);
    for (const picture of curves.filter((one) => !one.includes('class="sequence"'))) {
      for (const colour of ['var(--series-0)', 'var(--series-1)', 'var(--series-2)', 'var(--series-3)']) {
        expect(picture).toContain(colour);
      }
    }
  });

  it('keeps the colour of a strategy when another one has no data', async () => {
    const results = resultsOf(fixtureTrials().filter(({ spec }) => spec.strategy === 'spr'));
    const [, picture = ''] = (await render(results)).split('<figure>');
    expect(picture).toContain('var(--series-3)');
    expect(picture).not.toContain('var(--series-0)');
  });

  it('puts the comparison on top', async () => {
    expect(await page()).toContain(
      '<p class="headline">SPR recovered 6.8 to 12 times faster than Full handshake in all 3 cases.</p>',
    );
  });

  it('names seed, command, environment and what is replicated', async () => {
    const text = await page();
    for (const part of ['20260', 'spr-bench compare --strategies all', 'Example CPU', 'application-state']) {
      expect(text).toContain(part);
    }
  });

  it('has a note in the place of pictures without data', async () => {
    const text = await render(
      resultsOf(
        fixtureTrials().map((trial): TrialResult => {
          return { ...trial, status: 'inconclusive', reasons: ['the machine slept'], measurements: null };
        }),
      ),
    );
    expect(text).not.toContain('role="img"');
    expect(text).toContain('Nothing to draw: no trial of this case completed.');
    expect(text).toContain('SPR: no completed trial (6 trials did not count)');
    expect(text).toContain('No trial completed: nothing can be concluded.');
  });

  it('has a note for a strategy that has no completed trial', async () => {
    const trials = fixtureTrials().map((trial): TrialResult => {
      if (trial.spec.strategy !== 'spr') return trial;
      return { ...trial, status: 'invalid', reasons: ['a second handshake'], measurements: null };
    });
    const text = await render(resultsOf(trials));
    expect(text).toContain(
      'SPR: no completed trial (6 trials did not count), so that it is not in the charts.',
    );
    expect(text.match(/role="img"/g)).toHaveLength(PICTURES - 3);
  });

  it('draws recovery times of 0', async () => {
    const trials = fixtureTrials().map((trial): TrialResult => {
      if (trial.status !== 'completed') return trial;
      const connections = trial.measurements.connections.map((one) => ({ ...one, recoveryTimeMs: 0 }));
      return { ...trial, measurements: { ...trial.measurements, connections } };
    });
    expect(await render(resultsOf(trials))).not.toContain('NaN');
  });

  it('says when the run is incomplete', async () => {
    expect(await render(emptyResults())).toContain('The run is incomplete');
    expect(await page()).not.toContain('The run is incomplete');
  });
});
