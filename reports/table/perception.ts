/** User-perceived quality in characters: one line per strategy. */
import type { CellGroup } from '../parts/cells.js';
import { formatCount } from '../parts/format.js';
import { LIMITS, type PerceivedRow, perceivedRows } from '../parts/perception.js';
import { printable } from '../parts/printable.js';
import { clip, wrap } from './text.js';

const GAP = '  ';

interface LineOptions {
  readonly width: number;
  readonly colours: { dim(text: string): string };
}

/** Nothing where no cell tells anything. */
export function perceptionLines({ cells }: CellGroup, { width, colours }: LineOptions): string[] {
  const rows = cells.flatMap((cell) => {
    const texts = perceivedRows(cell)
      .filter(({ total }) => total > 0)
      .map(text);
    return texts.length === 0 ? [] : [{ name: printable(cell.strategy), texts }];
  });
  if (rows.length === 0) return [];
  const limits = LIMITS.map(({ label }) => label).join(', ');
  const nameWidth = Math.max(...rows.map(({ name }) => [...name].length));
  const firstWidth = Math.max(...rows.map(({ texts }) => [...(texts[0] ?? '')].length));
  return [
    ...wrap(`per cent served again in less than ${limits}`, width).map(colours.dim),
    ...rows.map(({ name, texts: [first = '', ...rest] }) => {
      const short = `${name}${pad(name, nameWidth)}${GAP}${first}`;
      const whole = [short + pad(first, firstWidth), ...rest].join(GAP).trimEnd();
      // Half a number would be another number: requests stand in the table only where they have room.
      return clip([...whole].length <= width ? whole : short, width);
    }),
  ];
}

function text({ of, total, shares }: PerceivedRow): string {
  return `${shares.join('/')} of ${formatCount(total)} ${of}`;
}

function pad(of: string, width: number): string {
  return ' '.repeat(Math.max(0, width - [...of].length));
}
