/** What every report must do. An outside author runs it as `describeReport(mine)` in a vitest file. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { FilesReport, Report, ReportFile, ReportOptions, Results } from '../../src/contracts/report.js';
import type { TrialResult } from '../../src/contracts/results.js';
import { frozen, once } from '../fixtures/once.js';
import { emptyResults, fixtureResults, fixtureTrials, resultsOf } from '../fixtures/results.js';
import { parseCsv } from './parsers/csv.js';
import { parsePrometheus } from './parsers/prometheus.js';
import { parseXml } from './parsers/xml.js';

const OPTIONS: ReportOptions = { width: 120, colour: false };

/** Text that does harm where it is not taken as text: in HTML, in Markdown, in a terminal. */
export const HOSTILE = [
  '</script><script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onload='alert(1)",
  'javascript:alert(1)',
  '[click](javascript:alert(1))',
  '<!--',
  ']]>',
  '| a | b |\n\n# heading',
  '\u001b[2J\u001b]0;owned\u0007',
  '\u202egnp.exe',
  '{{constructor}} $1 $&',
] as const;

export interface Capabilities {
  /** Whether it says why trials do not count. Formats for numbers alone have no place for it. */
  readonly reasons?: boolean;
}

export function describeReport(report: Report, { reasons = true }: Capabilities = {}): void {
  const fixtureText = once(async () => report.render(fixtureResults(), OPTIONS));

  describe(`report ${report.id}`, () => {
    it('has an id, a title and an extension', () => {
      expect(report.id).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(report.title).not.toBe('');
      expect(report.extension).toMatch(/^[a-z]+$/);
      expect(report.fileName ?? 'report').toMatch(/^[a-z]+(-[a-z]+)*$/);
    });

    // Twice all charts, on a machine that may be busy.
    it('gives the same text for the same results, and leaves them alone', { timeout: 30_000 }, async () => {
      // The fixture is frozen, its copy is not: neither may be written to.
      const copy = structuredClone(fixtureResults());
      expect(await report.render(copy, OPTIONS)).toBe(await fixtureText());
      expect(copy).toEqual(fixtureResults());
    });

    it('ends with a line end', async () => {
      expect(await fixtureText()).toMatch(/[^\n]\n$/);
    });

    it('names every strategy, workload and trial that does not count', async () => {
      const text = await fixtureText();
      for (const name of ['full-handshake', 'spr', 'small-replies', 'downloads', 'invalid', 'inconclusive']) {
        expect(text).toContain(name);
      }
    });

    it('renders a run without any trial, also without colour or width', async () => {
      for (const width of [0, 20, 80, 1000]) {
        const text = await report.render(emptyResults(), { width, colour: false });
        expect(text).not.toBe('');
        expectSaneNumbers(text);
      }
    });

    it('renders cells without a completed trial', async () => {
      const text = await report.render(rejectedResults(), OPTIONS);
      if (reasons) expect(text).toContain('no fault was injected');
      expectSaneNumbers(text);
    });

    it('renders trials in which nothing happened', async () => {
      const text = await report.render(quietResults(), OPTIONS);
      expectSaneNumbers(text);
    });

    it('renders the largest counts and times that a result file can hold', async () => {
      expectSaneNumbers(await report.render(largestResults(), OPTIONS));
    });

    it.each(HOSTILE)('takes %j as text, wherever it stands', async (text) => {
      const rendered = await report.render(hostileResults(text), { width: 400, colour: false });
      expectInert(report, rendered);
    });
  });
}

export function describeFilesReport(report: FilesReport): void {
  // All charts, on a machine that may be busy.
  describe(`report ${report.id}`, { timeout: 60_000 }, () => {
    it('has an id and a title', () => {
      expect(report.id).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(report.title).not.toBe('');
    });

    it('gives the same files for the same results, with names that are safe and unique', async () => {
      const files = await report.renderFiles(fixtureResults());
      expect(files.length).toBeGreaterThan(0);
      const again = await report.renderFiles(structuredClone(fixtureResults()));
      expect(again.map(fingerprint)).toEqual(files.map(fingerprint));
      for (const { name } of files) expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*\.[a-z]+$/);
      expect(new Set(files.map(({ name }) => name)).size).toBe(files.length);
    });

    it('has no file for a run without a trial', async () => {
      expect(await report.renderFiles(emptyResults())).toEqual([]);
    });

    it('gives safe names and harmless content whatever the results hold', async () => {
      for (const text of [HOSTILE[0], '../../etc/passwd', '\u0000', 'é'.repeat(90)]) {
        for (const { name, content } of await report.renderFiles(hostileResults(text))) {
          expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*\.[a-z]+$/);
          expect(name.length).toBeLessThanOrEqual(100);
          if (typeof content === 'string') expectInertHtml(content);
        }
      }
    });
  });
}

/** In the place of the file where that is compared: byte by byte, pictures take seconds. */
function fingerprint({ name, content }: ReportFile): string {
  return `${name} ${createHash('sha256').update(content).digest('hex')}`;
}

/** No number that JavaScript could not make, and nothing that was never set. */
function expectSaneNumbers(text: string): void {
  expect(text).not.toMatch(/\b(?:NaN|Infinity|undefined)\b|\[object /);
}

const rejectedResults = once(() =>
  frozen(
    resultsOf(
      fixtureTrials().map((trial): TrialResult => {
        return { ...trial, status: 'invalid', reasons: ['no fault was injected'], measurements: null };
      }),
    ),
  ),
);

const quietResults = once(() => frozen(resultsOf(fixtureTrials().map(quiet))));

const largestResults = once(() => frozen(withEveryNumber(Number.MAX_SAFE_INTEGER)));

/** The fixture with `value` in the place of every positive number of its cells and comparisons. */
function withEveryNumber(value: number): Results {
  const { summary, ...results } = fixtureResults();
  const replace = <T>(part: T): T =>
    JSON.parse(JSON.stringify(part), (_, old) => (typeof old === 'number' && old > 0 ? value : old)) as T;
  const { strategies, cells, comparisons } = summary;
  return {
    ...results,
    summary: {
      ...summary,
      strategies: replace(strategies),
      cells: replace(cells),
      comparisons: replace(comparisons),
    },
  };
}

/** A trial of idle connections that were kept. */
function quiet(trial: TrialResult): TrialResult {
  if (trial.status !== 'completed') return trial;
  const { measurements } = trial;
  const connections = measurements.connections.map((connection) => {
    return { ...connection, fate: 'kept' as const, recoveryTimeMs: null, interruptionMs: null, phases: null };
  });
  const throughput = { ...measurements.throughput, replies: [] };
  const nothing = { lastRecoveredMs: null, replicaCpuMsPerRecovery: null };
  return { ...trial, measurements: { ...measurements, ...nothing, connections, throughput } };
}

/** Those of {@link makeHostileResults}, made once for all reports. */
function hostileResults(text: string): Results {
  const results = HOSTILE_RESULTS.get(text) ?? makeHostileResults(text);
  HOSTILE_RESULTS.set(text, results);
  return results;
}

const HOSTILE_RESULTS = new Map<string, Results>();

/** Results with `text` in every place that takes any text. */
function makeHostileResults(text: string): Results {
  const id = text.slice(0, 100);
  const rename = (strategy: string): string => (strategy === 'spr' ? id : strategy);
  const trials = fixtureTrials().map((trial): TrialResult => {
    const spec = { ...trial.spec, strategy: rename(trial.spec.strategy), workload: id, fault: id };
    if (trial.status === 'completed') return { ...trial, spec, violations: [text] };
    return { ...trial, spec, reasons: [text], violations: [text] };
  });
  const { series, summary, strategies } = resultsOf(
    trials,
    fixtureResults().strategies.map((strategy) => {
      return { ...strategy, id: rename(strategy.id), title: text, summary: text };
    }),
  );
  const environment = { ...summary.environment, cpuModel: text, kernel: text };
  const options = { [text]: text, list: [text] };
  return frozen({
    series,
    strategies,
    summary: { ...summary, environment, options, command: text, startedAt: text },
  });
}

const CHECKS: Readonly<Record<string, (text: string) => void>> = {
  html: expectInertHtml,
  md: expectInertMarkdown,
  txt: expectPrintable,
  json: (text) => expect(() => JSON.parse(text) as unknown).not.toThrow(),
  csv: (text) => void parseCsv(text),
  xml: (text) => void parseXml(text),
  prom: (text) => void parsePrometheus(text),
};

/** @param report its extension says in which format `text` is to be harmless */
export function expectInert(report: Pick<Report, 'extension'>, text: string): void {
  CHECKS[report.extension]?.(text);
}

function expectInertHtml(text: string): void {
  expectPrintable(text);
  // Attribute values hold text; what is left of a tag without them are names only.
  const tags = [...text.matchAll(/<[^>]*>/g)].map(([tag]) => tag.replace(/"[^"]*"/g, '""'));
  const names = new Set(tags.map((tag) => /^<\/?([a-zA-Z0-9]+)/.exec(tag)?.[1]?.toLowerCase() ?? tag));
  for (const name of ['script', 'img', 'a', 'iframe', 'object', 'link', 'base', 'form', '<!--']) {
    expect(names).not.toContain(name);
  }
  for (const tag of tags) {
    expect(tag).not.toMatch(/\s(?:on\w+|href|xlink:href|src|action)\s*=/i);
    expect(tag).not.toContain("'");
  }
}

function expectInertMarkdown(text: string): void {
  expectPrintable(text);
  expect(text.replace(/\\./g, '')).not.toMatch(/<[a-z!/]|\]\(|!\[/i);
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  const columns = rows.map((row) => row.replace(/\\./g, '').split('|').length);
  // The rows of one table follow each other; another table may have another number of columns.
  for (const [index, row] of rows.entries()) {
    if (/^\|( :?-+:? \|)+$/.test(row)) expect(columns[index - 1]).toBe(columns[index]);
  }
  expect(new Set(columns).size).toBe(rows.filter((row) => /^\|( :?-+:? \|)+$/.test(row)).length);
  expect(text).not.toMatch(/^# heading/m);
}

function expectPrintable(text: string): void {
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
}
