import { describe, expect, it } from 'vitest';
import { goodputChart } from '../../reports/charts/goodput.js';
import { PLOT_HEIGHT } from '../../reports/charts/render.js';
import { renderSoakSeries } from '../../reports/soak/series-html.js';
import { fixtureSeries, fixtureSeriesEntry } from '../fixtures/soak.js';

describe('the chart of goodput', () => {
  it('is drawn against the interval as it was, and not as asked for', () => {
    const chart = goodputChart(fixtureSeries());
    const values: unknown = chart?.spec.data && 'values' in chart.spec.data ? chart.spec.data.values : [];
    expect(values).toHaveLength(4);
    expect(values).toContainEqual({ strategy: 'spr', seconds: 0.54, share: 91 });
    expect(chart?.text).toBe(
      'spr: 91.0 % at 0.54 s, 98.0 % at 2.04 s; full-handshake: 62.0 % at 0.54 s, 90.0 % at 2.04 s.',
    );
    expect(chart?.table.rows[1]?.slice(0, 5)).toEqual(['full-handshake', '0.50', '0.54', '10', '62.0']);
  });

  it('leaves out what has no goodput, and is none where nothing has', () => {
    const known = fixtureSeriesEntry('spr', 500, 0.9);
    const unknown = fixtureSeriesEntry('full-handshake', 500, null);
    const chart = goodputChart(fixtureSeries({ soaks: [known, unknown] }));
    expect(chart?.text).toBe('spr: 90.0 % at 0.54 s.');
    expect(chart?.table.rows).toHaveLength(2);
    expect(goodputChart(fixtureSeries({ soaks: [unknown] }))).toBeNull();
  });
});

describe('the page of a series of soaks', () => {
  it('has the picture, a legend, the numbers and the command', async () => {
    const page = await renderSoakSeries(fixtureSeries());
    expect(page).toMatch(/<svg[^>]* role="img"><title>Goodput against the time between faults<\/title>/);
    // A title that is longer than its axis makes room for itself above and below the picture.
    const height = Number(/<svg[^>]* height="([\d.]+)"[^>]* role="img">/.exec(page)?.[1]);
    expect(height).toBeLessThan(PLOT_HEIGHT + 80);
    expect(page).toContain('<td>91.0</td>');
    expect(page).toContain('--fault-every-ms 500,2000 --seed 7');
    expect(page).not.toMatch(/<script|Violations|incomplete/);
  });

  it('shows what went wrong, as text', async () => {
    const violations = ['<b>lost</b>'];
    const soaks = [fixtureSeriesEntry('spr', 500, null, { violations, complete: false })];
    const page = await renderSoakSeries(fixtureSeries({ complete: false, soaks }));
    expect(page).toContain('spr-500ms: &lt;b&gt;lost&lt;/b&gt;');
    expect(page).toContain('The series is incomplete.');
    expect(page).toContain('no data');
  });
});
