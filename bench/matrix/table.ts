/** The tables, as Markdown that can also be read as it is. */
import { SCENARIO_TITLES, type Section, type Suite } from './cases.js';
import type { Outcome } from './cell.js';

export interface Row {
  readonly client: string;
  /** One per suite of the section; undefined when the client is not installed. */
  readonly outcomes: readonly Outcome[] | undefined;
}

/** One section with its notes, which say why a cell is not `ok`. */
export function renderSection({ strategy, scenario, suites }: Section, rows: readonly Row[]): string {
  const notes: string[] = [];
  const lines = [
    ['client', ...suites.map(suiteTitle)],
    ...rows.map(({ client, outcomes }) => [
      client,
      ...suites.map((_suite, index) => cellText(outcomes?.[index], notes)),
    ]),
  ];
  const explained = notes.map((note, index) => `${index + 1}. ${note}\n`).join('');
  return `## \`${strategy}\`, ${SCENARIO_TITLES[scenario]}\n\n${alignColumns(lines)}\n${explained}`;
}

function suiteTitle({ version, aead }: Suite): string {
  return `${version} ${aead}`;
}

function cellText(outcome: Outcome | undefined, notes: string[]): string {
  if (outcome === undefined) return 'not installed';
  if (outcome.kind === 'ok') return 'ok';
  if (outcome.kind === 'not-applicable') return `n/a (${noteNumber(outcome.reason, notes)})`;
  return `FAILED (${noteNumber(outcome.what, notes)})`;
}

/** Equal notes share a number. */
function noteNumber(text: string, notes: string[]): number {
  const line = text.replace(/\s+/g, ' ').trim();
  if (!notes.includes(line)) notes.push(line);
  return notes.indexOf(line) + 1;
}

function alignColumns(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_title, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`;
  const [head = [], ...body] = lines;
  return [head, widths.map((width) => '-'.repeat(width)), ...body].map(row).join('');
}
