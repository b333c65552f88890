/** The report as one HTML file: no network, static pictures, and no script unless it is asked for. */
import type { Report, ReportOptions, Results } from '../src/contracts/report.js';
import { lostRequestsChart } from './charts/lost-requests.js';
import { recoveryRangesChart } from './charts/recovery-ranges.js';
import { tradeOffChart } from './charts/trade-off.js';
import { caseSection } from './html/case-section.js';
import { figure } from './html/figure.js';
import { strategyControls } from './html/interactive/controls.js';
import { strategyLegend } from './html/legend.js';
import { type Markup, html as markup, NOTHING } from './html/markup.js';
import { problems, provenance, replicatedState } from './html/notes.js';
import { page } from './html/page.js';
import { recoveryCostSection } from './html/recovery-cost.js';
import { scorecard } from './html/scorecard.js';
import { sweepSection } from './html/sweeps.js';
import { groupCells, strategyTitle } from './parts/cells.js';
import { ROW_LEGEND } from './parts/columns.js';
import { printable } from './parts/printable.js';
import { verdict } from './parts/verdict.js';

const TITLE = 'spr-bench: comparison of recovery strategies';

export const html: Report = { id: 'html', title: 'HTML report', extension: 'html', render };

async function render(results: Results, { isInteractive = false }: ReportOptions): Promise<string> {
  const groups = groupCells(results.summary);
  const cases: Markup[] = [];
  for (const [index, group] of groups.entries())
    cases.push(await caseSection(group, results, { isOpen: index === 0, isInteractive }));
  return page(
    TITLE,
    markup`${header(results)}<main>${isInteractive ? controls(results) : NOTHING}${scores(results)}${await overview(results, isInteractive)}${await sweepSection(results.summary, isInteractive)}${casesSection(cases)}${recoveryCostSection(results.micro)}${problems(results.summary)}${replicatedState(results)}${provenance(results.summary)}</main>`,
    isInteractive,
  );
}

function header({ summary }: Results): Markup {
  const { headline, details } = verdict(summary);
  const incomplete = summary.complete
    ? NOTHING
    : markup`<p class="note">The run is incomplete: not all planned trials ended.</p>`;
  return markup`<header><h1>${TITLE}</h1><p class="headline">${headline}</p><ul>${details.map((sentence) => markup`<li>${sentence}</li>`)}</ul>${incomplete}</header>`;
}

function controls({ summary }: Results): Markup {
  const strategies = summary.strategies.map(({ id }, position) => ({ strategy: printable(id), position }));
  return strategyControls(strategies, (id) => strategyTitle(summary, id));
}

function scores({ summary, strategies }: Results): Markup {
  if (summary.strategies.length === 0) return NOTHING;
  return markup`<section><h2>Scorecard</h2><p class="soft">All workloads and faults of a strategy pooled. Open a row for its definition.</p>${scorecard(summary, strategies)}</section>`;
}

/** How fast, what was lost, at what cost: one picture each, over all cases. */
async function overview({ summary }: Results, isInteractive: boolean): Promise<Markup> {
  if (summary.cells.every(({ trials }) => trials.completed === 0)) return NOTHING;
  const strategies = summary.strategies.map(({ id, trials, requests, connections }, position) => {
    return { strategy: printable(id), position, trials: trials.completed, requests, connections };
  });
  const figures = await Promise.all([
    figure(recoveryRangesChart(summary), {
      note: 'No connection had anything to recover: no data.',
      isInteractive,
    }),
    figure(lostRequestsChart(strategies), { note: 'No trial counts: no data.', isInteractive }),
    figure(tradeOffChart(summary), {
      note: 'No strategy was compared with the reference: no data.',
      isInteractive,
    }),
  ]);
  return markup`<section><h2>At a glance</h2>${strategyLegend(strategies, (id) => strategyTitle(summary, id))}<div class="charts">${figures}</div></section>`;
}

function casesSection(cases: readonly Markup[]): Markup {
  if (cases.length === 0) return NOTHING;
  return markup`<section><h2>Each workload and fault</h2>${cases}<p class="soft">${ROW_LEGEND}</p></section>`;
}
