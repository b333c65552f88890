/**
 * One colour and one dash per strategy, the same in every chart and legend. The colours are Okabe and Ito's, which people
 * with any kind of colour blindness can tell apart (M. Okabe and K. Ito, "Color Universal Design", 2008); the dashes
 * and shapes carry the same information in print without colour.
 */

export interface SeriesStyle {
  /**
   * CSS colour; the shade for light and dark backgrounds is set by the style sheet. Strategies with the same colour and
   * different dashes have different names for it, so that a picture shows what belongs to which.
   */
  readonly colour: string;
  /** SVG dash array; `[1, 0]` is a solid line. */
  readonly dash: readonly number[];
  /** Vega's name of the mark of single values. */
  readonly shape: string;
}

/** Shades with a contrast of at least 3:1 (WCAG 2.2, 1.4.11) to the page; yellow is left out, black is the text. */
const SERIES_COLOURS: readonly { readonly light: string; readonly dark: string }[] = [
  { light: '#d55e00', dark: '#e8762b' },
  { light: '#b8568d', dark: '#cc79a7' },
  { light: '#008f68', dark: '#1fb98f' },
  { light: '#0072b2', dark: '#4aa3df' },
  { light: '#a87400', dark: '#e69f00' },
  { light: '#2f8fc4', dark: '#7cc8f2' },
];

const DASHES: readonly (readonly number[])[] = [
  [1, 0],
  [7, 3],
  [2, 2],
  [9, 3, 2, 3],
];

const SHAPES = ['circle', 'square', 'triangle-up', 'diamond'] as const;

/** Opacity of each phase of a recovery within the colour of its strategy, in the order of the phases. */
export const PHASE_OPACITIES = [1, 0.75, 0.52, 0.32, 0.15] as const;

/** How many strategies can be told apart: the least common multiple of 6 colours and 4 dashes. */
export const STYLES = 12;

/** The shade of `var(--series-INDEX)`. */
export function seriesShade(index: number, scheme: 'light' | 'dark'): string {
  return SERIES_COLOURS[index % SERIES_COLOURS.length]?.[scheme] ?? 'currentColor';
}

/** The style of the strategy at `position` in the order of the summary; it repeats after 12 strategies. */
export function seriesStyle(position: number): SeriesStyle {
  return {
    colour: `var(--series-${position % STYLES})`,
    dash: DASHES[position % DASHES.length] ?? [1, 0],
    shape: SHAPES[position % SHAPES.length] ?? 'circle',
  };
}
