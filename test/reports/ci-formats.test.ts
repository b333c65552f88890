/** Formats for programs, each held against the published grammar or schema of the program that reads it. */
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { bencher } from '../../reports/bencher.js';
import { benchmarkAction } from '../../reports/benchmark-action.js';
import { githubAnnotations } from '../../reports/github-annotations.js';
import { junit } from '../../reports/junit.js';
import { prometheus } from '../../reports/prometheus.js';
import type { Report, Results } from '../../src/contracts/report.js';
import type { Summary } from '../../src/contracts/results.js';
import { emptyResults, fixtureResults } from '../fixtures/results.js';
import { parsePrometheus } from './parsers/prometheus.js';
import { parseXml, type XmlElement } from './parsers/xml.js';

const VIOLATION = 'trial 3 (spr, small-replies, kill): 7 bytes corrupted';
const RATIO = {
  strategy: 'spr',
  workload: 'small-replies',
  fault: 'kill',
  metric: 'recoveryTimeMs',
} as const;

async function render(report: Report, changes: Partial<Summary> = {}): Promise<string> {
  const results = fixtureResults();
  return report.render(
    { ...results, summary: { ...results.summary, ...changes } },
    { width: 80, colour: false },
  );
}

function cell(strategy = 'spr', workload = 'small-replies'): Summary['cells'][number] {
  const found = fixtureResults().summary.cells.find(
    (one) => one.strategy === strategy && one.workload === workload,
  );
  if (found === undefined) throw new Error(`fixture: there is no cell ${strategy}, ${workload}`);
  return found;
}

function comparison(): Summary['comparisons'][number] {
  const found = fixtureResults().summary.comparisons.find((one) =>
    Object.entries(RATIO).every(([key, value]) => one[key as keyof typeof RATIO] === value),
  );
  if (found === undefined) throw new Error('fixture: there is no such comparison');
  return found;
}

describe('Bencher Metric Format', () => {
  /** https://bencher.dev/v0/bmf.json, as published; with what it leaves open closed. */
  const isBmf = new Ajv().compile({
    type: 'object',
    additionalProperties: false,
    patternProperties: {
      '^.{1,1024}$': {
        type: 'object',
        additionalProperties: false,
        patternProperties: {
          '^[a-z0-9]+(-[a-z0-9]+)*$': {
            type: 'object',
            additionalProperties: false,
            properties: {
              value: { type: 'number' },
              lower_value: { type: 'number' },
              upper_value: { type: 'number' },
            },
            required: ['value'],
          },
        },
        propertyNames: { maxLength: 64 },
      },
    },
  });

  it('is what the schema asks for', async () => {
    for (const changes of [{}, { cells: [] }]) {
      const text = await render(bencher, changes);
      expect(isBmf(JSON.parse(text)), JSON.stringify(isBmf.errors)).toBe(true);
    }
  });

  it('has a benchmark per cell, with its figures and the interval of the ratio', async () => {
    const document = JSON.parse(await render(bencher)) as Record<string, Record<string, object>>;
    expect(Object.keys(document)).toHaveLength(12);
    const measures = document['small-replies/kill/spr'];
    expect(measures?.['recovery-time-p50-ms']).toEqual({ value: cell().recoveryTimeMs?.p50 });
    expect(measures?.['run-twice']).toEqual({ value: cell().executions?.more });
    expect(measures?.['posts-run-twice']).toEqual({ value: cell().executions?.moreNonIdempotent });
    const { ratio, low, high } = comparison();
    expect(measures?.['recovery-to-reference']).toEqual({
      value: ratio,
      lower_value: low,
      upper_value: high,
    });
    expect(document['small-replies/kill/full-handshake']).not.toHaveProperty('recovery-to-reference');
  });
});

describe('github-action-benchmark', () => {
  /** `extractCustomBenchmarkResult` of the action's src/extract.ts reads these, and nothing else. */
  const isInput = new Ajv().compile({
    type: 'array',
    items: {
      type: 'object',
      additionalProperties: false,
      required: ['name', 'unit', 'value'],
      properties: {
        name: { type: 'string', minLength: 1 },
        unit: { type: 'string', minLength: 1 },
        value: { type: 'number' },
        range: { type: 'string' },
        extra: { type: 'string' },
      },
    },
  });

  it('is what the action reads, each name once', async () => {
    const entries = JSON.parse(await render(benchmarkAction)) as {
      name: string;
      unit: string;
      value: number;
    }[];
    expect(isInput(entries), JSON.stringify(isInput.errors)).toBe(true);
    expect(new Set(entries.map(({ name }) => name)).size).toBe(entries.length);
    expect(entries).toContainEqual({
      name: 'small-replies, kill, spr: recovery time p50',
      unit: 'ms',
      value: cell().recoveryTimeMs?.p50,
      extra: '6 completed trials',
    });
  });

  it('holds nothing that is better when it is bigger', async () => {
    const text = await render(benchmarkAction);
    expect(text).not.toMatch(/replies before|connections kept|requests ok|trials completed"/);
    expect(text).toContain('connections lost');
  });

  it('leaves out what there is no value of', async () => {
    const cells = [
      { ...cell(), recoveryTimeMs: null, trials: { completed: 0, invalid: 1, inconclusive: 0 } },
    ];
    const text = await render(benchmarkAction, { cells, comparisons: [] });
    expect(text).not.toContain('recovery time');
    expect(text).not.toContain('connections lost');
    expect(text).toContain('trials invalid');
  });
});

describe('Prometheus', () => {
  it('is what the exposition format allows, in base units', async () => {
    const samples = parsePrometheus(await render(prometheus));
    const labels = { strategy: 'spr', workload: 'small-replies', fault: 'kill', quantile: 'p50' };
    const found = samples.find(
      ({ metric, labels: own }) =>
        metric === 'spr_bench_recovery_time_seconds' && JSON.stringify(own) === JSON.stringify(labels),
    );
    expect(found).toMatchObject({ type: 'gauge', value: (cell().recoveryTimeMs?.p50 ?? Number.NaN) / 1000 });
    expect(samples.some(({ metric }) => metric.endsWith('_ms'))).toBe(false);
  });

  it('gives names back as they were', async () => {
    const workload = 'a "quoted" \\ back\nslash';
    const samples = parsePrometheus(await render(prometheus, { cells: [{ ...cell(), workload }] }));
    expect(samples.filter(({ labels }) => labels.workload === workload).length).toBeGreaterThan(10);
  });

  it('says whether the run is complete', async () => {
    const complete = async (results: Results): Promise<number | undefined> =>
      parsePrometheus(await prometheus.render(results, { width: 80, colour: false })).find(
        ({ metric }) => metric === 'spr_bench_run_complete',
      )?.value;
    expect(await complete(fixtureResults())).toBe(1);
    expect(await complete(emptyResults())).toBe(0);
  });
});

describe('GitHub annotations', () => {
  /** "Workflow commands for GitHub Actions": `::name key=value,key=value::message`, on one line. */
  const COMMAND =
    /^::(error|warning|notice) title=((?:[^%:,\r\n]|%25|%0D|%0A|%3A|%2C)+)::((?:[^%\r\n]|%25|%0D|%0A)*)$/;

  async function commands(changes: Partial<Summary> = {}): Promise<{ level: string; message: string }[]> {
    const lines = (await render(githubAnnotations, changes)).trimEnd().split('\n');
    return lines.map((line) => {
      const [, level = '', , message = ''] = COMMAND.exec(line) ?? [];
      expect(line).toMatch(COMMAND);
      return { level, message: message.replaceAll('%0A', '\n').replaceAll('%25', '%') };
    });
  }

  it('has errors for violations, warnings for trials that do not count, one notice', async () => {
    const found = await commands({ violations: [VIOLATION] });
    expect(found.map(({ level }) => level)).toEqual(['error', 'warning', 'warning', 'notice']);
    expect(found[0]?.message).toBe(VIOLATION);
    expect(found[1]?.message).toContain('trial 17 (session-resumption, uploads, kill) is invalid');
    expect(found[3]?.message).toContain(
      'SPR recovered 6.8 to 12 times faster than Full handshake in all 3 cases.',
    );
  });

  it('shows no more of a level than GitHub does, and says how many there are beside', async () => {
    const violations = Array.from({ length: 31 }, (_, index) => `${index} is wrong`);
    const errors = (await commands({ violations })).filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(10);
    expect(errors[9]?.message).toBe('and 22 more: see the log of this step');
  });

  it('lets no text end its command or begin another', async () => {
    const violations = ['100 % wrong\n::error::injected', 'a::b,c=d\r::stop-commands::x'];
    const found = await commands({ violations });
    expect(found.filter(({ level }) => level === 'error')).toHaveLength(2);
    expect(found[0]?.message).toContain('100 % wrong\ufffd::error::injected');
  });
});

describe('JUnit XML', () => {
  /** junit-10.xsd of Jenkins' xUnit plugin: what each element may hold, and which attributes it has. */
  const GRAMMAR: Readonly<Record<string, { children: readonly string[]; attributes: readonly string[] }>> = {
    testsuites: {
      children: ['testsuite'],
      attributes: ['name', 'time', 'tests', 'failures', 'disabled', 'errors'],
    },
    testsuite: {
      children: ['properties', 'testcase', 'system-out', 'system-err'],
      attributes: [
        'name',
        'tests',
        'failures',
        'errors',
        'time',
        'disabled',
        'skipped',
        'timestamp',
        'hostname',
        'id',
        'package',
      ],
    },
    testcase: {
      children: ['skipped', 'error', 'failure', 'system-out', 'system-err'],
      attributes: ['name', 'assertions', 'time', 'classname', 'status'],
    },
    failure: { children: [], attributes: ['type', 'message'] },
    error: { children: [], attributes: ['type', 'message'] },
    'system-out': { children: [], attributes: [] },
  };

  function expectValid({ name, attributes, children }: XmlElement): void {
    const rule = GRAMMAR[name];
    expect(rule, `element ${name}`).toBeDefined();
    expect(rule?.attributes).toEqual(expect.arrayContaining(Object.keys(attributes)));
    expect(rule?.children).toEqual(expect.arrayContaining(children.map((child) => child.name)));
    for (const child of children) expectValid(child);
  }

  async function document(changes: Partial<Summary> = {}): Promise<XmlElement> {
    const root = parseXml(await render(junit, changes));
    expectValid(root);
    expect(root.name).toBe('testsuites');
    for (const element of [root, ...root.children]) expectRightCounts(element);
    return root;
  }

  function casesOf({ name, children }: XmlElement): readonly XmlElement[] {
    return name === 'testsuite' ? children : children.flatMap((child) => child.children);
  }

  function expectRightCounts(element: XmlElement): void {
    const cases = casesOf(element);
    const having = (child: string): number =>
      cases.filter(({ children }) => children.some(({ name }) => name === child)).length;
    expect(element.attributes).toMatchObject({
      tests: String(cases.length),
      failures: String(having('failure')),
      errors: String(having('error')),
    });
  }

  it('has a suite per case and a test per strategy, with its figures', async () => {
    const root = await document();
    expect(root.attributes).toMatchObject({ tests: '13', failures: '0', errors: '0' });
    expect(root.children.map(({ attributes }) => attributes.name)).toEqual([
      'run',
      'downloads, kill',
      'small-replies, kill',
      'uploads, kill',
    ]);
    const spr = casesOf(root).find(({ attributes }) => attributes.name === 'spr');
    expect(spr?.attributes.classname).toBe('spr-bench.downloads, kill');
    expect(spr?.children[0]?.text).toMatch(/^recovery p50 ms: \d/);
  });

  it('fails the strategy that a violation is about', async () => {
    const root = await document({ violations: [VIOLATION, 'trial 9 (gone, w, kill): bad', 'no prefix'] });
    const failed = casesOf(root).filter(({ children }) => children.some(({ name }) => name === 'failure'));
    expect(failed.map(({ attributes }) => [attributes.classname, attributes.name])).toEqual([
      ['spr-bench.run', 'further violations'],
      ['spr-bench.small-replies, kill', 'spr'],
    ]);
    expect(failed[1]?.children[0]?.attributes.message).toBe(VIOLATION);
    expect(failed[0]?.children[0]?.text).toBe('trial 9 (gone, w, kill): bad\nno prefix');
  });

  it('has an error with the reasons for a strategy without a completed trial', async () => {
    const { summary } = fixtureResults();
    const none = { completed: 0, invalid: 1, inconclusive: 0 };
    const cells = summary.cells.map((one) =>
      one.strategy === 'session-resumption' && one.workload === 'uploads' ? { ...one, trials: none } : one,
    );
    const errors = casesOf(await document({ cells })).flatMap(({ children }) =>
      children.filter(({ name }) => name === 'error'),
    );
    expect(errors).toHaveLength(1);
    expect(errors[0]?.text).toMatch(/^no completed trial\ntrial 17 .* is invalid: 3 of 40 clients/);
  });

  it('does not look passed when nothing was tested', async () => {
    const root = parseXml(await junit.render(emptyResults(), { width: 80, colour: false }));
    expect(root.attributes).toMatchObject({ tests: '1', errors: '1' });
  });
});
