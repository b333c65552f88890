/** The interactive layer of the HTML reports in a browser. */
import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runsHtml } from '../../reports/runs/html.js';
import { fixtureTrials, resultsOf } from '../fixtures/results.js';
import { fixtureComparison } from '../fixtures/runs.js';
import { suiteFolder } from './support/folder.js';
import { isMissing } from './support/program.js';
import {
  DESKTOP,
  HOSTILE,
  hostileResults,
  overflow,
  PHONE,
  ReportBrowser,
  seriousFindings,
  type Visit,
} from './support/report-browser.js';

// What runs in the browser is text: this project is compiled without the types of a browser.
const ticks = (title: string): string => `[...document.querySelectorAll('figure[data-plot]')]
  .filter((figure) => figure.querySelector('figcaption').textContent === ${JSON.stringify(title)})
  .flatMap((figure) => [...figure.querySelectorAll('.ticks text, [data-role=time-axis] text')])
  .filter((text) => getComputedStyle(text).display !== 'none' && text.getAttribute('opacity') !== '0')
  .map((text) => text.textContent)`;
const marksShown = (series: number): string => `[...document.querySelectorAll(
  'figure :is([stroke="var(--series-${series})"],[fill="var(--series-${series})"])',
)].map((mark) => mark.checkVisibility())`;
const OWNED =
  '[document.title, document.querySelectorAll(".tooltip *:not(strong,div,span,b,svg,svg *)").length]';

describe.skipIf(isMissing('chromium'))('interactive layer in Chromium', () => {
  const folder = suiteFolder();
  let reports: ReportBrowser;
  let url: string;
  let staticUrl: string;
  let runsUrl: string;

  beforeAll(async () => {
    reports = await ReportBrowser.launch(folder);
    const results = resultsOf(fixtureTrials().filter(({ spec }) => spec.workload === 'uploads'));
    url = await reports.write('interactive.html', results, { isInteractive: true });
    staticUrl = await reports.write('static.html', results);
    const options = { width: 80, colour: false, isInteractive: true };
    runsUrl = reports.writeText('runs.html', await runsHtml.render(fixtureComparison(), options));
  });

  afterAll(async () => {
    await reports.close();
  });

  function visit(options: BrowserContextOptions = { viewport: DESKTOP }, address = url): Promise<Visit> {
    return reports.visit(options, address);
  }

  function figureOf(page: Page, title: string): Locator {
    return page.locator('figure[data-plot]').filter({ has: page.getByText(title, { exact: true }) });
  }

  function pictureOf(page: Page, title: string): Locator {
    return figureOf(page, title).locator('svg[role=img]');
  }

  function ticksOf(page: Page, title: string): Promise<string[]> {
    return page.evaluate<string[]>(ticks(title));
  }

  /** @param x share of the width of the picture */
  async function pointAt(page: Page, title: string, x: number, y = 0.5): Promise<string> {
    const picture = pictureOf(page, title);
    await picture.scrollIntoViewIfNeeded();
    const box = await picture.boundingBox();
    if (box === null) throw new Error(`${title} is not shown`);
    await page.mouse.move(box.x + x * box.width, box.y + y * box.height);
    return page.locator('.tooltip').innerText();
  }

  it.each(['light', 'dark'] as const)(
    'looks the same as without it when scripts are off (%s)',
    async (colorScheme) => {
      const options = { viewport: DESKTOP, colorScheme, javaScriptEnabled: false };
      const [interactive, plain] = [await visit(options), await visit(options, staticUrl)];
      const pictures = [interactive, plain].map(({ page }) => page.screenshot({ fullPage: true }));
      const [first, second] = await Promise.all(pictures);
      expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
      for (const { page } of [interactive, plain]) await page.context().close();
    },
  );

  it('asks for nothing and complains about nothing', async () => {
    for (const address of [url, runsUrl]) {
      const { page, requests, complaints } = await visit(undefined, address);
      await page.locator('.controls [data-series]').first().click();
      expect(requests).toEqual([]);
      expect(complaints).toEqual([]);
      await page.context().close();
    }
  });

  it('runs no other script', async () => {
    const { page, complaints } = await visit();
    await page.evaluate(`{
      const script = document.createElement('script');
      script.textContent = 'document.title = "owned"';
      document.body.append(script);
    }`);
    expect(await page.title()).not.toBe('owned');
    expect(complaints.join()).toMatch(/Content Security Policy/);
    await page.context().close();
  });

  it('tells the values of all strategies at the place of the mouse', async () => {
    const { page } = await visit();
    const text = await pointAt(page, 'Connections recovered over time', 0.98);
    expect(text).toMatch(/^\d+ ms after the fault\n/);
    for (const title of ['Full handshake', 'Session resumption', 'Full state copy', 'SPR']) {
      expect(text).toMatch(new RegExp(`${title}\\s+100 %`));
    }
    expect(await pointAt(page, 'Connections recovered over time', 0.25)).toMatch(/Full handshake\s+0 %/);
    await page.mouse.move(0, 0);
    expect(await page.locator('.tooltip').isHidden()).toBe(true);
    await page.context().close();
  });

  it.each([
    ['Phases of a recovery', /^full-handshake\n(.*\n)*detection, ms\s+[\d.]+/],
    ['Cost against benefit', /^uploads, kill\nstrategy\s+\S+\nrecovery time, x reference\s+[\d.]+x/],
    ['Recovery time in every case', /^uploads, kill\nstrategy\s+full-handshake\np50, ms\s+\d+/],
  ])('tells the rows of "%s" to the keyboard', async (title, expected) => {
    const { page } = await visit();
    await pictureOf(page, title).first().focus();
    await page.keyboard.press('ArrowDown');
    const tooltip = page.locator('.tooltip');
    expect(await tooltip.innerText()).toMatch(expected);
    expect(await tooltip.getAttribute('role')).toBe('status');
    const first = await tooltip.innerText();
    await page.keyboard.press('ArrowDown');
    expect(await tooltip.innerText()).not.toBe(first);
    await page.keyboard.press('Escape');
    expect(await tooltip.isHidden()).toBe(true);
    await page.context().close();
  });

  it('moves along the time axis with the keyboard', async () => {
    const { page } = await visit();
    await pictureOf(page, 'Throughput around the fault').focus();
    const times: number[] = [];
    for (const key of ['ArrowRight', 'Shift+ArrowRight', 'ArrowRight', 'ArrowLeft']) {
      await page.keyboard.press(key);
      times.push(Number.parseFloat((await page.locator('.tooltip strong').innerText()).replace(/,/g, '')));
    }
    const [first = 0, second = 0, third = 0, last = 0] = times;
    expect(second - first).toBeGreaterThan(3 * (third - second));
    expect(last).toBeCloseTo(second, 0);
    await page.context().close();
  });

  it('hides a strategy in all charts, and shows it again', async () => {
    const { page } = await visit();
    const shown = (series: number): Promise<boolean[]> => page.evaluate<boolean[]>(marksShown(series));
    const before = await shown(3);
    expect(before.length).toBeGreaterThan(15);
    expect(before).not.toContain(false);
    const button = page.getByRole('button', { name: 'SPR', exact: true });
    await button.focus();
    await page.keyboard.press('Space');
    expect(await button.getAttribute('aria-pressed')).toBe('false');
    expect(await shown(3)).not.toContain(true);
    expect(await shown(0)).not.toContain(false);
    expect(await pointAt(page, 'Throughput around the fault', 0.5)).not.toContain('SPR');
    expect(
      await page
        .locator('figure')
        .filter({ hasText: 'Phases of a' })
        .locator('text', { hasText: /^spr$/ })
        .isVisible(),
    ).toBe(false);
    await button.click();
    expect(await shown(3)).toEqual(before);
    expect(await pointAt(page, 'Throughput around the fault', 0.5)).toContain('SPR');
    await page.context().close();
  });

  it('zooms the time axes of a case together, with buttons, keys and mouse', async () => {
    const { page } = await visit();
    const titles = [
      'Throughput around the fault',
      'Connections recovered over time',
      'CPU of the surviving replicas',
    ];
    const all = (): Promise<string[][]> => Promise.all(titles.map((title) => ticksOf(page, title)));
    const whole = await all();
    await page.getByRole('button', { name: 'Zoom in' }).click();
    const zoomed = await all();
    for (const [index, ticks] of zoomed.entries()) {
      expect(ticks).not.toEqual(whole[index]);
      expect(ticks).toContain('0');
    }
    await pictureOf(page, titles[0] ?? '').focus();
    await page.keyboard.press('0');
    expect(await all()).toEqual(whole);
    await page.keyboard.press('+');
    expect(await all()).toEqual(zoomed);
    await page.getByRole('button', { name: 'Whole' }).click();
    const from = await pointAt(page, titles[1] ?? '', 0.5);
    await page.mouse.down();
    const to = await pointAt(page, titles[1] ?? '', 0.7);
    await page.mouse.up();
    const [low = 0, high = 0] = [from, to].map((text) => Number.parseFloat(text));
    const dragged = (await ticksOf(page, titles[0] ?? '')).map(Number).filter(Number.isFinite);
    expect(Math.min(...dragged)).toBeGreaterThanOrEqual(low - 1);
    expect(Math.max(...dragged)).toBeLessThanOrEqual(high + 1);
    await page.context().close();
  });

  it('tells the same values at the same time, zoomed or not', async () => {
    const { page } = await visit();
    const title = 'Throughput around the fault';
    const plain = await pointAt(page, title, 0.6);
    await page.mouse.down();
    await pointAt(page, title, 0.8);
    await page.mouse.up();
    // What was at the left end of the part is at the left end of the axis now.
    const axis = await figureOf(page, title).locator('[data-role=time-axis] line[x2]').boundingBox();
    const picture = await pictureOf(page, title).boundingBox();
    const left = ((axis?.x ?? 0) - (picture?.x ?? 0)) / (picture?.width ?? 1);
    const zoomed = await pointAt(page, title, left);
    const numbers = (text: string): number[] => (text.match(/[\d.]+/g) ?? []).map(Number);
    expect(numbers(plain)).toHaveLength(5);
    for (const [index, value] of numbers(zoomed).entries()) {
      expect(Math.abs(value - (numbers(plain)[index] ?? Number.NaN))).toBeLessThanOrEqual(2);
    }
    await page.context().close();
  });

  it('does nothing with a button that has nothing to do', async () => {
    const { page } = await visit();
    const out = page.getByRole('button', { name: 'Zoom out' });
    expect(await out.getAttribute('aria-disabled')).toBe('true');
    const before = await ticksOf(page, 'Throughput around the fault');
    await out.click({ force: true });
    expect(await ticksOf(page, 'Throughput around the fault')).toEqual(before);
    await page.context().close();
  });

  it('fits a phone, tooltips included, and answers a finger', async () => {
    const { page } = await visit({ viewport: PHONE, hasTouch: true });
    for (const title of ['Throughput around the fault', 'Requests without a right reply']) {
      const picture = pictureOf(page, title).first();
      await picture.tap({ position: { x: 300, y: 60 } });
      const box = await page.locator('.tooltip').boundingBox();
      expect(box?.x).toBeGreaterThanOrEqual(0);
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(PHONE.width);
    }
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    await page.context().close();
  });

  it('prints no control', async () => {
    const { page } = await visit();
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.controls').first().isVisible()).toBe(false);
    await page.context().close();
  });

  it.each([
    ['light', DESKTOP],
    ['dark', PHONE],
  ] as const)('has no serious finding of axe (%s, %j)', async (colorScheme, viewport) => {
    const { page } = await visit({ viewport, colorScheme, bypassCSP: true });
    await page.locator('.controls [data-series]').first().click();
    await pictureOf(page, 'Throughput around the fault').focus();
    await page.keyboard.press('ArrowRight');
    expect(await seriousFindings(page)).toEqual([]);
    await page.context().close();
  });

  it('moves nothing on its own', async () => {
    const { page } = await visit({ viewport: DESKTOP, reducedMotion: 'no-preference' });
    await page.getByRole('button', { name: 'Zoom in' }).click();
    expect(await page.evaluate('document.getAnimations().length')).toBe(0);
    await page.context().close();
  });

  it.each(HOSTILE)('takes %j as text, wherever it is told', async (text) => {
    const address = await reports.write('hostile.html', hostileResults(text), { isInteractive: true });
    const { page, requests } = await visit({ viewport: DESKTOP }, address);
    const pictures = page.locator('figure[data-plot] svg[role=img]');
    const told: string[] = [];
    for (let index = 0; index < (await pictures.count()); index++) {
      await pictures.nth(index).focus();
      await page.keyboard.press('ArrowRight');
      told.push(await page.locator('.tooltip').innerText());
    }
    expect(told.join('\n')).toContain(text);
    expect(await page.evaluate(OWNED)).toEqual(['spr-bench: comparison of recovery strategies', 0]);
    expect(requests).toEqual([]);
    await page.context().close();
  });
});
