/** What a fault did beyond what the columns show: connections that nothing could recover, and primaries that woke up. */
import type { Cell } from '../../src/contracts/results.js';
import type { CellGroup } from './cells.js';
import { formatCount, formatList, formatNumberOf } from './format.js';
import { printable } from './printable.js';

/** Lines about the cells of one workload and fault; none when there is nothing to say. */
export function faultNotes({ cells }: CellGroup): string[] {
  return [...notRecoverable(cells), ...wokenUp(cells)];
}

/** One line per reason. */
function notRecoverable(cells: readonly Cell[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const { strategy, notRecoverable: lost } of cells) {
    if (lost === null) continue;
    const names = byReason.get(lost.reason) ?? [];
    byReason.set(lost.reason, [...names, `${formatCount(lost.connections)} of ${printable(strategy)}`]);
  }
  return [...byReason].map(
    ([reason, names]) =>
      `connections that could not be recovered: ${formatList(names)} (${printable(reason)})`,
  );
}

function wokenUp(cells: readonly Cell[]): string[] {
  return cells.flatMap(({ strategy, executions, replication }) => {
    const fenced = replication?.fenced ?? 0;
    const executed = executions?.byFencedPrimary ?? 0;
    if (executed + fenced === 0) return [];
    const ran = `executed ${formatNumberOf(executed, 'request')}`;
    const sent = `${formatNumberOf(fenced, 'message')} of its replication ${fenced === 1 ? 'was' : 'were'} refused`;
    return [`${printable(strategy)}: the replaced primary woke up and ${ran}; ${sent}`];
  });
}
