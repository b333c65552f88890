/**
 * Each chart of a fixed small result against its golden file in `test/reports/golden`. A chart that differs is written
 * beside it as `NAME-changed.svg`: look at both; `UPDATE_GOLDEN=1 npx vitest run --project unit test/reports/charts.test.ts`
 * takes the new ones over.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lostRequestsChart } from '../../reports/charts/lost-requests.js';
import { phasesChart } from '../../reports/charts/phases.js';
import { recoveredShareChart } from '../../reports/charts/recovered-share.js';
import { recoveryRangesChart } from '../../reports/charts/recovery-ranges.js';
import { recoveryTimesChart } from '../../reports/charts/recovery-times.js';
import { type Chart, renderSvg } from '../../reports/charts/render.js';
import { type RunRatio, type RunRatiosInput, runRatiosChart } from '../../reports/charts/run-ratios.js';
import type { ChartSeries } from '../../reports/charts/series.js';
import { movingMeans, spanOf, tableInstants } from '../../reports/charts/span.js';
import { survivorCpuChart } from '../../reports/charts/survivor-cpu.js';
import { throughputChart } from '../../reports/charts/throughput.js';
import { tradeOffChart } from '../../reports/charts/trade-off.js';
import { figure } from '../../reports/html/figure.js';
import type { Markup } from '../../reports/html/markup.js';
import { sequenceFigure } from '../../reports/html/sequence.js';
import { fixtureResults } from '../fixtures/results.js';

const GOLDEN = new URL('golden/', import.meta.url);
const RESULTS = fixtureResults();
const CASE = caseOf('small-replies');

/** All strategies of one workload. */
function caseOf(name: string): ChartSeries[] {
  const { series, summary } = RESULTS;
  return series
    .filter(({ workload }) => workload === name)
    .flatMap((one) => {
      const cell = summary.cells.find(
        ({ strategy, workload }) => strategy === one.strategy && workload === one.workload,
      );
      const position = summary.strategies.findIndex(({ id }) => id === one.strategy);
      return cell === undefined ? [] : [{ strategy: one.strategy, position, cell, series: one }];
    });
}

/** An interval on one side of 1, one that includes it, and a ratio without. */
const RATIOS: RunRatiosInput = {
  metric: 'Recovery',
  better: 'smaller',
  letter: 'B',
  cases: [
    {
      name: 'uploads, kill',
      rows: [
        ratio('full-handshake', 0, [1.02, 0.95, 1.09]),
        ratio('spr', 3, [0.71, 0.66, 0.78]),
        { ...ratio('late', 4, [1.4, 1.4, 1.4]), hasInterval: false },
      ],
    },
    { name: 'nothing in common', rows: [] },
  ],
};

function ratio(
  strategy: string,
  position: number,
  [middle, low, high]: readonly [number, number, number],
): RunRatio {
  const text = `${middle}x [${low}, ${high}]`;
  return { strategy, position, ratio: middle, low, high, hasInterval: true, text, trials: '6 pairs' };
}

const CHARTS: Readonly<Record<string, () => Chart | null>> = {
  'recovery-times': () => recoveryTimesChart(CASE),
  phases: () => phasesChart(CASE),
  throughput: () => throughputChart(CASE),
  'recovered-share': () => recoveredShareChart(CASE),
  'survivor-cpu': () => survivorCpuChart(CASE),
  'recovery-ranges': () => recoveryRangesChart(RESULTS.summary),
  'trade-off': () => tradeOffChart(RESULTS.summary),
  'run-ratios': () => runRatiosChart(RATIOS),
  'lost-requests': () =>
    lostRequestsChart(
      CASE.map(({ strategy, position, cell }) => ({
        strategy,
        position,
        trials: cell.trials.completed,
        requests: cell.requests,
        connections: cell.connections,
      })),
    ),
};

function expectGolden(name: string, { text: markup }: Markup): void {
  const svg = /<svg.*<\/svg>/s.exec(markup)?.[0];
  if (svg === undefined) throw new Error(`${name}: there is no picture in ${markup}`);
  const golden = new URL(`${name}.svg`, GOLDEN);
  const changed = new URL(`${name}-changed.svg`, GOLDEN);
  // One element per line: a difference can be read.
  const text = `${svg.replaceAll('><', '>\n<')}\n`;
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(GOLDEN, { recursive: true });
    writeFileSync(golden, text);
  }
  rmSync(changed, { force: true });
  if (readFileSync(golden, 'utf8') === text) return;
  writeFileSync(changed, text);
  expect.fail(`${name}.svg differs from ${changed.pathname}; UPDATE_GOLDEN=1 takes the new one over`);
}

describe('charts', () => {
  it.each(Object.entries(CHARTS))('%s looks as before', async (name, chart) => {
    const made = chart();
    if (made === null) throw new Error(`${name}: the fixture has nothing to draw`);
    expectGolden(name, await figure(made, { note: '' }));
  });

  it.each(CASE.map((one) => [one.strategy, one] as const))(
    'sequence of %s looks as before',
    (strategy, one) => {
      const { example } = one.series;
      if (example === null) throw new Error(`${strategy}: the fixture has no example`);
      const drawn = sequenceFigure({ title: strategy, fault: 'kill', position: one.position, example });
      expectGolden(`sequence-${strategy}`, drawn);
    },
  );

  it.each(Object.entries(CHARTS))(
    '%s has a table as wide as its head, with a unit in each column',
    (_, chart) => {
      const { columns, rows } = chart()?.table ?? { columns: [], rows: [] };
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) expect(row).toHaveLength(columns.length);
      for (const column of columns.slice(2))
        expect(column).toMatch(/((, (ms|%|replies\/s|cores|requests|x reference))| lost|^B \/ A|^trials)$/);
    },
  );

  it('ends the distribution below 100 % when connections were lost for good', () => {
    const lossy = CASE.slice(0, 1).map((one) => ({
      ...one,
      cell: {
        ...one.cell,
        connections: { ...one.cell.connections, lost: one.cell.recoveryTimeMs?.count ?? 0 },
        timeToRecoveredMs: { first: 1, half: 2, all: null },
      },
    }));
    const rows = recoveryTimesChart(lossy)?.table.rows ?? [];
    expect(rows.find(([percent]) => percent === '50')?.[1]).not.toBe('–');
    expect(rows.find(([percent]) => percent === '75')?.[1]).toBe('–');
    expect(recoveredShareChart(lossy)?.table.rows.at(-1)?.[1]).toBe('50');
    expect(recoveredShareChart(lossy)?.text).toContain('never (full-handshake, 50 %)');
  });
});

describe('what a fault did after its first action', () => {
  const events = [
    { action: 'SIGSTOP', replica: 0, ms: 0 },
    { action: 'SIGCONT', replica: 0, ms: 400 },
    { action: 'SIGKILL', replica: 1, ms: 450 },
    { action: 'SIGKILL', replica: 2, ms: 500 },
  ];
  const hung = CASE.map((one) => ({ ...one, series: { ...one.series, faultEvents: events } }));

  it.each([throughputChart, recoveredShareChart, survivorCpuChart])('is drawn and told', async (draw) => {
    const chart = draw(hung);
    if (chart === null) throw new Error('the fixture has nothing to draw');
    const svg = await renderSvg(chart);
    for (const label of ['wake-up', 'kill', 'second kill']) expect(svg).toContain(`>${label}</text>`);
    expect(svg.match(/<line[^>]*opacity="0.4"[^>]*\/>/g)?.length).toBeGreaterThanOrEqual(3);
    expect(chart.text).toContain(
      'Fainter rules: wake-up after 400 ms, kill after 450 ms, second kill after 500 ms.',
    );
    expect(spanOf(hung)?.to).toBeGreaterThan(500);
  });

  it('is nothing where there was one action', async () => {
    const chart = throughputChart(CASE);
    expect(chart?.text).not.toContain('Fainter');
  });
});

describe('movingMeans', () => {
  it('never mixes before and after the fault', () => {
    const values = [...new Array<number>(20).fill(8), ...new Array<number>(20).fill(0)];
    const points = movingMeans({ binMs: 10, firstBin: -20, values }, { from: -200, to: 200 }, 50);
    expect(new Set(points.map(({ value }) => value))).toEqual(new Set([8, 0]));
    expect(points.filter(({ ms }) => ms < 0).every(({ value }) => value === 8)).toBe(true);
    expect(points.filter(({ ms }) => ms >= 0).every(({ value }) => value === 0)).toBe(true);
  });
});

describe('tableInstants', () => {
  it.each([
    [{ from: -100, to: 300 }, 20],
    [{ from: -1000, to: 3000 }, 200],
    [{ from: -0.1, to: 0.4 }, 0.05],
  ])('of %j are %d apart, 0 among them', (span, step) => {
    const instants = tableInstants(span);
    expect((instants[1] ?? 0) - (instants[0] ?? 0)).toBeCloseTo(step);
    expect(instants.some((ms) => Math.abs(ms) < 1e-9)).toBe(true);
    expect(instants.length).toBeLessThanOrEqual(22);
  });
});
