/**
 * One row per cell (strategy x workload x fault), for spreadsheets and data frames: RFC 4180. The columns are the fields
 * of a cell in `summary.json`, named by their path, units included; then the comparisons with the reference.
 */
import { z } from 'zod';
import type { Report, Results } from '../src/contracts/report.js';
import {
  type Cell,
  type Comparison,
  cellSchema,
  comparisonSchema,
  type Summary,
} from '../src/contracts/results.js';
import { comparisonOf, groupCells } from './shared/cells.js';

interface Column {
  readonly name: string;
  value(cell: Cell, summary: Summary): unknown;
}

/** The part of a JSON Schema that matters here. */
interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly anyOf?: readonly SchemaNode[];
}

export const csv: Report = { id: 'csv', title: 'Cells as CSV', extension: 'csv', render };

/** RFC 4180 2: the line end of CSV, on every system. */
const LINE_END = '\r\n';

function render({ summary }: Results): string {
  const columns = [...cellColumns(), ...comparisonColumns()];
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

function comparisonColumns(): Column[] {
  const parts = ['ratio', 'low', 'high', 'pairs'] as const satisfies readonly (keyof Comparison)[];
  return comparisonSchema.shape.metric.options.flatMap((metric) =>
    parts.map((part) => ({
      name: `toReference.${metric}.${part}`,
      value: (cell: Cell, summary: Summary) => comparisonOf(summary, cell, metric)?.[part],
    })),
  );
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
