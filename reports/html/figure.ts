/** A chart with its caption, its text and its data. */
import { type Chart, type ChartTable, renderPlot, renderSvg } from '../charts/render.js';
import { escapeHtml, html, type Markup, NOTHING, trusted } from './markup.js';

interface Frame {
  /** Stands in the place of a chart that there is no data for. */
  readonly note: string;
  readonly legend?: Markup;
  /** Whether the interactive layer is to find its way in the chart; default: not. */
  readonly isInteractive?: boolean;
}

export async function figure(
  chart: Chart | null,
  { note, legend = NOTHING, isInteractive = false }: Frame,
): Promise<Markup> {
  if (chart === null) return html`<figure><p class="note">${note}</p></figure>`;
  const { title, text, table } = chart;
  const { svg, plot } = isInteractive ? await renderPlot(chart) : { svg: await renderSvg(chart), plot: null };
  const data = plot === null ? NOTHING : html` data-plot="${JSON.stringify(plot)}"`;
  return html`<figure${data}><figcaption>${title}</figcaption>${nameSvg(svg, chart)}${legend}<p>${text}</p>${dataTable(title, table)}</figure>`;
}

/** Folded: for those who do not see the picture, and for those who want the numbers. */
export function dataTable(title: string, { columns, rows }: ChartTable): Markup {
  const heads = columns.map((column) => html`<th scope="col">${column}</th>`);
  const body = rows.map(([name = '', ...values]) => {
    return html`<tr><th scope="row">${name}</th>${values.map((value) => html`<td>${value}</td>`)}</tr>`;
  });
  return html`<details class="data"><summary>Data<span class="hidden">: ${title}</span></summary>${scrollable(title, html`<table><thead><tr>${heads}</tr></thead><tbody>${body}</tbody></table>`)}</details>`;
}

/** What may be wider than the screen: it can be scrolled with the keyboard, and has a name. */
export function scrollable(name: string, content: Markup): Markup {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${name}">${content}</div>`;
}

/** Gives the picture a role, a name and a description for those who do not see it. */
function nameSvg(svg: string, { title, text }: Chart): Markup {
  const named = svg.replace(/^<svg([^>]*)>/, (_, attributes: string) => {
    return `<svg${attributes} role="img"><title>${escapeHtml(title)}</title><desc>${escapeHtml(text)}</desc>`;
  });
  return trusted(named);
}
