/** `spr-bench matrix`: what becomes of connections in every combination of workload, strategy and fault. */
import type { Command } from 'commander';
import { STRATEGIES } from '../../../strategies/index.js';
import { WORKLOADS } from '../../../workloads/index.js';
import { type Combination, coverage } from '../../bench/coverage.js';
import { parseRunOptions } from '../../bench/run-options.js';
import { FAULTS } from '../../cluster/faults/index.js';

const LEGEND =
  'kept: the same TCP connection before and after. reconnected: clients connect again, as the strategy says. reset: clients ' +
  'connect again, though the strategy keeps connections elsewhere. untouched: nothing fails. ended: nobody is left.';

interface MatrixOptions {
  readonly replicas: string;
  readonly json?: boolean;
}

export function matrixCommand(command: Command): Command {
  return command
    .option('--replicas <n>', 'replica servers', '2')
    .option('--json', 'print one JSON document instead of the table')
    .action(async ({ replicas, json }: MatrixOptions) => {
      // Checked as where it is used.
      const options = await parseRunOptions({ replicas }, 1);
      const parts = { workloads: WORKLOADS, strategies: STRATEGIES, faults: FAULTS };
      const combinations = coverage({ ...parts, replicas: options.replicas });
      const text = json === true ? JSON.stringify(combinations, null, 2) : formatMatrix(combinations);
      process.stdout.write(`${text}\n`);
    });
}

/** A table per workload: strategies down, faults across. Reasons are numbered, and stand below. */
export function formatMatrix(combinations: readonly Combination[]): string {
  const reasons = [...new Set(combinations.flatMap(({ reason }) => reason ?? []))];
  const tables = unique(combinations, 'workload').map((workload) =>
    workloadTable(
      workload,
      combinations.filter((each) => each.workload === workload),
      reasons,
    ),
  );
  const notes = reasons.map((reason, index) => `[${index + 1}] ${reason}`);
  return [...tables, LEGEND, ...notes].join('\n');
}

function workloadTable(
  workload: string,
  combinations: readonly Combination[],
  reasons: readonly string[],
): string {
  const faults = unique(combinations, 'fault');
  const rows = unique(combinations, 'strategy').map((strategy) => [
    strategy,
    ...faults.map((fault) => {
      const found = combinations.find((each) => each.strategy === strategy && each.fault === fault);
      if (found === undefined) return '';
      const note = found.reason === null ? '' : ` [${reasons.indexOf(found.reason) + 1}]`;
      return found.connections + note;
    }),
  ]);
  const table = [[workload, ...faults], ...rows];
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = table.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('  '));
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function unique(combinations: readonly Combination[], key: 'workload' | 'strategy' | 'fault'): string[] {
  return [...new Set(combinations.map((each) => each[key]))];
}
