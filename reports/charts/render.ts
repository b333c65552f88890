/** Turns a Vega-Lite specification into a static SVG: no script, no network, no link. */
import type { View } from 'vega';
import type { TopLevelSpec } from 'vega-lite';
import { type Plot, type Pointing, plotOf } from './pointing.js';

/** One layer of a chart with several. */
export type ChartLayer = Extract<TopLevelSpec, { layer: unknown }>['layer'][number];

export interface Chart {
  readonly spec: TopLevelSpec;
  /** Name of the picture. */
  readonly title: string;
  /** What the picture shows, in words. */
  readonly text: string;
  /** What is drawn, as numbers. */
  readonly table: ChartTable;
  /** What can be read off it; absent where there is no more than the picture shows. */
  readonly pointing?: Pointing;
}

export interface ChartTable {
  /** Each with its unit. The first is of the names of the rows. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Renders in a size that a phone shows without scaling. */
export async function renderSvg(chart: Chart): Promise<string> {
  return compact(await draw(chart, (view) => view.toSVG()));
}

/** Like {@link renderSvg}, with what a script needs to find its way in the picture: where things are, and which are data. */
export async function renderPlot(
  chart: Chart,
): Promise<{ readonly svg: string; readonly plot: Plot | null }> {
  const { pointing } = chart;
  return draw(chart, async (view) => {
    const svg = compact(nameRoles(await view.toSVG()));
    return { svg, plot: pointing === undefined ? null : plotOf(pointing, view) };
  });
}

/**
 * Vega is loaded here and not at the top, because the other reports and all other commands start faster without it.
 *
 * @param use gets the view as long as it lives
 */
async function draw<T>({ spec }: Chart, use: (view: View) => Promise<T>): Promise<T> {
  const [{ compile }, vega] = await Promise.all([import('vega-lite'), import('vega')]);
  const view = new vega.View(vega.parse(compile({ ...BASE, ...spec }).spec), { renderer: 'none' });
  try {
    return await use(view);
  } finally {
    view.finalize();
  }
}

/** Width of a picture with its axes and labels, px: a 360 px screen less its margins. */
export const CHART_WIDTH = 328;

/** Height of the plotting area of a chart with two axes, px. */
export const PLOT_HEIGHT = 180;

/** Least size of text in a picture, px: a phone shows the picture without scaling. */
export const TEXT_SIZE = 11;

/** Numbers on an axis as in the tables: separators, and only the decimals that there are. */
export const NUMBER_FORMAT = ',.2~f';

/** Text takes the colour of the page, so that one picture serves light and dark. */
const BASE = {
  background: 'transparent',
  padding: 2,
  // The same size of text in all pictures, whatever the width of their axes.
  autosize: { type: 'fit-x', contains: 'padding' },
  width: CHART_WIDTH,
  config: {
    aria: false,
    font: 'inherit',
    view: { stroke: null },
    axis: {
      labelColor: 'currentColor',
      titleColor: 'currentColor',
      labelFontSize: TEXT_SIZE,
      titleFontSize: TEXT_SIZE,
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

/** Keeps two of the classes that {@link compact} leaves out: the groups of marks, and the axes. */
function nameRoles(svg: string): string {
  return svg
    .replace(/ class="mark-[a-z]+ role-mark[^"]*"/g, ' data-role="marks"')
    .replace(/ class="mark-group role-axis"/g, ' data-role="axis"');
}

/**
 * Leaves out what does not show: empty paths, roles and classes of parts (the picture has one name), attributes with their
 * initial value, long fractions. Only ever removes: text from data is escaped by Vega, so that nothing in it can become a tag.
 */
function compact(svg: string): string {
  return svg
    .replace(/<path class="(?:background|foreground)"[^>]*\/>/g, '')
    .replace(/ (?:class|role|aria-[a-z]+|pointer-events|xmlns:xlink|version|font-family)="[^"]*"/g, '')
    .replace(/ (?:(?:fill-|stroke-)?opacity|stroke-width)="1"| [xy]2="0"| font-weight="normal"/g, '')
    .replaceAll(' transform="translate(0,0)"', '')
    .replace(/ (?:d|transform|x2|y2)="[^"]*"/g, (attribute) => attribute.replace(/(\.\d)\d+/g, '$1'));
}
