/** The controls of the interactive layer. They are hidden until its script runs. */
import { STYLES } from '../../charts/palette.js';
import type { ChartStrategy } from '../../charts/series.js';
import { swatch } from '../legend.js';
import { html, type Markup } from '../markup.js';

/** One button per strategy, for all charts of the page. */
export function strategyControls(
  series: readonly ChartStrategy[],
  title: (strategy: string) => string,
): Markup {
  const buttons = series.map(
    ({ strategy, position }) =>
      html`<button type="button" aria-pressed="true" data-series="${position % STYLES}">${swatch(position)}<span>${title(strategy)}</span></button>`,
  );
  return html`<div class="controls strategies" role="group" aria-label="Strategies in all charts" hidden><span>Show</span>${buttons}<p class="keys">Point at a chart for its values, or select it with Tab and use the arrow keys; Escape closes.</p></div>`;
}

const ZOOM_BUTTONS = [
  ['in', 'Zoom in'],
  ['out', 'Zoom out'],
  ['earlier', 'Earlier'],
  ['later', 'Later'],
  ['whole', 'Whole'],
] as const;

/** For the time axes of the charts beside it, which are one. */
export function zoomControls(): Markup {
  const buttons = ZOOM_BUTTONS.map(
    ([action, name]) => html`<button type="button" data-zoom="${action}">${name}</button>`,
  );
  return html`<div class="controls zoom" role="group" aria-label="Part of the time axes" hidden><span>Time axes</span>${buttons}<span>or drag over a chart; + - 0 on the keyboard</span></div>`;
}
