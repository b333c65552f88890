/** Several runs side by side, for a terminal. */
import pc from 'picocolors';
import type { ReportOptions, RunsReport } from '../../src/contracts/report.js';
import type { RunComparison } from '../../src/contracts/run-comparison.js';
import { printable } from '../parts/printable.js';
import { paint } from '../table/paint.js';
import { clip, withAsciiSigns, wrap } from '../table/text.js';
import {
  describeRun,
  LEGEND,
  type MetricRow,
  metricRow,
  others,
  partialLines,
  runLetter,
  warnings,
} from './shared.js';

type Colours = ReturnType<typeof pc.createColors>;
type TextColumn = Exclude<keyof MetricRow, 'tone'>;

interface Cell {
  readonly title: string;
  readonly rows: readonly MetricRow[];
}

/** Narrower than this nothing can be laid out; lines are then longer than the terminal. */
const MIN_WIDTH = 32;

const GAP = '  ';

/** From left to right; when there is too little room the last ones go. */
const COLUMNS: readonly TextColumn[] = ['name', 'base', 'run', 'change', 'trials'];

export const runsTable: RunsReport = { id: 'table', title: 'Runs side by side', extension: 'txt', render };

function render(comparison: RunComparison, options: ReportOptions): string {
  const width = Math.max(MIN_WIDTH, options.width);
  const colours = pc.createColors(options.colour);
  const lines = [
    ...comparison.runs.flatMap((run, index) =>
      wrap(printable(`${runLetter(index)}  ${describeRun(run)}`), width),
    ),
    '',
    ...warnings(comparison).flatMap((text) => wrap(printable(text), width).map(colours.yellow)),
    ...differenceLines(comparison, width),
    ...others(comparison).flatMap((run) => pairLines(comparison, run, width, colours)),
    ...partialSection(comparison, width),
    '',
    ...wrap(LEGEND, width).map(colours.dim),
  ];
  const text = `${lines.join('\n')}\n`;
  return options.unicode === false ? withAsciiSigns(text) : text;
}

function differenceLines({ differences }: RunComparison, width: number): string[] {
  return differences.flatMap(({ name, values }) => {
    const shown = values.map((value, index) => `${runLetter(index)} ${value}`).join(' | ');
    return wrap(printable(`${name}: ${shown}`), width - 2).map(
      (line, index) => (index === 0 ? '- ' : '  ') + line,
    );
  });
}

/** One run against the base. */
function pairLines(comparison: RunComparison, run: number, width: number, colours: Colours): string[] {
  const cells = comparison.cells
    .filter(({ metrics }) => metrics.some(({ values }) => values[0] != null && values[run] != null))
    .map(({ strategy, workload, fault, metrics }): Cell => {
      return {
        title: printable(`${workload}, ${fault}, ${strategy}`),
        rows: metrics.map((metric) => metricRow(metric, run)),
      };
    });
  const letter = runLetter(run);
  if (cells.length === 0) return ['', `${letter} has no cell in common with A.`];
  const heads: MetricRow = {
    name: '',
    base: 'A',
    run: letter,
    change: `${letter} / A`,
    trials: '',
    tone: 'plain',
  };
  const widths = columnWidths([heads, ...cells.flatMap(({ rows }) => rows)], width);
  return [
    '',
    colours.dim(rowLine(heads, widths, colours)),
    ...cells.flatMap(({ title, rows }, index) => [
      ...(index === 0 ? [] : ['']),
      colours.bold(clip(title, width)),
      ...rows.map((row) => rowLine(row, widths, colours)),
    ]),
  ];
}

/** Of the columns that fit. */
function columnWidths(rows: readonly MetricRow[], width: number): Map<TextColumn, number> {
  const widths = new Map<TextColumn, number>();
  let left = width;
  for (const column of COLUMNS) {
    const needed =
      Math.max(...rows.map((row) => [...row[column]].length)) + (column === 'name' ? 0 : GAP.length);
    left -= needed;
    if (left < 0) break;
    widths.set(column, needed);
  }
  return widths;
}

/** Names to the left, numbers to the right; the ratio begins at its column, so that ratios can be compared. */
function rowLine(row: MetricRow, widths: ReadonlyMap<TextColumn, number>, colours: Colours): string {
  const parts = [...widths].map(([column, width]) => {
    const space = ' '.repeat(width - [...row[column]].length);
    if (column === 'name') return row.name + space;
    if (column === 'base' || column === 'run') return space + row[column];
    const padded = GAP + row[column] + space.slice(GAP.length);
    return column === 'change' ? paint(padded, row.tone, colours) : padded;
  });
  return parts.join('').trimEnd();
}

function partialSection(comparison: RunComparison, width: number): string[] {
  const lines = partialLines(comparison).map(printable);
  if (lines.length === 0) return [];
  return [
    '',
    'Not in every run:',
    ...lines.flatMap((line) => wrap(line, width - 2).map((part, i) => (i === 0 ? '- ' : '  ') + part)),
  ];
}
