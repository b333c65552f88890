/** The comparison table for a terminal, with the charts that characters can draw. */
import pc from 'picocolors';
import type { Report, ReportOptions, Results } from '../src/contracts/report.js';
import type { Summary } from '../src/contracts/results.js';
import { type CellGroup, groupCells } from './parts/cells.js';
import {
  type Column,
  MEASURE_COLUMNS,
  ROW_LEGEND,
  type Row,
  STRATEGY_COLUMN,
  toRow,
} from './parts/columns.js';
import { faultNotes } from './parts/fault-notes.js';
import { printable } from './parts/printable.js';
import { problemLines } from './parts/problems.js';
import { chartLines } from './table/charts.js';
import { paint } from './table/paint.js';
import { sweepLines } from './table/sweeps.js';
import { clip, withAsciiSigns, wrap } from './table/text.js';

type Colours = ReturnType<typeof pc.createColors>;

interface Layout {
  readonly columns: readonly (Column & { readonly width: number })[];
  readonly dropped: readonly Column[];
}

/** Between columns. */
const GAP = '  ';

/** Narrower than this nothing can be laid out; lines are then longer than the terminal. */
const MIN_WIDTH = 32;

export const table: Report = { id: 'table', title: 'Comparison table', extension: 'txt', render };

function render({ summary, series }: Results, options: ReportOptions): string {
  const width = Math.max(MIN_WIDTH, options.width);
  const colours = pc.createColors(options.colour);
  const groups = groupCells(summary);
  const body =
    groups.length === 0
      ? ['No trial has ended: nothing to compare.']
      : [
          ...tableLines(summary, groups, width, colours),
          ...chartLines(groups, { series, width, colours, unicode: options.unicode ?? true }),
          ...sweepLines(summary, { width, colours }),
        ];
  const lines = [...body, ...problems(summary, width, colours)];
  const text = `${lines.join('\n')}\n`;
  return options.unicode === false ? withAsciiSigns(text) : text;
}

function tableLines(
  summary: Summary,
  groups: readonly CellGroup[],
  width: number,
  colours: Colours,
): string[] {
  const rows = groups.flatMap(({ cells }) => cells.map((cell) => toRow(summary, cell)));
  const layout = layOut(rows, width);
  const sections = groups.flatMap((group) => [
    colours.bold(clip(printable(`${group.workload}, ${group.fault}`), width)),
    ...group.cells.map((cell) => rowLine(toRow(summary, cell), layout, colours)),
    ...bulleted(faultNotes(group), width).map(colours.dim),
    '',
  ]);
  return [
    ...headingLines(layout).map(colours.dim),
    ...sections,
    ...legend(summary, layout, width).map(colours.dim),
  ];
}

/** Drops columns, those of the highest rank first, until the rest fits; a strategy's name is cut as a last resort. */
function layOut(rows: readonly Row[], width: number): Layout {
  const measured = [STRATEGY_COLUMN, ...MEASURE_COLUMNS].map((column) => ({
    ...column,
    width: widthOf(column, rows),
  }));
  const byRank = measured.filter(({ rank }) => rank > 0).sort((a, b) => b.rank - a.rank);
  let columns = measured;
  const dropped: Column[] = [];
  for (const column of byRank) {
    if (totalWidth(columns) <= width) break;
    columns = columns.filter((kept) => kept !== column);
    dropped.push(column);
  }
  const excess = Math.max(0, totalWidth(columns) - width);
  const [strategy, ...others] = columns;
  return strategy === undefined || excess === 0
    ? { columns, dropped }
    : { columns: [{ ...strategy, width: Math.max(1, strategy.width - excess) }, ...others], dropped };
}

function widthOf(column: Column, rows: readonly Row[]): number {
  return Math.max(
    column.group.length,
    column.heading.length,
    ...rows.map((row) => [...column.text(row)].length),
  );
}

function totalWidth(columns: Layout['columns']): number {
  return columns.reduce((sum, { width }) => sum + width, GAP.length * (columns.length - 1));
}

/** Two lines: the group over its first column, then the headings. */
function headingLines({ columns }: Layout): string[] {
  const groups = columns.map(({ group }, index) => (columns[index - 1]?.group === group ? '' : group));
  return [groups, columns.map(({ heading }) => heading)].map((texts) =>
    columns
      .map((column, index) => pad(texts[index] ?? '', column))
      .join(GAP)
      .trimEnd(),
  );
}

function rowLine(row: Row, { columns }: Layout, colours: Colours): string {
  return columns
    .map((column) => paint(pad(column.text(row), column), column.tone?.(row) ?? 'plain', colours))
    .join(GAP)
    .trimEnd();
}

/** Names to the left, numbers to the right. */
function pad(text: string, column: Layout['columns'][number]): string {
  const clipped = clip(text, column.width);
  const space = ' '.repeat(column.width - [...clipped].length);
  return column.heading === STRATEGY_COLUMN.heading ? clipped + space : space + clipped;
}

function legend(summary: Summary, { dropped }: Layout, width: number): string[] {
  const reference = `reference: ${printable(summary.reference)}. `;
  const hidden = dropped.map(({ group, heading }) => `${group} ${heading}`).join(', ');
  return [
    ...wrap(reference + ROW_LEGEND, width),
    ...(hidden === '' ? [] : wrap(`Not shown at this width: ${hidden}.`, width)),
  ];
}

function problems(summary: Summary, width: number, colours: Colours): string[] {
  const { violations, rejected } = problemLines(summary);
  return [
    ...titled('Violations', violations, width).map(colours.red),
    ...titled('Trials that do not count', rejected, width).map(colours.yellow),
    ...(summary.complete ? [] : ['', ...wrap('The run is incomplete: not all planned trials ended.', width)]),
  ];
}

function titled(title: string, lines: readonly string[], width: number): string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...bulleted(lines, width)];
}

function bulleted(lines: readonly string[], width: number): string[] {
  return lines.flatMap((line) =>
    wrap(line, width - 2).map((part, index) => (index === 0 ? '- ' : '  ') + part),
  );
}
