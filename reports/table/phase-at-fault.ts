/** Recovery by phase at the fault in characters: one line per strategy. */
import type { CellGroup } from '../parts/cells.js';
import { formatCount, formatMs } from '../parts/format.js';
import { comparablePhases, type PhaseRow, phaseMedianMs } from '../parts/phase-at-fault.js';
import { printable } from '../parts/printable.js';
import { clip, wrap } from './text.js';

interface LineOptions {
  readonly width: number;
  readonly colours: { dim(text: string): string };
}

/** Nothing where there are no phases to compare. */
export function phaseLines(group: CellGroup, { width, colours }: LineOptions): string[] {
  const shown = comparablePhases(group).map(({ cell, rows }) => ({
    name: printable(cell.strategy),
    text: rows
      .filter((row) => phaseMedianMs(row) !== null)
      .map(describe)
      .join(', '),
  }));
  if (shown.length === 0) return [];
  const nameWidth = Math.max(...shown.map(({ name }) => [...name].length));
  return [
    ...wrap('recovery p50 in ms, by phase at the fault', width).map(colours.dim),
    ...shown.map(({ name, text }) => {
      const space = ' '.repeat(nameWidth - [...name].length);
      return clip(`${name}${space}  ${text}`.trimEnd(), width);
    }),
  ];
}

function describe(row: PhaseRow): string {
  return `${row.phase} ${formatMs(phaseMedianMs(row))} (${formatCount(row.recovered)})`;
}
