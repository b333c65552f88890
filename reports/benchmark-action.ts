/**
 * The input of github-action-benchmark with `tool: customSmallerIsBetter`: a list of name, unit and value, and where there
 * is one the interval. Only what is better when it is smaller: the action takes one direction per file.
 */
import type { Report, Results } from '../src/contracts/report.js';
import { groupCells } from './parts/cells.js';
import { type Row, toRow } from './parts/columns.js';
import { formatRatio } from './parts/format.js';
import { MEASURES, type Measure } from './parts/measures.js';
import { printable } from './parts/printable.js';

interface Entry {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly range?: string;
  readonly extra?: string;
}

export const benchmarkAction: Report = {
  id: 'benchmark-action',
  title: 'github-action-benchmark, customSmallerIsBetter',
  extension: 'json',
  fileName: 'benchmark-action',
  render,
};

function render({ summary }: Results): string {
  const rows = groupCells(summary).flatMap(({ cells }) => cells.map((cell) => toRow(summary, cell)));
  const measures = MEASURES.filter(({ better }) => better === 'smaller');
  const entries = rows.flatMap((row) => measures.flatMap((measure) => toEntry(row, measure)));
  return `${JSON.stringify(entries, null, 2)}\n`;
}

/** None when the cell has no value: the chart then has a gap, not a 0. */
function toEntry(row: Row, measure: Measure): Entry[] {
  const value = measure.value(row);
  if (value == null) return [];
  const { strategy, workload, fault, trials } = row.cell;
  const what = [measure.family, ...(measure.part?.slice(1) ?? [])].join(' ').replaceAll('-', ' ');
  const interval = measure.interval?.(row);
  return [
    {
      name: printable(`${workload}, ${fault}, ${strategy}: ${what}`),
      unit: measure.unit === '' ? 'count' : measure.unit,
      value,
      ...(interval === undefined
        ? {}
        : { range: `[${formatRatio(interval.low)}, ${formatRatio(interval.high)}]` }),
      extra: `${trials.completed} completed trials`,
    },
  ];
}
