/** The HTML report in a browser: it must need nothing but its own file, and be readable by everybody. */
import type { BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixtureResults, fixtureTrials, resultsOf } from '../fixtures/results.js';
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
  unfold,
  type Visit,
} from './support/report-browser.js';

// What runs in the browser is text: this project is compiled without the types of a browser.
const PICTURE_BOXES = `[...document.querySelectorAll('svg[role=img]')].map((svg) => {
  const { left, right, width } = svg.getBoundingClientRect();
  return { left, right, width };
})`;
const TEXT_SIZES = `[...document.querySelectorAll('svg[role=img] text')].map((text) => {
  const svg = text.closest('svg');
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return Number.parseFloat(getComputedStyle(text).fontSize) * scale;
})`;
const COLOURS = `[
  getComputedStyle(document.body).backgroundColor,
  getComputedStyle(document.querySelector('svg[role=img] text')).fill,
]`;
const VISIBLE_TABLES_OF_CASES = `[...document.querySelectorAll('.case table')].filter(
  (table) => table.checkVisibility({ contentVisibilityAuto: true }),
).length`;

interface Box {
  readonly left: number;
  readonly right: number;
  readonly width: number;
}

describe.skipIf(isMissing('chromium'))('HTML report in Chromium', () => {
  const folder = suiteFolder();
  let reports: ReportBrowser;
  let url: string;
  /** One case: axe takes its time for each element. */
  let smallUrl: string;

  beforeAll(async () => {
    reports = await ReportBrowser.launch(folder);
    url = await reports.write('report.html', fixtureResults());
    const oneCase = fixtureTrials().filter(({ spec }) => spec.workload === 'uploads');
    smallUrl = await reports.write('small.html', resultsOf(oneCase));
  });

  afterAll(async () => {
    await reports.close();
  });

  /** With everything unfolded. */
  function visit(options: BrowserContextOptions, address = url): Promise<Visit> {
    return reports.visit(options, address);
  }

  it('asks for nothing and complains about nothing', async () => {
    const { page, requests, complaints } = await visit({ viewport: DESKTOP });
    expect(await page.locator('svg[role=img]').count()).toBeGreaterThan(20);
    expect(requests).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('reads the same without scripts', async () => {
    const { page } = await visit({ viewport: DESKTOP, javaScriptEnabled: false });
    const text = await page.locator('body').innerText();
    expect(text).toContain('SPR recovered');
    expect(await page.locator('script, a, iframe, object, link').count()).toBe(0);
    await page.context().close();
  });

  it.each([
    ['a desktop', DESKTOP],
    ['a tablet', { width: 768, height: 1024 }],
    ['a phone', PHONE],
  ])('fits the width of %s', async (_, viewport) => {
    const { page } = await visit({ viewport });
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    const boxes = await page.evaluate<Box[]>(PICTURE_BOXES);
    expect(boxes.length).toBeGreaterThan(20);
    for (const { left, right, width } of boxes) {
      expect(left).toBeGreaterThanOrEqual(0);
      expect(right).toBeLessThanOrEqual(viewport.width);
      expect(width).toBeGreaterThan(200);
    }
    await page.context().close();
  });

  it('has no text in pictures that is smaller than 10 px on a phone', async () => {
    const { page } = await visit({ viewport: PHONE });
    const sizes = await page.evaluate<number[]>(TEXT_SIZES);
    expect(sizes.length).toBeGreaterThan(100);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(10);
    await page.context().close();
  });

  it.each(['light', 'dark'] as const)('follows the %s scheme, pictures included', async (colorScheme) => {
    const { page } = await visit({ viewport: DESKTOP, colorScheme });
    const [background, ink] = await page.evaluate<string[]>(COLOURS);
    const brightness = (colour = ''): number =>
      (colour.match(/[\d.]+/g) ?? []).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 3;
    const contrast = brightness(background) - brightness(ink);
    expect(colorScheme === 'light' ? contrast : -contrast).toBeGreaterThan(150);
    await page.context().close();
  });

  it('prints every case, in dark ink, within the width of A4', async () => {
    const { page } = await visit({ viewport: { width: 720, height: 1000 }, colorScheme: 'dark' });
    await page.evaluate(unfold(false));
    await page.emulateMedia({ media: 'print' });
    // What is visible is known when it has been laid out, which happens with the next frame.
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    const shown = await page.evaluate<number>(VISIBLE_TABLES_OF_CASES);
    expect(shown).toBeGreaterThanOrEqual(3);
    expect((await page.evaluate<string[]>(COLOURS))[0]).toBe('rgb(255, 255, 255)');
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    const pdf = await page.pdf({ preferCSSPageSize: true });
    expect(pdf.subarray(0, 5).toString('latin1')).toBe('%PDF-');
    await page.context().close();
  });

  it.each([
    ['light', DESKTOP],
    ['dark', DESKTOP],
    ['light', PHONE],
  ] as const)('has no serious finding of axe (%s, %j)', async (colorScheme, viewport) => {
    const { page } = await visit({ viewport, colorScheme, bypassCSP: true }, smallUrl);
    expect(await seriousFindings(page)).toEqual([]);
    await page.context().close();
  });

  it('can be unfolded and scrolled with the keyboard', async () => {
    const { page } = await visit({ viewport: DESKTOP });
    await page.evaluate(unfold(false));
    const second = page.locator('details.case').nth(1);
    await second.locator('> summary').focus();
    await page.keyboard.press('Enter');
    expect(await second.getAttribute('open')).not.toBeNull();
    const unreachable = await page.locator('.scroll:not([tabindex="0"])').count();
    expect(unreachable).toBe(0);
    await page.context().close();
  });

  it.each(HOSTILE)('takes %j as text, wherever it stands', async (text) => {
    const { page, requests, complaints } = await visit(
      { viewport: DESKTOP },
      await reports.write('hostile.html', hostileResults(text)),
    );
    expect(await page.title()).toBe('spr-bench: comparison of recovery strategies');
    expect(await page.locator('body').innerText()).toContain(text);
    expect(requests).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
