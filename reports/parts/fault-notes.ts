/**
 * What a fault did beyond what the columns show: connections that nothing could recover, primaries that lived on, connections
 * that moved as planned, replies that came late.
 */
import type { Cell } from '../../src/contracts/results.js';
import type { CellGroup } from './cells.js';
import { formatCount, formatList, formatMs, formatNumberOf } from './format.js';
import { printable } from './printable.js';

/** Lines about the cells of one workload and fault; none when there is nothing to say. */
export function faultNotes({ cells }: CellGroup): string[] {
  return [...notRecoverable(cells), ...wokenUp(cells), ...moved(cells), ...slowed(cells)];
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
    return [`${printable(strategy)}: the replaced primary lived on and ${ran}; ${sent}`];
  });
}

function moved(cells: readonly Cell[]): string[] {
  return cells.flatMap(({ strategy, handovers }) => {
    if (handovers == null) return [];
    const { moved: count, freezeMs } = handovers;
    const name = printable(strategy);
    const what = `${name}: ${formatNumberOf(count, 'connection')} moved as planned`;
    if (freezeMs === null) return [`${what}; nobody waited`];
    const { p50, p99, max } = freezeMs;
    const times = [p50, p99, max].map(formatMs).join(' / ');
    return [`${what}; each stood still for ${times} ms (p50 / p99 / max of ${formatCount(freezeMs.count)})`];
  });
}

/** Where nobody recovered because nobody was lost, the latency is the result. */
function slowed(cells: readonly Cell[]): string[] {
  return cells.flatMap(({ strategy, connections, recoveryTimeMs, latencyBeforeMs, latencyAfterMs }) => {
    const untouched = connections.kept > 0 && connections.reconnected + connections.lost === 0;
    if (!untouched || recoveryTimeMs !== null || latencyBeforeMs == null || latencyAfterMs == null) return [];
    const p99 = `${formatMs(latencyBeforeMs.p99)} to ${formatMs(latencyAfterMs.p99)} ms`;
    return [`${printable(strategy)}: all connections live; latency p99 from ${p99} since the fault`];
  });
}
