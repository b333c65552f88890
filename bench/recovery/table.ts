/** What was measured, held against the goals, as text. Pure. */
import { textTable } from '../../src/main/text-table.js';
import type { Row } from './goal.js';

export interface MeasuredPart {
  readonly id: string;
  readonly title: string;
  readonly rows: readonly Row[];
}

/** Of one trial. */
export interface Note {
  readonly kind: 'violation' | 'rejected';
  readonly text: string;
}

/** One table of all parts; below it, how many goals are met, and what is to be said of single trials. */
export function renderTable(parts: readonly MeasuredPart[], notes: readonly Note[]): string {
  const rows = parts.flatMap(({ id, title, rows: own }) => [
    [`${id}: ${title}`, '', '', ''],
    ...own.map(({ what, measured, goal, verdict }) => [`  ${what}`, measured, goal, verdict]),
  ]);
  const goals = parts.flatMap(({ rows: own }) => own.filter(({ goal }) => goal !== ''));
  const met = goals.filter(({ verdict }) => verdict === 'met').length;
  const lines = [
    ...textTable(['', 'measured', 'goal', 'verdict'], rows),
    `${met} of ${goals.length} goals met`,
    ...notes.map(({ kind, text }) => `${kind}: ${text}`),
  ];
  return `${lines.join('\n')}\n`;
}
