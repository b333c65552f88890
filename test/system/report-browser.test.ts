/** The HTML report in a browser: it must need nothing but its own file, and be readable by everybody. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { html } from '../../reports/html.js';
import type { Results } from '../../src/contracts/report.js';
import { fixtureResults, fixtureTrials, resultsOf } from '../fixtures/results.js';
import { suiteFolder } from './support/folder.js';
import { findProgram, isMissing } from './support/program.js';

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 360, height: 740 };

/** Text that would run, load or navigate where it is not taken as text. */
const HOSTILE = [
  '</script><script>document.title="owned"</script>',
  '</title></style><script>document.title="owned"</script>',
  '"><img src=x onerror=\'document.title="owned"\'>',
  'javascript:document.title="owned"',
];

// What runs in the browser is text: this project is compiled without the types of a browser.
const unfold = (open: boolean): string =>
  `for (const details of document.querySelectorAll('details')) details.open = ${open}`;
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

interface Visit {
  readonly page: Page;
  /** What the page asked for beside itself, and what it or the browser complained about. */
  readonly requests: string[];
  readonly complaints: string[];
}

describe.skipIf(isMissing('chromium'))('HTML report in Chromium', () => {
  let browser: Browser;
  const folder = suiteFolder();
  let url: string;
  /** One case: axe takes its time for each element. */
  let smallUrl: string;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: findProgram('chromium'), args: ['--no-sandbox'] });
    url = await write('report.html', fixtureResults());
    const oneCase = fixtureTrials().filter(({ spec }) => spec.workload === 'uploads');
    smallUrl = await write('small.html', resultsOf(oneCase));
  });

  afterAll(async () => {
    await browser.close();
  });

  async function write(name: string, results: Results): Promise<string> {
    const path = join(folder, name);
    writeFileSync(path, await html.render(results, { width: 80, colour: false }));
    return pathToFileURL(path).href;
  }

  /** Opens a report with everything unfolded and the network blocked. */
  async function visit(options: BrowserContextOptions, address = url): Promise<Visit> {
    const context = await browser.newContext({ ...options, offline: true });
    const page = await context.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(address);
    await page.evaluate(unfold(true));
    return { page, requests: requests.filter((one) => one !== address), complaints };
  }

  async function overflow(page: Page): Promise<number> {
    return page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
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
    await page.addScriptTag({ content: axe.source });
    const { violations } = await page.evaluate<AxeResult>('axe.run()');
    const findings = violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes
            .slice(0, 3)
            .map((node) => node.html.slice(0, 200))
            .join(' | ')}`,
      );
    expect(findings).toEqual([]);
    await page.context().close();
  });

  it('can be unfolded and scrolled with the keyboard', async () => {
    const context = await browser.newContext({ viewport: DESKTOP });
    const page = await context.newPage();
    await page.goto(url);
    const second = page.locator('details.case').nth(1);
    await second.locator('> summary').focus();
    await page.keyboard.press('Enter');
    expect(await second.getAttribute('open')).not.toBeNull();
    const unreachable = await page.locator('.scroll:not([tabindex="0"])').count();
    expect(unreachable).toBe(0);
    await context.close();
  });

  it.each(HOSTILE)('takes %j as text, wherever it stands', async (text) => {
    const { page, requests, complaints } = await visit(
      { viewport: DESKTOP },
      await write('hostile.html', hostile(text)),
    );
    expect(await page.title()).toBe('spr-bench: comparison of recovery strategies');
    expect(await page.locator('body').innerText()).toContain(text);
    expect(requests).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** Results with `text` as name, title, reason and option. */
function hostile(text: string): Results {
  const results = fixtureResults();
  const { summary } = results;
  const rename = (id: string): string => (id === 'spr' ? text : id);
  return {
    strategies: results.strategies.map((one) => ({ ...one, id: rename(one.id), title: text, summary: text })),
    series: results.series.map((one) => ({
      ...one,
      strategy: rename(one.strategy),
      workload: text,
      fault: text,
    })),
    summary: {
      ...summary,
      command: text,
      options: { [text]: text },
      strategies: summary.strategies.map((one) => ({ ...one, id: rename(one.id), title: text })),
      cells: summary.cells.map((one) => ({
        ...one,
        strategy: rename(one.strategy),
        workload: text,
        fault: text,
      })),
      comparisons: summary.comparisons.map((one) => ({
        ...one,
        strategy: rename(one.strategy),
        workload: text,
        fault: text,
      })),
      rejected: summary.rejected.map((one) => ({ ...one, reasons: [text] })),
      violations: [text],
    },
  };
}
