/** Turns a Vega-Lite specification into a static SVG: no script, no network, no link. */
import type { TopLevelSpec } from 'vega-lite';

/** One layer of a chart with several. */
export type ChartLayer = Extract<TopLevelSpec, { layer: unknown }>['layer'][number];

export interface Chart {
  readonly spec: TopLevelSpec;
  /** Name of the picture. */
  readonly title: string;
  /** One sentence that says what the picture shows. */
  readonly text: string;
}

/**
 * Renders in a size that a phone shows without scaling. Vega is loaded here and not at the top, because the other reports
 * and all other commands start faster without it.
 */
export async function renderSvg({ spec }: Chart): Promise<string> {
  const [{ compile }, vega] = await Promise.all([import('vega-lite'), import('vega')]);
  const view = new vega.View(vega.parse(compile({ ...BASE, ...spec }).spec), { renderer: 'none' });
  try {
    return compact(await view.toSVG());
  } finally {
    view.finalize();
  }
}

/** Width of the plotting area, px. With the axes and labels 328 px, which is a 360 px screen less its margins. */
export const PLOT_WIDTH = 250;

/** Numbers on an axis as in the tables: separators, and only the decimals that there are. */
export const NUMBER_FORMAT = ',.2~f';

/** Text takes the colour of the page, so that one picture serves light and dark. */
const BASE = {
  background: 'transparent',
  padding: 2,
  config: {
    aria: false,
    font: 'inherit',
    view: { stroke: null },
    axis: {
      labelColor: 'currentColor',
      titleColor: 'currentColor',
      labelFontSize: 11,
      titleFontSize: 11,
      titleFontWeight: 'normal',
      titlePadding: 6,
      labelOpacity: 0.8,
      titleOpacity: 0.8,
      domainColor: 'currentColor',
      domainOpacity: 0.4,
      tickColor: 'currentColor',
      tickOpacity: 0.4,
      gridColor: 'currentColor',
      gridOpacity: 0.1,
    },
  },
} as const satisfies Partial<TopLevelSpec>;

/**
 * Leaves out what does not show: empty paths, roles and classes of parts (the picture has one name), long fractions. Only
 * ever removes: text from data is escaped by Vega, so that nothing in it can become a tag.
 */
function compact(svg: string): string {
  return svg
    .replace(/<path class="(?:background|foreground)"[^>]*\/>/g, '')
    .replace(/ (?:class|role|aria-[a-z]+|pointer-events|xmlns:xlink|version|font-family)="[^"]*"/g, '')
    .replaceAll(' opacity="1"', '')
    .replace(/ (?:d|transform|x2|y2)="[^"]*"/g, (attribute) => attribute.replace(/(\.\d)\d+/g, '$1'));
}
