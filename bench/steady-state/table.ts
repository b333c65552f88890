/** What was measured, as text. */
import {
  type Comparison,
  type Quantity,
  type Rounds as RoundsOf,
  renderRounds,
  roundCount,
} from '../rounds-table.js';
import type { Case, Round } from './measure.js';

export type { Comparison } from '../rounds-table.js';

/** Rounds of each stack, by its id. */
export type Rounds = RoundsOf<Round>;

const QUANTITIES: readonly Quantity<Round>[] = [
  { title: 'requests/s', digits: 0, of: ({ requestsPerSecond }) => requestsPerSecond },
  { title: 'front CPU', digits: 1, of: ({ frontCpuUs }) => frontCpuUs },
  { title: 'server CPU', digits: 1, of: ({ serverCpuUs }) => serverCpuUs },
  { title: 'total CPU', digits: 1, of: ({ frontCpuUs, serverCpuUs }) => frontCpuUs + serverCpuUs },
];

/** One table of absolute figures and one of ratios. Comparisons with a stack that was not measured are left out. */
export function renderCase(
  { connections, replyBytes }: Case,
  rounds: Rounds,
  comparisons: readonly Comparison[],
): string {
  const title = `${connections} connections, ${replyBytes} B replies, ${roundCount(rounds)} rounds in turns; CPU in us per request`;
  return `${[title, ...renderRounds(rounds, QUANTITIES, comparisons)].join('\n')}\n`;
}
