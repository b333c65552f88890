/** SVG as PNG, with the fonts of the system. */
import type { ResvgRenderOptions } from '@resvg/resvg-js';
import { UsageError } from '../../src/base/errors.js';
import { FONT_FAMILIES } from './standalone.js';

export type Fonts = NonNullable<ResvgRenderOptions['font']>;

export type Rasterize = (svg: string) => Promise<Uint8Array>;

/** Pixels per px: sharp on a screen of high density and in a document. */
const ZOOM = 2;

const [DEFAULT_FAMILY = 'sans-serif'] = FONT_FAMILIES;

const SYSTEM_FONTS: Fonts = {
  loadSystemFonts: true,
  defaultFontFamily: DEFAULT_FAMILY,
  sansSerifFamily: DEFAULT_FAMILY,
};

/** Letters that every font for this text has. */
const PROBE = `<svg xmlns="http://www.w3.org/2000/svg" width="80" height="30"><text x="2" y="22" font-size="20" font-family="${FONT_FAMILIES.map((family) => `'${family}'`).join(', ')}">Mg0</text></svg>`;

/**
 * Makes the function that turns an SVG into a PNG. The library is loaded here and not at the top, because nothing else
 * needs it.
 *
 * @param fonts for tests; default: those of the system
 * @throws UsageError when there is no font: text would be left out without a word
 */
export async function createRasterizer(fonts: Fonts = SYSTEM_FONTS): Promise<Rasterize> {
  const { renderAsync } = await import('@resvg/resvg-js');
  const probe = await renderAsync(PROBE, { font: fonts });
  if (probe.pixels.every((channel) => channel === 0)) {
    throw new UsageError(
      '--format png: no font was found, so that all text would be missing: install one (Debian: apt-get install fonts-dejavu-core)',
    );
  }
  const options: ResvgRenderOptions = { font: fonts, fitTo: { mode: 'zoom', value: ZOOM } };
  return async (svg) => (await renderAsync(svg, options)).asPng();
}
