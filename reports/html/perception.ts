/** User-perceived quality of one case: shares of connections and requests that were served again in time. */
import type { Summary } from '../../src/contracts/results.js';
import { type CellGroup, strategyTitle } from '../parts/cells.js';
import { formatCount } from '../parts/format.js';
import { LIMITS, PERCEPTION_NOTE, perceivedRows } from '../parts/perception.js';
import { scrollable } from './figure.js';
import { html, type Markup, NOTHING } from './markup.js';

/** Folded, below the other tables; nothing where no cell tells anything. */
export function perceptionTable({ cells, workload, fault }: CellGroup, summary: Summary): Markup {
  const rows = cells.flatMap((cell) =>
    perceivedRows(cell).map(({ of, total, shares }) => {
      const values = shares.map((share) => html`<td>${share}</td>`);
      return html`<tr><th scope="row">${strategyTitle(summary, cell.strategy)}</th><td>${formatCount(total)} ${of}</td>${values}</tr>`;
    }),
  );
  if (rows.length === 0) return NOTHING;
  const heads = LIMITS.map(({ label }) => html`<th scope="col">under ${label}, %</th>`);
  return html`<details><summary>What people would have noticed</summary>${scrollable(
    `Share served again in time, ${workload}, ${fault}`,
    html`<table><thead><tr><th scope="col">strategy</th><th scope="col">of</th>${heads}</tr></thead><tbody>${rows}</tbody></table>`,
  )}<p class="soft">${PERCEPTION_NOTE}</p></details>`;
}
