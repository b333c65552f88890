/** Bencher Metric Format (https://bencher.dev/docs/reference/bencher-metric-format/): one benchmark per cell. */
import type { Report, Results } from '../src/contracts/report.js';
import { groupCells } from './parts/cells.js';
import { type Row, toRow } from './parts/columns.js';
import { MEASURES, measureId } from './parts/measures.js';
import { printable } from './parts/printable.js';

interface Metric {
  readonly value: number;
  readonly lower_value?: number;
  readonly upper_value?: number;
}

export const bencher: Report = {
  id: 'bencher',
  title: 'Bencher Metric Format',
  extension: 'json',
  fileName: 'bencher',
  render,
};

function render({ summary }: Results): string {
  const rows = groupCells(summary).flatMap(({ cells }) => cells.map((cell) => toRow(summary, cell)));
  const benchmarks = Object.fromEntries(rows.map((row) => [benchmarkName(row), metrics(row)]));
  return `${JSON.stringify(benchmarks, null, 2)}\n`;
}

/** At most 302 of the 1,024 characters that Bencher takes. */
function benchmarkName({ cell }: Row): string {
  return printable(`${cell.workload}/${cell.fault}/${cell.strategy}`);
}

/** By the slug of the measure, at most 64 characters. What the cell has no value of is left out: it is no 0. */
function metrics(row: Row): Record<string, Metric> {
  return Object.fromEntries(
    MEASURES.flatMap((measure) => {
      const value = measure.value(row);
      if (value == null) return [];
      const interval = measure.interval?.(row);
      const bounds = interval === undefined ? {} : { lower_value: interval.low, upper_value: interval.high };
      return [[withUnit(measureId(measure), measure.unit), { value, ...bounds }] as const];
    }),
  );
}

/** The unit is part of the slug: Bencher asks for it only in its own pages. */
function withUnit(id: string, unit: string): string {
  return unit === '' || unit === 'ratio' ? id : `${id}-${unit.replaceAll(' ', '-')}`;
}
