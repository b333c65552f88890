/**
 * Prometheus text exposition format 0.0.4, for a textfile collector or a push gateway. Base units, as Prometheus wants
 * them: seconds and bytes. No time stamps: the reader sets them.
 */
import type { Report, Results } from '../src/contracts/report.js';
import { groupCells } from './parts/cells.js';
import { type Row, toRow } from './parts/columns.js';
import { MEASURES, type Measure } from './parts/measures.js';

export const prometheus: Report = {
  id: 'prometheus',
  title: 'Prometheus text exposition',
  extension: 'prom',
  fileName: 'metrics',
  render,
};

const MS_PER_SECOND = 1000;

/** Name suffix of each unit (https://prometheus.io/docs/practices/naming/). */
const SUFFIXES: Readonly<Record<Measure['unit'], string>> = {
  ms: '_seconds',
  bytes: '_bytes',
  'per second': '_per_second',
  ratio: '_ratio',
  '': '',
};

function render({ summary }: Results): string {
  const rows = groupCells(summary).flatMap(({ cells }) => cells.map((cell) => toRow(summary, cell)));
  const families = [...new Set(MEASURES.map(({ family }) => family))].map((family) =>
    MEASURES.filter((measure) => measure.family === family),
  );
  const info = family('spr_bench_run_complete', 'Whether all planned trials ended.', [
    `spr_bench_run_complete${labels({ reference: summary.reference, version: summary.environment.sprBench })} ${summary.complete ? 1 : 0}`,
  ]);
  return [info, ...families.map((measures) => familyOf(measures, rows))].join('');
}

/** All samples of a family must follow each other. A family without one is left out. */
function familyOf(measures: readonly Measure[], rows: readonly Row[]): string {
  const [first] = measures;
  if (first === undefined) return '';
  const name = `spr_bench_${first.family.replaceAll('-', '_')}${SUFFIXES[first.unit]}`;
  return family(
    name,
    first.help,
    rows.flatMap((row) => measures.flatMap((measure) => sample(name, measure, row))),
  );
}

function family(name: string, help: string, samples: readonly string[]): string {
  if (samples.length === 0) return '';
  return `${[`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...samples].join('\n')}\n`;
}

function sample(name: string, { part, unit, value }: Measure, row: Row): string[] {
  const measured = value(row);
  if (measured == null) return [];
  const { strategy, workload, fault } = row.cell;
  const own = part === undefined ? {} : { [part[0]]: part[1] };
  return [
    `${name}${labels({ strategy, workload, fault, ...own })} ${unit === 'ms' ? measured / MS_PER_SECOND : measured}`,
  ];
}

function labels(values: Readonly<Record<string, string>>): string {
  return `{${Object.entries(values)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',')}}`;
}

/** The three characters with a meaning in a label value. */
function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
