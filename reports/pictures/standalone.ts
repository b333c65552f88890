/**
 * A chart as a picture of its own: on white, with its title and its legend. In the HTML report a chart takes colours and
 * font from the page; alone it has to bring them.
 */
import { seriesShade, seriesStyle } from '../charts/palette.js';
import type { Chart } from '../charts/render.js';
import type { ChartStrategy } from '../charts/series.js';
import { escapeHtml } from '../html/markup.js';

/** Fonts of the common systems, the generic one last. The first is Debian's, and the one to install where there is none. */
export const FONT_FAMILIES = [
  'DejaVu Sans',
  'Liberation Sans',
  'Noto Sans',
  'Helvetica',
  'Arial',
  'sans-serif',
];

const MARGIN = 16;
const TITLE_SIZE = 14;
const TEXT_SIZE = 11;
const LINE_HEIGHT = 18;
const SWATCH = 28;

/** Mean width of a character against its size, with some room: the legend is laid out without measuring text. */
const CHARACTER_WIDTH = 0.62;

const TEXT_COLOUR = '#1c2126';
const PAGE_COLOUR = '#ffffff';

interface LegendItem extends ChartStrategy {
  readonly x: number;
  readonly y: number;
}

/**
 * @param svg what `renderSvg` made of the chart
 * @param note what its legend has to say beside the strategies
 */
export function standaloneSvg(
  svg: string,
  { title, text }: Chart,
  { strategies, note }: { readonly strategies: readonly ChartStrategy[]; readonly note?: string | undefined },
): string {
  const inner = sizeOf(svg);
  const width = Math.max(inner.width, title.length * TITLE_SIZE * CHARACTER_WIDTH) + 2 * MARGIN;
  const legend = layOutLegend(strategies, width - 2 * MARGIN);
  const legendEnd =
    MARGIN + TITLE_SIZE + (legend.at(-1)?.y ?? 0) + (legend.length === 0 ? MARGIN / 2 : LINE_HEIGHT);
  const top = legendEnd + (note === undefined ? 0 : LINE_HEIGHT);
  const height = top + inner.height + MARGIN;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}" color="${TEXT_COLOUR}" font-family="${FONT_FAMILIES.map(quoteFamily).join(', ')}" role="img">`,
    `<title>${escapeHtml(title)}</title><desc>${escapeHtml(text)}</desc>`,
    `<rect width="100%" height="100%" fill="${PAGE_COLOUR}"/>`,
    `<text x="${MARGIN}" y="${MARGIN + TITLE_SIZE - 3}" font-size="${TITLE_SIZE}" font-weight="600" fill="${TEXT_COLOUR}">${escapeHtml(title)}</text>`,
    ...legend.map((item) => legendItem({ ...item, y: item.y + MARGIN + TITLE_SIZE })),
    ...(note === undefined ? [] : [label(MARGIN, legendEnd, note)]),
    nested(svg, top),
    '</svg>',
  ]
    .map(withColours)
    .join('\n')}\n`;
}

function sizeOf(svg: string): { width: number; height: number } {
  const [, width, height] = /^<svg[^>]*? width="([\d.]+)"[^>]*? height="([\d.]+)"/.exec(svg) ?? [];
  if (width === undefined || height === undefined) throw new Error('the chart has no size');
  return { width: Number(width), height: Number(height) };
}

/** In rows from the left; a row that is full is followed by the next one. */
function layOutLegend(strategies: readonly ChartStrategy[], width: number): LegendItem[] {
  let x = 0;
  let y = LINE_HEIGHT;
  return strategies.map((strategy) => {
    const needed = SWATCH + 6 + strategy.strategy.length * TEXT_SIZE * CHARACTER_WIDTH + 12;
    if (x > 0 && x + needed > width) {
      x = 0;
      y += LINE_HEIGHT;
    }
    const item = { ...strategy, x, y };
    x += needed;
    return item;
  });
}

function legendItem({ strategy, position, x, y }: LegendItem): string {
  const { colour, dash } = seriesStyle(position);
  const from = MARGIN + x;
  return [
    `<line x1="${round(from)}" y1="${y - 4}" x2="${round(from + SWATCH)}" y2="${y - 4}" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dash.join(' ')}"/>`,
    label(from + SWATCH + 6, y, strategy),
  ].join('');
}

function label(x: number, y: number, text: string): string {
  return `<text x="${round(x)}" y="${round(y)}" font-size="${TEXT_SIZE}" fill="${TEXT_COLOUR}">${escapeHtml(text)}</text>`;
}

function nested(svg: string, top: number): string {
  return svg.replace(/^<svg/, `<svg x="${MARGIN}" y="${round(top)}"`).trim();
}

/** The shades for a light page. */
function withColours(svg: string): string {
  return svg
    .replace(/var\(--series-(\d+)\)/g, (_, index: string) => seriesShade(Number(index), 'light'))
    .replaceAll('currentColor', TEXT_COLOUR)
    .replace(/var\(--page\)/g, PAGE_COLOUR);
}

function quoteFamily(family: string): string {
  return family.includes(' ') ? `'${family}'` : family;
}

function round(length: number): number {
  return Math.round(length * 10) / 10;
}
