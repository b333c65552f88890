/**
 * Workflow commands of GitHub Actions: printed in a step, they become annotations of the commit. Errors for violations,
 * warnings for trials that do not count, one notice for the result.
 */
import type { Report, Results } from '../src/contracts/report.js';
import type { Summary } from '../src/contracts/results.js';
import { formatNumberOf } from './parts/format.js';
import { printable } from './parts/printable.js';
import { problemLines } from './parts/problems.js';
import { verdict } from './parts/verdict.js';

type Level = 'error' | 'warning' | 'notice';

export const githubAnnotations: Report = {
  id: 'github-annotations',
  title: 'GitHub annotations',
  extension: 'txt',
  fileName: 'annotations',
  render,
};

/** GitHub shows ten of each level per step, and drops the rest without a word. */
const MOST_OF_A_LEVEL = 10;

function render({ summary }: Results): string {
  const { violations, rejected } = problemLines(summary);
  const incomplete = summary.complete ? [] : ['the run is incomplete: not all planned trials ended'];
  const lines = [
    ...commands('error', 'spr-bench: violation', violations),
    ...commands('warning', 'spr-bench: does not count', [
      ...incomplete,
      ...rejected,
      ...cellsWithoutTrials(summary),
    ]),
    command('notice', 'spr-bench', verdictText(summary)),
  ];
  return `${lines.join('\n')}\n`;
}

/** The last one that GitHub shows says how many it does not. */
function commands(level: Level, title: string, messages: readonly string[]): string[] {
  if (messages.length <= MOST_OF_A_LEVEL) return messages.map((message) => command(level, title, message));
  const shown = messages.slice(0, MOST_OF_A_LEVEL - 1);
  const rest = `and ${messages.length - shown.length} more: see the log of this step`;
  return [...shown, rest].map((message) => command(level, title, message));
}

function cellsWithoutTrials({ cells }: Summary): string[] {
  return cells
    .filter(({ trials }) => trials.completed === 0)
    .map(({ strategy, workload, fault, trials }) => {
      const rejected = formatNumberOf(trials.invalid + trials.inconclusive, 'trial');
      return `${strategy}, ${workload}, ${fault}: no completed trial (${rejected} did not count)`;
    });
}

function verdictText(summary: Summary): string {
  const { headline, details } = verdict(summary);
  const cases = summary.cells.map(({ strategy, workload, fault }) => `${strategy}, ${workload}, ${fault}`);
  return [headline, ...details, `Compared: ${cases.join('; ') || 'nothing'}.`].map(printable).join('\n');
}

/** Escaped as GitHub's own toolkit does (`@actions/core`, command.ts). Every line of a message begins with no command. */
function command(level: Level, title: string, message: string): string {
  return `::${level} title=${escapeProperty(title)}::${escapeData(message.split('\n').map(printable).join('\n'))}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
