/** HTML reports in Debian's Chromium, with the network blocked. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { html } from '../../../reports/html.js';
import type { ReportOptions, Results } from '../../../src/contracts/report.js';
import { fixtureResults } from '../../fixtures/results.js';
import { findProgram } from './program.js';

export const DESKTOP = { width: 1280, height: 900 };
export const PHONE = { width: 360, height: 740 };

/** Text that would run, load or navigate where it is not taken as text. */
export const HOSTILE = [
  '</script><script>document.title="owned"</script>',
  '</title></style><script>document.title="owned"</script>',
  '"><img src=x onerror=\'document.title="owned"\'>',
  'javascript:document.title="owned"',
];

// What runs in the browser is text: this project is compiled without the types of a browser.
export const unfold = (open: boolean): string =>
  `for (const details of document.querySelectorAll('details')) details.open = ${open}`;
export interface Visit {
  readonly page: Page;
  /** What the page asked for beside itself, and what it or the browser complained about. */
  readonly requests: string[];
  readonly complaints: string[];
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly { readonly html: string }[];
  }[];
}

/** A browser that is closed at the end of the suite, and the folder that its reports are written to. */
export class ReportBrowser {
  readonly #browser: Browser;
  readonly #folder: string;

  private constructor(browser: Browser, folder: string) {
    this.#browser = browser;
    this.#folder = folder;
  }

  static async launch(folder: string): Promise<ReportBrowser> {
    const executablePath = findProgram('chromium');
    return new ReportBrowser(await chromium.launch({ executablePath, args: ['--no-sandbox'] }), folder);
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }

  /** @returns its address */
  async write(name: string, results: Results, options: Partial<ReportOptions> = {}): Promise<string> {
    return this.writeText(name, await html.render(results, { width: 80, colour: false, ...options }));
  }

  /** @returns its address */
  writeText(name: string, text: string): string {
    const path = join(this.#folder, name);
    writeFileSync(path, text);
    return pathToFileURL(path).href;
  }

  /** Opens a report with everything unfolded. */
  async visit(options: BrowserContextOptions, address: string): Promise<Visit> {
    const context = await this.#browser.newContext({ ...options, offline: true });
    const page = await context.newPage();
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => {
      if (request.url() !== address) requests.push(request.url());
    });
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(address);
    await page.evaluate(unfold(true));
    return { page, requests, complaints };
  }
}

/** By how much the page is wider than the screen, px. */
export async function overflow(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
}

/** What axe finds serious or critical. The page must have been opened with `bypassCSP`. */
export async function seriousFindings(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: axe.source });
  const { violations } = await page.evaluate<AxeResult>('axe.run()');
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => {
      const places = nodes.slice(0, 3).map((node) => node.html.slice(0, 200));
      return `${id}: ${places.join(' | ')}`;
    });
}

/** Results with `text` as name, title, reason and option. */
export function hostileResults(text: string): Results {
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
