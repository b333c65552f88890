/** The comparison table in GitHub-flavoured Markdown, for a step summary or a pull request. */
import type { Report, Results } from '../src/contracts/report.js';
import type { Summary } from '../src/contracts/results.js';
import { perceptionPart } from './markdown/perception.js';
import { sweepPart } from './markdown/sweeps.js';
import { groupCells, strategyTitle } from './parts/cells.js';
import { type Column, MEASURE_COLUMNS, ROW_LEGEND, toRow } from './parts/columns.js';
import {
  byteLength,
  cutLines,
  escapeMarkdown,
  joinParts,
  list,
  MAX_BYTES,
  section,
  table,
} from './parts/markdown.js';
import { problemLines } from './parts/problems.js';
import { verdict } from './parts/verdict.js';

type TextColumn = Pick<Column, 'group' | 'heading' | 'text'>;

const NAME_COLUMNS: readonly TextColumn[] = [
  { group: '', heading: 'workload', text: ({ cell }) => cell.workload },
  { group: '', heading: 'fault', text: ({ cell }) => cell.fault },
  { group: '', heading: 'strategy', text: ({ cell }) => cell.strategy },
];

/** Less is a heading without a table. */
const MIN_PART_BYTES = 2000;

export const markdown: Report = { id: 'markdown', title: 'Markdown table', extension: 'md', render };

function render({ summary }: Results): string {
  const before = joinParts(head(summary));
  const after = joinParts(tail(summary));
  const body = bodyParts(summary, MAX_BYTES - byteLength(before) - byteLength(after));
  return cutLines(`${joinParts([before, ...body, after])}\n`);
}

/** What is left of the room when a part needs none of it goes to the next one. */
function bodyParts(summary: Summary, maxBytes: number): string[] {
  let left = maxBytes;
  return [cellsTable, sweepPart, perceptionPart].flatMap((partOf) => {
    if (left < MIN_PART_BYTES) return [];
    const part = partOf(summary, left);
    left -= byteLength(part);
    return [part];
  });
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

function cellsTable(summary: Summary, maxBytes: number): string {
  const columns: readonly TextColumn[] = [...NAME_COLUMNS, ...MEASURE_COLUMNS];
  const rows = groupCells(summary).flatMap(({ cells }) => cells.map((cell) => toRow(summary, cell)));
  if (rows.length === 0) return 'No trial has ended: nothing to compare.';
  return table(
    columns.map(({ group, heading }) => `${group} ${heading}`.trim()),
    rows.map((row) => columns.map((column) => column.text(row))),
    { textColumns: NAME_COLUMNS.length, maxBytes },
  );
}

function tail(summary: Summary): string[] {
  const { violations, rejected } = problemLines(summary);
  const reference = strategyTitle(summary, summary.reference);
  return [
    section('Violations', violations),
    section('Trials that do not count', rejected),
    escapeMarkdown(`Reference: ${reference}. Seed ${summary.seed}. ${ROW_LEGEND}`),
  ];
}
