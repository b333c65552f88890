/** Several runs side by side in GitHub-flavoured Markdown. */
import type { RunsReport } from '../../src/contracts/report.js';
import type { RunComparison } from '../../src/contracts/run-comparison.js';
import { cutLines, escapeMarkdown, joinParts, list, section, table } from '../parts/markdown.js';
import { describeRun, LEGEND, metricRow, others, partialLines, runLetter, warnings } from './shared.js';

export const runsMarkdown: RunsReport = {
  id: 'markdown',
  title: 'Runs side by side in Markdown',
  extension: 'md',
  render,
};

function render(comparison: RunComparison): string {
  const parts = [
    '## spr-bench: comparison of runs',
    list(comparison.runs.map((run, index) => `${runLetter(index)}: ${describeRun(run)}`)),
    ...warnings(comparison).map((text) => `**${escapeMarkdown(text)}**`),
    differences(comparison),
    ...others(comparison).map((run) => cells(comparison, run)),
    section('Not in every run', partialLines(comparison)),
    escapeMarkdown(LEGEND),
  ];
  return cutLines(`${joinParts(parts)}\n`);
}

function differences({ differences: found, runs }: RunComparison): string {
  if (found.length === 0) return '';
  return table(
    ['not the same', ...runs.map((_, index) => runLetter(index))],
    found.map(({ name, values }) => [name, ...values]),
    { textColumns: 1 + runs.length },
  );
}

function cells(comparison: RunComparison, run: number): string {
  const rows = comparison.cells.flatMap(({ strategy, workload, fault, metrics }) =>
    metrics.map((metric) => {
      const { name, base, run: value, change, trials } = metricRow(metric, run);
      return [workload, fault, strategy, name, base, value, change, trials];
    }),
  );
  const letter = runLetter(run);
  if (rows.length === 0) return `${letter} has no cell in common with A.`;
  return table(['workload', 'fault', 'strategy', 'metric', 'A', letter, `${letter} / A`, 'trials'], rows, {
    textColumns: 4,
  });
}
