/** Several runs side by side as one HTML file. */
import type { RunsReport } from '../../src/contracts/report.js';
import type { RunComparison } from '../../src/contracts/run-comparison.js';
import { html, type Markup, NOTHING } from '../html/markup.js';
import { page } from '../html/page.js';
import { describeRun, LEGEND, metricRow, others, partialLines, runLetter, warnings } from './shared.js';

const TITLE = 'spr-bench: comparison of runs';

export const runsHtml: RunsReport = {
  id: 'html',
  title: 'Runs side by side in HTML',
  extension: 'html',
  render,
};

function render(comparison: RunComparison): string {
  return page(
    TITLE,
    html`${header(comparison)}<main>${differences(comparison)}${others(comparison).map((run) => pair(comparison, run))}${partial(comparison)}<p class="soft">${LEGEND}</p></main>`,
  );
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

/** One run against the base: a table per cell. */
function pair(comparison: RunComparison, run: number): Markup {
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
    tables.length === 0 ? html`<p class="note">${letter} has no cell in common with A.</p>` : html`${tables}`;
  return html`<section><h2>${letter} against A</h2>${body}</section>`;
}

function partial(comparison: RunComparison): Markup {
  const lines = partialLines(comparison);
  if (lines.length === 0) return NOTHING;
  return html`<section><h2>Not in every run</h2><ul>${lines.map((line) => html`<li>${line}</li>`)}</ul></section>`;
}

/** What may be wider than the screen: it can be scrolled with the keyboard, and has a name. */
function scrollable(name: string, content: Markup): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${name}">${content}</div>`;
}
