/** SVG as PNG, with the fonts of the system. */
import { existsSync } from 'node:fs';
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

/**
 * Regular and bold of fonts that have all of Latin, Greek and Cyrillic, where common systems keep them. The library cannot be
 * handed fonts that were read before and reads them again for each picture: two files instead of 38 take a quarter off its
 * time, and more where a system has more.
 */
const KNOWN_FONTS: readonly { readonly family: string; readonly files: readonly string[] }[] = [
  {
    family: 'DejaVu Sans',
    files: [
      '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf',
      '/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf',
    ],
  },
  {
    family: 'DejaVu Sans',
    files: [
      '/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf',
      '/usr/share/fonts/dejavu-sans-fonts/DejaVuSans-Bold.ttf',
    ],
  },
  {
    family: 'Arial',
    files: [
      '/System/Library/Fonts/Supplemental/Arial.ttf',
      '/System/Library/Fonts/Supplemental/Arial Bold.ttf',
    ],
  },
];

/** What is not up to the end of Cyrillic, nor punctuation or a minus. */
const BEYOND_KNOWN_FONTS = /[^\s!-\u052f\u2010-\u2026\u2212]/;

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
  const few = fonts === SYSTEM_FONTS ? knownFonts() : undefined;
  return async (svg) => {
    const font = few === undefined || needsAllFonts(svg) ? fonts : few;
    return (await renderAsync(svg, { font, fitTo: { mode: 'zoom', value: ZOOM } })).asPng();
  };
}

/** Whether names in it have letters that the known fonts may lack. */
export function needsAllFonts(svg: string): boolean {
  return BEYOND_KNOWN_FONTS.test(svg);
}

/** The first of them that is there; undefined where none is. */
function knownFonts(): Fonts | undefined {
  const found = KNOWN_FONTS.find(({ files }) => files.every((file) => existsSync(file)));
  if (found === undefined) return undefined;
  const { family, files } = found;
  return {
    loadSystemFonts: false,
    fontFiles: [...files],
    defaultFontFamily: family,
    sansSerifFamily: family,
  };
}
