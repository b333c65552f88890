/**
 * One row per cell (strategy x workload x fault), for spreadsheets and data frames: RFC 4180. The columns are the fields
 * of a cell in `summary.json`, named by their path, units included; then the shares that were served again in time, the comparisons with
 * the reference, and, where the run varied something, the parameter, its value and the laws.
 */
import { z } from 'zod';
import type { Report, Results } from '../src/contracts/report.js';
import {
  type Cell,
  type Comparison,
  cellSchema,
  comparisonSchema,
  type Law,
  type Summary,
  type SweepResult,
} from '../src/contracts/results.js';
import { comparisonOf, groupCells } from './parts/cells.js';
import { LIMITS } from './parts/perception.js';

interface Column {
  readonly name: string;
  value(cell: Cell, summary: Summary): unknown;
}

type SweepPoint = SweepResult['points'][number];

/** The part of a JSON Schema that matters here. */
interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly anyOf?: readonly SchemaNode[];
}

export const csv: Report = { id: 'csv', title: 'Cells as CSV', extension: 'csv', render };

/** RFC 4180 2: the line end of CSV, on every system. */
const LINE_END = '\r\n';

function render({ summary }: Results): string {
  const columns = [
    ...cellColumns(),
    ...perceptionColumns(),
    ...comparisonColumns(),
    ...sweepColumns(summary),
  ];
  const cells = groupCells(summary).flatMap((group) => group.cells);
  const rows = cells.map((cell) => columns.map(({ value }) => csvField(value(cell, summary))));
  return [columns.map(({ name }) => csvField(name)), ...rows].map((row) => row.join(',') + LINE_END).join('');
}

/** From the schema, not by hand: a field that a cell gets later gets its column. */
function cellColumns(): Column[] {
  const root = z.toJSONSchema(cellSchema, { io: 'input' }) as SchemaNode;
  return leafPaths(root).map((path) => ({ name: path.join('.'), value: (cell) => valueAt(cell, path) }));
}

function leafPaths(node: SchemaNode, path: readonly string[] = []): string[][] {
  // A part that may be null: its fields are columns all the same, empty then.
  const properties = node.properties ?? node.anyOf?.find((choice) => choice.properties)?.properties;
  if (properties === undefined) return [[...path]];
  return Object.entries(properties).flatMap(([name, child]) => leafPaths(child, [...path, name]));
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce(
    (part, name) => (part as Readonly<Record<string, unknown>> | null)?.[name] ?? null,
    value,
  );
}

/** The counts of `perceived` as shares of their total, 0 to 1. */
function perceptionColumns(): Column[] {
  return (['connections', 'requests'] as const).flatMap((of) =>
    LIMITS.map(({ key }) => ({
      name: `servedInTime.${of}.${key}`,
      value: ({ perceived }: Cell) => {
        const counts = perceived?.[of];
        return counts == null || counts.total === 0 ? null : counts[key] / counts.total;
      },
    })),
  );
}

function comparisonColumns(): Column[] {
  const parts = ['ratio', 'low', 'high', 'pairs'] as const satisfies readonly (keyof Comparison)[];
  return comparisonSchema.shape.metric.options.flatMap((metric) =>
    parts.map((part) => ({
      name: `toReference.${metric}.${part}`,
      value: (cell: Cell, summary: Summary) => comparisonOf(summary, cell, metric)?.[part],
    })),
  );
}

/** None where nothing was varied. A row has the laws of the series that it is a point of. */
function sweepColumns({ sweeps = [] }: Summary): Column[] {
  if (sweeps.length === 0) return [];
  const names = ['workload', 'parameter'] as const satisfies readonly (keyof SweepResult)[];
  const fields = [
    'value',
    'detectionMs',
    'expectedDetectionMs',
  ] as const satisfies readonly (keyof SweepPoint)[];
  const parts = ['kind', 'slope', 'low', 'high', 'r2'] as const satisfies readonly (keyof Law)[];
  const metrics = [...new Set(sweeps.flatMap(({ laws }) => laws.map(({ metric }) => metric)))];
  return [
    ...names.map((name) => sweepColumn(name, ({ sweep }) => sweep[name])),
    ...fields.map((name) => sweepColumn(name, ({ point }) => point[name])),
    ...metrics.flatMap((metric) =>
      parts.map((part) =>
        sweepColumn(`laws.${metric}.${part}`, ({ sweep }) => {
          return sweep.laws.find((law) => law.metric === metric)?.[part];
        }),
      ),
    ),
  ];
}

interface Swept {
  readonly sweep: SweepResult;
  readonly point: SweepPoint;
}

function sweepColumn(name: string, read: (swept: Swept) => unknown): Column {
  return {
    name: `sweep.${name}`,
    value: (cell, { sweeps }) => {
      const swept = sweptOf(cell, sweeps);
      return swept === undefined ? null : read(swept);
    },
  };
}

function sweptOf({ strategy, workload, fault }: Cell, sweeps: Summary['sweeps'] = []): Swept | undefined {
  for (const sweep of sweeps) {
    if (sweep.strategy !== strategy || sweep.fault !== fault) continue;
    const point = sweep.points.find(({ cellWorkload }) => cellWorkload === workload);
    if (point !== undefined) return { sweep, point };
  }
  return undefined;
}

function csvField(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = inert(typeof value === 'string' ? value : JSON.stringify(value));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Spreadsheets run text that begins with one of these as a formula (OWASP, "CSV Injection"): an apostrophe makes it text.
 * Numbers are never touched: a negative one is no text.
 */
function inert(text: string): string {
  return /^[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/.test(text) ? `'${text}` : text;
}
