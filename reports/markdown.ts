/** The comparison table in GitHub-flavoured Markdown, for a step summary or a pull request. */
import type { Report, Results } from '../src/contracts/report.js';
import { groupCells, strategyTitle } from './shared/cells.js';
import { type Column, MEASURE_COLUMNS, ROW_LEGEND, type Row, toRow } from './shared/columns.js';
import { printable } from './shared/printable.js';
import { problemLines } from './shared/problems.js';
import { verdict } from './shared/verdict.js';

type TextColumn = Pick<Column, 'group' | 'heading' | 'text'>;

const NAME_COLUMNS: readonly TextColumn[] = [
  { group: '', heading: 'workload', text: ({ cell }) => cell.workload },
  { group: '', heading: 'fault', text: ({ cell }) => cell.fault },
  { group: '', heading: 'strategy', text: ({ cell }) => cell.strategy },
];

export const markdown: Report = { id: 'markdown', title: 'Markdown table', extension: 'md', render };

function render({ summary }: Results): string {
  const { headline, details } = verdict(summary);
  const rows = groupCells(summary).flatMap(({ cells }) => cells.map((cell) => toRow(summary, cell)));
  const { violations, rejected } = problemLines(summary);
  const parts = [
    '## spr-bench: comparison of recovery strategies',
    `**${escapeMarkdown(headline)}**`,
    list(details),
    summary.complete ? '' : '**The run is incomplete: not all planned trials ended.**',
    rows.length === 0 ? 'No trial has ended: nothing to compare.' : markdownTable(rows),
    section('Violations', violations),
    section('Trials that do not count', rejected),
    escapeMarkdown(
      `Reference: ${strategyTitle(summary, summary.reference)}. Seed ${summary.seed}. ${ROW_LEGEND}`,
    ),
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function markdownTable(rows: readonly Row[]): string {
  const columns: readonly TextColumn[] = [...NAME_COLUMNS, ...MEASURE_COLUMNS];
  const headings = columns.map(({ group, heading }) => escapeMarkdown(`${group} ${heading}`.trim()));
  const alignments = columns.map((_, index) => (index < NAME_COLUMNS.length ? ':--' : '--:'));
  const lines = rows.map((row) => columns.map((column) => escapeMarkdown(column.text(row))));
  return [headings, alignments, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
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
