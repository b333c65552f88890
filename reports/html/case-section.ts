/** One workload and fault: the three charts, the table of its cells and the phases as numbers. */
import type { CellSeries, Results } from '../../src/contracts/report.js';
import type { Cell, Summary } from '../../src/contracts/results.js';
import { PHASES, phasesChart } from '../charts/phases.js';
import { recoveryTimesChart } from '../charts/recovery-times.js';
import { type Chart, renderSvg } from '../charts/render.js';
import type { ChartSeries } from '../charts/series.js';
import { throughputChart } from '../charts/throughput.js';
import { type CellGroup, strategyOrder, strategyTitle } from '../shared/cells.js';
import { MEASURE_COLUMNS, type Row, toRow } from '../shared/columns.js';
import { formatMs, formatNumberOf } from '../shared/format.js';
import { printable } from '../shared/printable.js';
import { phaseLegend, strategyLegend } from './legend.js';
import { escapeHtml, html, type Markup, NOTHING, trusted } from './markup.js';

export async function caseSection(group: CellGroup, { summary, series }: Results): Promise<Markup> {
  const drawn = chartSeries(group, summary, series);
  return html`<section><h2>${group.workload}, ${group.fault}</h2>${missingNote(group, summary)}${await charts(drawn, summary)}${cellsTable(group, summary)}${timesTable(group, summary)}</section>`;
}

/** The cells of the group that have something to draw. */
function chartSeries(group: CellGroup, summary: Summary, series: readonly CellSeries[]): ChartSeries[] {
  const order = strategyOrder(summary);
  return group.cells.flatMap((cell) => {
    const found = series.find(
      ({ strategy, workload, fault }) =>
        strategy === cell.strategy && workload === cell.workload && fault === cell.fault,
    );
    if (found === undefined || cell.trials.completed === 0) return [];
    return [{ strategy: printable(cell.strategy), position: order(cell.strategy), cell, series: found }];
  });
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

async function charts(drawn: readonly ChartSeries[], summary: Summary): Promise<Markup> {
  if (drawn.length === 0) return html`<p class="note">Nothing to draw: no trial of this case completed.</p>`;
  const figures = await Promise.all([
    figure('Recovery time', recoveryTimesChart(drawn), NOTHING),
    figure('Verified replies per second', throughputChart(drawn), NOTHING),
    figure('Phases of a recovery', phasesChart(drawn), phaseLegend()),
  ]);
  return html`${strategyLegend(drawn, (strategy) => strategyTitle(summary, strategy))}<div class="charts">${figures}</div>`;
}

async function figure(caption: string, chart: Chart | null, legend: Markup): Promise<Markup> {
  if (chart === null) {
    return html`<figure><figcaption>${caption}</figcaption><p class="note">No connection had anything to recover: no data.</p></figure>`;
  }
  return html`<figure><figcaption>${caption}</figcaption>${nameSvg(await renderSvg(chart), chart)}${legend}<p>${chart.text}</p></figure>`;
}

/** Gives the picture a role, a name and a description for those who do not see it. */
function nameSvg(svg: string, { title, text }: Chart): Markup {
  const named = svg.replace(/^<svg([^>]*)>/, (_, attributes: string) => {
    return `<svg${attributes} role="img"><title>${escapeHtml(title)}</title><desc>${escapeHtml(text)}</desc>`;
  });
  return trusted(named);
}

function cellsTable(group: CellGroup, summary: Summary): Markup {
  const heads = MEASURE_COLUMNS.map(
    (column) => html`<th scope="col">${column.group}<br>${column.heading}</th>`,
  );
  const rows = group.cells.map((cell) =>
    tableRow(toRow(summary, cell), strategyTitle(summary, cell.strategy)),
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Results of ${group.workload}, ${group.fault}"><table><thead><tr><th scope="col">strategy</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function tableRow(row: Row, title: string): Markup {
  const values = MEASURE_COLUMNS.map(
    (column) => html`<td class="${column.tone?.(row) ?? 'plain'}">${column.text(row)}</td>`,
  );
  return html`<tr><th scope="row">${title}</th>${values}</tr>`;
}

function timesTable({ cells }: CellGroup, summary: Summary): Markup {
  const phaseHeads = PHASES.map(({ name, meaning }) => html`<th scope="col" title="${meaning}">${name}</th>`);
  const rows = cells.map(
    (cell) => html`<tr><th scope="row">${strategyTitle(summary, cell.strategy)}</th>${times(cell)}</tr>`,
  );
  return html`<details><summary>Phases and times as numbers (ms)</summary><div class="scroll" tabindex="0" role="region" aria-label="Phases and times"><table><thead><tr><th scope="col">strategy</th>${phaseHeads}<th scope="col">interruption p50</th><th scope="col">first recovered</th><th scope="col">half</th><th scope="col">all</th><th scope="col">back to 95 %</th></tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

function times({ phasesMs, interruptionMs, timeToRecoveredMs, throughput }: Cell): Markup[] {
  const all = timeToRecoveredMs?.all === null ? 'never' : formatMs(timeToRecoveredMs?.all);
  const back = throughput?.timeTo95Ms === null ? 'never' : formatMs(throughput?.timeTo95Ms);
  return [
    ...PHASES.map(({ key }) => formatMs(phasesMs?.[key])),
    formatMs(interruptionMs?.p50),
    formatMs(timeToRecoveredMs?.first),
    formatMs(timeToRecoveredMs?.half),
    all,
    back,
  ].map((text) => html`<td>${text}</td>`);
}
