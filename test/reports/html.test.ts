import { describe, expect, it } from 'vitest';
import { html } from '../../reports/html.js';
import type { Results } from '../../src/contracts/report.js';
import type { TrialResult } from '../../src/contracts/results.js';
import { emptyResults, fixtureResults, fixtureTrials, resultsOf } from '../fixtures/results.js';

const OPTIONS = { width: 80, colour: false };

async function render(results: Results = fixtureResults()): Promise<string> {
  return html.render(results, OPTIONS);
}

describe('HTML report', () => {
  it('loads nothing and runs nothing', async () => {
    const text = await render();
    expect(text).toContain(
      'content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; img-src data:"',
    );
    expect(text).not.toMatch(/<script|<link|<img|@import|url\(|href=|src=/i);
    expect(text.match(/https?:\/\/[^"]*/g)?.filter((url) => url !== 'http://www.w3.org/2000/svg')).toEqual(
      [],
    );
  });

  it('is small', async () => {
    expect((await render()).length).toBeLessThan(300_000);
  });

  it('names each of the three pictures per workload', async () => {
    const pictures = (await render()).match(/<svg[^>]*role="img"><title>[^<]+<\/title><desc>[^<]+<\/desc>/g);
    expect(pictures).toHaveLength(9);
  });

  it('has a size that a narrow screen shows whole', async () => {
    const widths = [...(await render()).matchAll(/<svg[^>]* width="(\d+)"[^>]* role="img"/g)].map(
      ([, width]) => Number(width),
    );
    expect(widths).toHaveLength(9);
    for (const width of widths) expect(width).toBeLessThanOrEqual(328);
  });

  it('draws each strategy in its own colour, in every picture', async () => {
    const pictures = (await render()).split('<figure>').slice(1);
    for (const picture of pictures) {
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
    expect(await render()).toContain(
      '<p class="headline">SPR: recovery faster than Full handshake in all 3 cases (0.086x to 0.15x its time).</p>',
    );
  });

  it('names seed, command, environment and what is replicated', async () => {
    const text = await render();
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
    expect(text.match(/role="img"/g)).toHaveLength(9);
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
    expect(await render()).not.toContain('The run is incomplete');
  });
});
