import { describe, expect, it } from 'vitest';
import { html } from '../../reports/html.js';
import type { MicroResult } from '../../src/contracts/micro.js';
import { fixtureMicroOfRun, STEP_CPU_US } from '../fixtures/micro.js';
import { once } from '../fixtures/once.js';
import { fixtureResults } from '../fixtures/results.js';

const TITLE = 'What a recovery is made of';

async function render(micro?: MicroResult): Promise<string> {
  return html.render({ ...fixtureResults(), ...(micro && { micro }) }, { width: 80, colour: false });
}

const page = once(() => render(fixtureMicroOfRun()));

describe('what a recovery is made of', () => {
  it('is not in a report without a measurement', async () => {
    expect(await render()).not.toContain(TITLE);
  });

  it('has a row for each cell: terms, sum, measurement and rest, or the reason why there is no sum', async () => {
    const [, text = ''] = (await page()).split(`<h2>${TITLE}</h2>`);
    const [costs = ''] = text.split('<details>');
    expect(costs.match(/<th scope="row">/g)).toHaveLength(12);
    expect(costs).toContain('40.0 take a flow over');
    expect(costs).toContain('no step answers as the workload downloads does');
    expect(costs).toContain('phase crypto took');
  });

  it('has each step with its interval', async () => {
    const [, steps = ''] = (await page()).split('Each step, measured alone');
    for (const id of Object.keys(STEP_CPU_US)) expect(steps).toContain(`<th scope="row">${id}</th>`);
    expect(steps).toContain('<td>36.0 to 48.0</td>');
  });

  it('says so when there was no recovery', async () => {
    expect(await render({ ...fixtureMicroOfRun(), recoveryCosts: [] })).toContain(
      'No completed trial has a recovery to compare with.',
    );
  });

  it('cannot become markup', async () => {
    const [first, ...rest] = fixtureMicroOfRun().recoveryCosts ?? [];
    if (first === undefined) throw new Error('the fixture has recoveries');
    const hostile = { ...first, strategy: '<b>x</b>', terms: null, reason: '<img>' };
    const text = await render({
      ...fixtureMicroOfRun(),
      method: '<script>',
      recoveryCosts: [hostile, ...rest],
    });
    expect(text).not.toMatch(/<b>x|<img|<script>/);
    expect(text).toContain('&lt;b&gt;x&lt;/b&gt;');
  });
});
