/** One workload and fault: the charts, the table of its cells, and one connection of each strategy step by step. */
import type { Results } from '../../src/contracts/report.js';
import type { Cell, Summary } from '../../src/contracts/results.js';
import { chartSeries, lossOf } from '../charts/case-series.js';
import { lostRequestsChart } from '../charts/lost-requests.js';
import { PHASES, phasesChart } from '../charts/phases.js';
import { recoveredShareChart } from '../charts/recovered-share.js';
import { recoveryTimesChart } from '../charts/recovery-times.js';
import type { ChartSeries } from '../charts/series.js';
import { survivorCpuChart } from '../charts/survivor-cpu.js';
import { throughputChart } from '../charts/throughput.js';
import { type CellGroup, comparisonOf, strategyTitle } from '../parts/cells.js';
import { MEASURE_COLUMNS, type Row, toRow } from '../parts/columns.js';
import { faultNotes } from '../parts/fault-notes.js';
import { formatCount, formatMs, formatNumberOf, NONE } from '../parts/format.js';
import { describeSpeed, formatComparison } from '../parts/verdict.js';
import { figure, scrollable } from './figure.js';
import { zoomControls } from './interactive/controls.js';
import { phaseLegend, strategyLegend } from './legend.js';
import { html, type Markup, NOTHING } from './markup.js';
import { perceptionTable } from './perception.js';
import { phaseTable } from './phase-at-fault.js';
import { sequenceFigure } from './sequence.js';

interface View {
  /** Whether it is unfolded at first. */
  readonly isOpen: boolean;
  readonly isInteractive: boolean;
}

export async function caseSection(
  group: CellGroup,
  results: Results,
  { isOpen, isInteractive }: View,
): Promise<Markup> {
  const { summary, series } = results;
  const drawn = chartSeries(group, summary, series);
  const content = html`${missingNote(group, summary)}${faultNote(group)}${await charts(drawn, summary, isInteractive)}${cellsTable(group, summary)}${timesTable(group, summary)}${perceptionTable(group, summary)}${phaseTable(group, summary)}${sequences(drawn, group, summary)}`;
  return html`<details class="case"${isOpen ? ' open' : ''}><summary><h3>${group.workload}, ${group.fault}</h3>${caseVerdict(group, summary)}</summary>${content}</details>`;
}

/** What the case says about the strategy that recovered fastest, in one line. */
function caseVerdict({ workload, fault }: CellGroup, summary: Summary): Markup {
  const compared = summary.strategies.flatMap((strategy) => {
    const comparison = comparisonOf(summary, { strategy: strategy.id, workload, fault }, 'recoveryTimeMs');
    return comparison === undefined ? [] : [{ strategy, comparison }];
  });
  const [best] = compared.sort((a, b) => a.comparison.ratio - b.comparison.ratio);
  return best === undefined
    ? NOTHING
    : html`<span class="soft">${describeSpeed(summary, best.strategy, [best.comparison])}</span>`;
}

function missingNote({ cells }: CellGroup, summary: Summary): Markup {
  const missing = cells.filter(({ trials }) => trials.completed === 0);
  if (missing.length === 0) return NOTHING;
  const notes = missing.map(({ strategy, trials }) => {
    const rejected = formatNumberOf(trials.invalid + trials.inconclusive, 'trial');
    return html`<p class="note">${strategyTitle(summary, strategy)}: no completed trial (${rejected} did not count), so that it is not in the charts.</p>`;
  });
  return html`${notes}`;
}

/** What the fault did beyond the columns of the table. */
function faultNote(group: CellGroup): Markup {
  const notes = faultNotes(group).map((note) => html`<p class="note">${note}</p>`);
  return notes.length === 0 ? NOTHING : html`${notes}`;
}

async function charts(
  drawn: readonly ChartSeries[],
  summary: Summary,
  isInteractive: boolean,
): Promise<Markup> {
  if (drawn.length === 0) return html`<p class="note">Nothing to draw: no trial of this case completed.</p>`;
  const nothingRecovered = 'No connection had anything to recover: no data.';
  const figures = await Promise.all([
    figure(recoveryTimesChart(drawn), { note: nothingRecovered, isInteractive }),
    figure(phasesChart(drawn), { note: nothingRecovered, legend: phaseLegend(), isInteractive }),
    figure(lostRequestsChart(drawn.map(lossOf)), { note: 'No trial counts: no data.', isInteractive }),
    figure(throughputChart(drawn), {
      note: 'Nothing was answered before the fault: no rate to compare with.',
      isInteractive,
    }),
    figure(recoveredShareChart(drawn), { note: nothingRecovered, isInteractive }),
    figure(survivorCpuChart(drawn), { note: 'CPU time over time is not in these results.', isInteractive }),
  ]);
  return html`${strategyLegend(drawn, (strategy) => strategyTitle(summary, strategy))}${isInteractive ? zoomControls() : NOTHING}<div class="charts">${figures}</div>`;
}

function cellsTable(group: CellGroup, summary: Summary): Markup {
  const heads = MEASURE_COLUMNS.map(
    (column) => html`<th scope="col">${column.group}<br>${column.heading}</th>`,
  );
  const rows = group.cells.map((cell) =>
    tableRow(toRow(summary, cell), strategyTitle(summary, cell.strategy)),
  );
  return scrollable(
    `Results of ${group.workload}, ${group.fault}`,
    html`<table><thead><tr><th scope="col">strategy</th>${heads}</tr></thead><tbody>${rows}</tbody></table>`,
  );
}

function tableRow(row: Row, title: string): Markup {
  const values = MEASURE_COLUMNS.map(
    (column) => html`<td class="${column.tone?.(row) ?? 'plain'}">${column.text(row)}</td>`,
  );
  return html`<tr><th scope="row">${title}</th>${values}</tr>`;
}

const TIME_HEADS = [
  'interruption p50, ms',
  'first recovered, ms',
  'half, ms',
  'all, ms',
  'throughput back to 95 %, ms',
  'replies before, /s',
  'to reference',
  'latency before p50, ms',
  'p99, ms',
] as const;

function timesTable({ cells, workload, fault }: CellGroup, summary: Summary): Markup {
  const heads = [...PHASES.map(({ name }) => `${name}, ms`), ...TIME_HEADS];
  const rows = cells.map(
    (cell) =>
      html`<tr><th scope="row">${strategyTitle(summary, cell.strategy)}</th>${times(cell, summary)}</tr>`,
  );
  return html`<details><summary>Phases, times and steady state as numbers</summary>${scrollable(
    `Phases, times and steady state of ${workload}, ${fault}`,
    html`<table><thead><tr><th scope="col">strategy</th>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table>`,
  )}</details>`;
}

function times(cell: Cell, summary: Summary): Markup[] {
  const { phasesMs, interruptionMs, timeToRecoveredMs, throughput, latencyBeforeMs } = cell;
  const all = timeToRecoveredMs?.all === null ? 'never' : formatMs(timeToRecoveredMs?.all);
  const back = throughput?.timeTo95Ms === null ? 'never' : formatMs(throughput?.timeTo95Ms);
  const comparison = comparisonOf(summary, cell, 'throughputBeforePerSecond');
  const toReference = cell.strategy === summary.reference ? 'reference' : NONE;
  return [
    ...PHASES.map(({ key }) => formatMs(phasesMs?.[key])),
    formatMs(interruptionMs?.p50),
    formatMs(timeToRecoveredMs?.first),
    formatMs(timeToRecoveredMs?.half),
    all,
    back,
    formatCount(throughput?.beforePerSecond),
    comparison === undefined ? toReference : formatComparison(comparison),
    formatMs(latencyBeforeMs?.p50),
    formatMs(latencyBeforeMs?.p99),
  ].map((text) => html`<td>${text}</td>`);
}

function sequences(drawn: readonly ChartSeries[], { fault }: CellGroup, summary: Summary): Markup {
  const figures = drawn.flatMap(({ position, cell, series: { example } }) =>
    example === null
      ? []
      : [sequenceFigure({ title: strategyTitle(summary, cell.strategy), fault, position, example })],
  );
  if (figures.length === 0) return NOTHING;
  return html`<h4>One connection of each strategy, step by step</h4><div class="charts four">${figures}</div>`;
}
