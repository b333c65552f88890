/** Several runs side by side as one HTML file. */
import type { ReportOptions, RunsReport } from '../../src/contracts/report.js';
import type { Change, RunComparison, RunMetric } from '../../src/contracts/run-comparison.js';
import type { CaseRows } from '../charts/case-rows.js';
import { type RunRatio, runRatiosChart } from '../charts/run-ratios.js';
import type { ChartStrategy } from '../charts/series.js';
import { figure, scrollable } from '../html/figure.js';
import { strategyControls } from '../html/interactive/controls.js';
import { strategyLegend } from '../html/legend.js';
import { html, type Markup, NOTHING } from '../html/markup.js';
import { page } from '../html/page.js';
import { printable } from '../parts/printable.js';
import {
  describeRun,
  formatChange,
  formatTrials,
  hasInterval,
  LEGEND,
  METRICS,
  metricRow,
  others,
  partialLines,
  runLetter,
  warnings,
} from './shared.js';

const TITLE = 'spr-bench: comparison of runs';

export const runsHtml: RunsReport = {
  id: 'html',
  title: 'Runs side by side in HTML',
  extension: 'html',
  render,
};

/** The ratios that are drawn, from what every reader wants to know to what only some do. Counts have none. */
const DRAWN: readonly RunMetric[] = [
  'recoveryTimeToReference',
  'recoveryTimeMs',
  'replicaCpuMsPerRecovery',
  'throughputBeforePerSecond',
  'latencyBeforeP50Ms',
];

async function render(comparison: RunComparison, { isInteractive = false }: ReportOptions): Promise<string> {
  const strategies = strategiesOf(comparison);
  const pairs: Markup[] = [];
  for (const run of others(comparison)) pairs.push(await pair(comparison, run, strategies, isInteractive));
  const controls = isInteractive ? strategyControls(strategies, (strategy) => strategy) : NOTHING;
  return page(
    TITLE,
    html`${header(comparison)}<main>${controls}${differences(comparison)}${pairs}${partial(comparison)}<p class="soft">${LEGEND}</p></main>`,
    isInteractive,
  );
}

/** In the order of the cells, which is that of the base. */
function strategiesOf({ cells }: RunComparison): ChartStrategy[] {
  const ids = new Set(cells.map(({ strategy }) => strategy));
  return [...ids].map((id, position) => ({ strategy: id, position }));
}

function header(comparison: RunComparison): Markup {
  const runs = comparison.runs.map((run, index) => html`<li>${runLetter(index)}: ${describeRun(run)}</li>`);
  const notes = warnings(comparison).map((text) => html`<p class="note">${text}</p>`);
  return html`<header><h1>${TITLE}</h1><ul>${runs}</ul>${notes}</header>`;
}

function differences({ differences: found, runs }: RunComparison): Markup {
  if (found.length === 0) return NOTHING;
  const heads = runs.map((_, index) => html`<th scope="col">${runLetter(index)}</th>`);
  const rows = found.map(
    ({ name, values }) =>
      html`<tr><th scope="row">${name}</th>${values.map((value) => html`<td>${value}</td>`)}</tr>`,
  );
  return html`<section><h2>What is not the same</h2>${scrollable('What is not the same', html`<table class="words"><thead><tr><th scope="col">name</th>${heads}</tr></thead><tbody>${rows}</tbody></table>`)}</section>`;
}

/** One run against the base: the ratios as pictures, and a table per cell. */
async function pair(
  comparison: RunComparison,
  run: number,
  strategies: readonly ChartStrategy[],
  isInteractive: boolean,
): Promise<Markup> {
  const letter = runLetter(run);
  const cells = comparison.cells.filter(({ metrics }) =>
    metrics.some(({ values }) => values[0] != null && values[run] != null),
  );
  const tables = cells.map(({ strategy, workload, fault, metrics }) => {
    const name = `${workload}, ${fault}, ${strategy}`;
    const rows = metrics
      .map((metric) => metricRow(metric, run))
      .map(
        (row) =>
          html`<tr><th scope="row">${row.name}</th><td>${row.base}</td><td>${row.run}</td><td class="${row.tone}">${row.change}</td><td>${row.trials}</td></tr>`,
      );
    return html`<h3>${name}</h3>${scrollable(name, html`<table><thead><tr><th scope="col">metric</th><th scope="col">A</th><th scope="col">${letter}</th><th scope="col">${letter} / A</th><th scope="col">trials</th></tr></thead><tbody>${rows}</tbody></table>`)}`;
  });
  const body =
    tables.length === 0
      ? html`<p class="note">${letter} has no cell in common with A.</p>`
      : html`${await ratios(comparison, run, strategies, isInteractive)}<details class="case"><summary>All values as numbers</summary>${tables}</details>`;
  return html`<section><h2>${letter} against A</h2>${body}</section>`;
}

async function ratios(
  comparison: RunComparison,
  run: number,
  strategies: readonly ChartStrategy[],
  isInteractive: boolean,
): Promise<Markup> {
  const figures: Markup[] = [];
  for (const metric of DRAWN) {
    const chart = runRatiosChart({
      metric: headline(METRICS[metric].name),
      better: METRICS[metric].better,
      letter: runLetter(run),
      cases: ratioCases(comparison, run, metric, strategies),
    });
    if (chart !== null) figures.push(await figure(chart, { note: '', isInteractive }));
  }
  if (figures.length === 0) return NOTHING;
  return html`${strategyLegend(strategies, (strategy) => strategy)}<div class="charts">${figures}</div>`;
}

/** A ratio has no unit; a title begins with a capital letter. */
function headline(name: string): string {
  const [title = ''] = name.split(',');
  return title.charAt(0).toUpperCase() + title.slice(1);
}

/** The ratios of one metric, by case. */
function ratioCases(
  { cells }: RunComparison,
  run: number,
  metric: RunMetric,
  strategies: readonly ChartStrategy[],
): CaseRows<RunRatio>[] {
  const cases = new Map<string, { name: string; rows: RunRatio[] }>();
  for (const { strategy, workload, fault, metrics } of cells) {
    const change = metrics.find((one) => one.metric === metric)?.changes[run] ?? null;
    const position = strategies.findIndex((one) => one.strategy === strategy);
    if (change === null) continue;
    const key = JSON.stringify([workload, fault]);
    const found = cases.get(key) ?? { name: printable(`${workload}, ${fault}`), rows: [] };
    cases.set(key, found);
    found.rows.push({ ...toRatio(change), strategy: printable(strategy), position });
  }
  return [...cases.values()];
}

function toRatio(change: Change): Omit<RunRatio, keyof ChartStrategy> {
  const { ratio, low, high } = change;
  return {
    ratio,
    low,
    high,
    hasInterval: hasInterval(change),
    text: formatChange(change),
    trials: formatTrials(change),
  };
}

function partial(comparison: RunComparison): Markup {
  const lines = partialLines(comparison);
  if (lines.length === 0) return NOTHING;
  return html`<section><h2>Not in every run</h2><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul></section>`;
}
