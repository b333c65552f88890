/** The comparison table in GitHub-flavoured Markdown, for a step summary or a pull request. */
import type { Report, Results } from '../src/contracts/report.js';
import type { Summary } from '../src/contracts/results.js';
import { groupCells, strategyTitle } from './shared/cells.js';
import { type Column, MEASURE_COLUMNS, ROW_LEGEND, type Row, toRow } from './shared/columns.js';
import { faultNotes } from './shared/fault-notes.js';
import { formatNumberOf } from './shared/format.js';
import { printable } from './shared/printable.js';
import { problemLines } from './shared/problems.js';
import { verdict } from './shared/verdict.js';

/** What GitHub takes as the summary of a step (docs: "Workflow commands", step isolation and limits). */
const MAX_BYTES = 1024 * 1024;

const LIMIT_NOTE = 'a summary of a step holds at most 1 MiB. The other formats hold everything.';

/** Room for a note that something was cut, and for what joins it. */
const NOTE_BYTES = 200;

type TextColumn = Pick<Column, 'group' | 'heading' | 'text'>;

const NAME_COLUMNS: readonly TextColumn[] = [
  { group: '', heading: 'workload', text: ({ cell }) => cell.workload },
  { group: '', heading: 'fault', text: ({ cell }) => cell.fault },
  { group: '', heading: 'strategy', text: ({ cell }) => cell.strategy },
];

export const markdown: Report = { id: 'markdown', title: 'Markdown table', extension: 'md', render };

function render({ summary }: Results): string {
  const before = joinParts(head(summary));
  const after = joinParts(tail(summary));
  const rows = groupCells(summary).flatMap(({ cells }) => cells.map((cell) => toRow(summary, cell)));
  const table =
    rows.length === 0
      ? 'No trial has ended: nothing to compare.'
      : markdownTable(rows, MAX_BYTES - byteLength(before) - byteLength(after));
  return cutLines(`${joinParts([before, table, after])}\n`);
}

function head(summary: Summary): string[] {
  const { headline, details } = verdict(summary);
  return [
    '## spr-bench: comparison of recovery strategies',
    `**${escapeMarkdown(headline)}**`,
    list(details),
    summary.complete ? '' : '**The run is incomplete: not all planned trials ended.**',
  ];
}

function tail(summary: Summary): string[] {
  const { violations, rejected } = problemLines(summary);
  const notes = groupCells(summary).flatMap((group) =>
    faultNotes(group).map((note) => `${group.workload}, ${group.fault}: ${note}`),
  );
  const reference = strategyTitle(summary, summary.reference);
  return [
    section('What the faults did', notes),
    section('Violations', violations),
    section('Trials that do not count', rejected),
    escapeMarkdown(`Reference: ${reference}. Seed ${summary.seed}. ${ROW_LEGEND}`),
  ];
}

function joinParts(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}

/** As many rows as fit into `bytes`; the last line says how many do not. */
function markdownTable(rows: readonly Row[], bytes: number): string {
  const columns: readonly TextColumn[] = [...NAME_COLUMNS, ...MEASURE_COLUMNS];
  const headings = columns.map(({ group, heading }) => escapeMarkdown(`${group} ${heading}`.trim()));
  const alignments = columns.map((_, index) => (index < NAME_COLUMNS.length ? ':--' : '--:'));
  const lines = rows.map((row) => columns.map((column) => escapeMarkdown(column.text(row))));
  const [first = '', second = '', ...rest] = [headings, alignments, ...lines].map(
    (cells) => `| ${cells.join(' | ')} |`,
  );
  const shown = leading(rest, bytes - byteLength(first) - byteLength(second) - NOTE_BYTES);
  const missing = rest.length - shown.length;
  const note = missing === 0 ? '' : `\n\n${formatNumberOf(missing, 'further row')} left out: ${LIMIT_NOTE}`;
  return [first, second, ...shown].join('\n') + note;
}

/** As many lines from the first on as `bytes` hold with their line ends. */
function leading(lines: readonly string[], bytes: number): readonly string[] {
  let left = bytes;
  const end = lines.findIndex((line) => {
    left -= byteLength(line) + 1;
    return left < 0;
  });
  return end < 0 ? lines : lines.slice(0, end);
}

/** The last resort: texts of a result file can be of any length. */
function cutLines(text: string): string {
  if (byteLength(text) <= MAX_BYTES) return text;
  const shown = leading(text.trimEnd().split('\n'), MAX_BYTES - NOTE_BYTES);
  return `${shown.join('\n')}\n\nCut here: ${LIMIT_NOTE}\n`;
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `### ${title}\n\n${list(lines)}`;
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${escapeMarkdown(line)}`).join('\n');
}

/**
 * Text as itself: a backslash before every character with a meaning in Markdown, entities for those of HTML, and a
 * zero-width joiner in what GitHub would make a link or a mention of.
 */
function escapeMarkdown(text: string): string {
  return printable(text)
    .replace(/[\\`*_{}[\]|~$#]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/@|:\/\/|www\./gi, '$&\u200d');
}
