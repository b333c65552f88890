/** Legends of the charts: the strategies with their colour and dash, the phases with their shade. */
import { PHASE_OPACITIES, seriesStyle } from '../charts/palette.js';
import { PHASES } from '../charts/phases.js';
import type { ChartStrategy } from '../charts/series.js';
import { html, type Markup } from './markup.js';

/** A short line and a mark as drawn in the charts. */
export function swatch(position: number): Markup {
  const { colour, dash, shape } = seriesStyle(position);
  return html`<svg width="28" height="12" aria-hidden="true"><line x1="0" y1="6" x2="28" y2="6" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash.join(' ')}"/><path d="${MARKS[shape] ?? ''}" fill="${colour}"/></svg>`;
}

/** The shapes of Vega by name, around the middle of a swatch. */
const MARKS: Readonly<Record<string, string>> = {
  circle: 'M9,6a5,5 0 1 0 10,0a5,5 0 1 0-10,0',
  square: 'M9.5,1.5h9v9h-9z',
  'triangle-up': 'M14,.5l5.5,10h-11z',
  diamond: 'M14,0l5,6l-5,6l-5,-6z',
};

export function strategyLegend(
  series: readonly ChartStrategy[],
  title: (strategy: string) => string,
): Markup {
  const items = series.map(
    ({ strategy, position }) => html`<li>${swatch(position)}<span>${title(strategy)}</span></li>`,
  );
  return html`<ul class="legend">${items}</ul>`;
}

export function phaseLegend(): Markup {
  const items = PHASES.map(({ name, meaning }, index) => {
    const opacity = PHASE_OPACITIES[index] ?? 1;
    return html`<li title="${meaning}"><svg width="12" height="12" aria-hidden="true"><rect x=".5" y=".5" width="11" height="11" fill="currentColor" fill-opacity="${opacity}" stroke="currentColor" stroke-width=".75"/></svg>${name}</li>`;
  });
  return html`<ul class="legend soft">${items}</ul>`;
}
