/** The section on what the run varied: how recovery and its cost grow. */
import type { Summary } from '../../src/contracts/results.js';
import { sweepChart } from '../charts/sweep.js';
import { strategyOrder, strategyTitle } from '../parts/cells.js';
import { printable } from '../parts/printable.js';
import {
  EXPECTED_NOTE,
  groupSweeps,
  isSilent,
  metricsOf,
  SWEEP_NOTE,
  type SweepGroup,
} from '../parts/sweeps.js';
import { figure } from './figure.js';
import { strategyLegend } from './legend.js';
import { html, type Markup, NOTHING } from './markup.js';

/** Nothing where nothing was varied. */
export async function sweepSection(summary: Summary, isInteractive: boolean): Promise<Markup> {
  const groups = groupSweeps(summary);
  if (groups.length === 0) return NOTHING;
  const parts: Markup[] = [];
  const notes = [SWEEP_NOTE, ...(groups.some(isSilent) ? [EXPECTED_NOTE] : [])];
  for (const group of groups) parts.push(await groupPart(group, summary, isInteractive));
  return html`<section><h2>Cost laws</h2>${parts}<p class="soft">${notes.join(' ')}</p></section>`;
}

async function groupPart(group: SweepGroup, summary: Summary, isInteractive: boolean): Promise<Markup> {
  const figures = await Promise.all(
    metricsOf(group).map((metric) =>
      figure(sweepChart(group, metric, summary), { note: `${metric.title}: no data.`, isInteractive }),
    ),
  );
  const order = strategyOrder(summary);
  const legend = group.series.map(({ strategy }) => {
    return { strategy: printable(strategy), position: order(strategy) };
  });
  return html`<h3>${group.workload}, ${group.fault}</h3>${strategyLegend(legend, (id) => strategyTitle(summary, id))}<div class="charts">${figures}</div>`;
}
