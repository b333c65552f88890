/** Recovery by phase at the fault, of one case. */
import type { Summary } from '../../src/contracts/results.js';
import { type CellGroup, strategyTitle } from '../parts/cells.js';
import { formatCount, formatMs } from '../parts/format.js';
import { comparablePhases, PHASE_NOTE, phaseMedianMs } from '../parts/phase-at-fault.js';
import { scrollable } from './figure.js';
import { html, type Markup, NOTHING } from './markup.js';

/** Folded, below the other tables; nothing where there are no phases to compare. */
export function phaseTable(group: CellGroup, summary: Summary): Markup {
  const rows = comparablePhases(group).flatMap(({ cell, rows: phases }) =>
    phases.map((row) => {
      const { phase, connections, recovered } = row;
      return html`<tr><th scope="row">${strategyTitle(summary, cell.strategy)}</th><td>${phase}</td><td>${formatCount(connections)}</td><td>${formatCount(recovered)}</td><td>${formatMs(phaseMedianMs(row))}</td></tr>`;
    }),
  );
  if (rows.length === 0) return NOTHING;
  return html`<details><summary>Recovery by phase at the fault</summary>${scrollable(
    `Recovery by phase at the fault, ${group.workload}, ${group.fault}`,
    html`<table><thead><tr><th scope="col">strategy</th><th scope="col">phase</th><th scope="col">connections</th><th scope="col">recovered</th><th scope="col">recovery p50, ms</th></tr></thead><tbody>${rows}</tbody></table>`,
  )}<p class="soft">${PHASE_NOTE}</p></details>`;
}
