/** What was measured, as text. */
import { type Comparison, type Quantity, type Rounds, renderRounds, roundCount } from '../rounds-table.js';
import type { ClosedRound } from './closed-loop.js';
import { BARE_ID, OTHER_BUILD, OURS, WRK_ID } from './names.js';
import type { OpenRound } from './open-arrivals.js';

const CLOSED: readonly Quantity<ClosedRound>[] = [
  { title: 'requests/s', digits: 0, of: ({ requestsPerSecond }) => requestsPerSecond },
  { title: 'CPU us/request', digits: 1, of: ({ cpuUs }) => cpuUs },
  { title: 'p50 ms', digits: 2, of: ({ p50Ms }) => p50Ms },
  { title: 'p99 ms', digits: 2, of: ({ p99Ms }) => p99Ms },
];

const OPEN: readonly Quantity<OpenRound>[] = [
  { title: 'requests/s', digits: 0, of: ({ requestsPerSecond }) => requestsPerSecond },
  { title: 'CPU us/request', digits: 1, of: ({ cpuUs }) => cpuUs },
  { title: 'late start p50', digits: 0, of: ({ startP50Us }) => startP50Us },
  { title: 'p99', digits: 0, of: ({ startP99Us }) => startP99Us },
  { title: 'late reading p50', digits: 0, of: ({ readP50Us }) => readP50Us },
  { title: 'p99', digits: 0, of: ({ readP99Us }) => readP99Us },
  { title: 'self-caused p50', digits: 0, of: ({ selfP50Us }) => selfP50Us },
  { title: 'p99', digits: 0, of: ({ selfP99Us }) => selfP99Us },
  { title: 'outside server p50', digits: 0, of: ({ outsideP50Us }) => outsideP50Us },
  { title: 'latency p50', digits: 0, of: ({ latencyP50Us }) => latencyP50Us },
];

const COMPARISONS: readonly Comparison[] = [
  [OURS, BARE_ID],
  [OURS, WRK_ID],
  [OURS, OTHER_BUILD],
];

export interface ClosedCase {
  readonly server: string;
  readonly connections: number;
  readonly replyBytes: number;
}

export function renderClosedLoop(
  { server, connections, replyBytes }: ClosedCase,
  rounds: Rounds<ClosedRound>,
): string {
  const title = `closed loop against ${server}: ${connections} connections, ${replyBytes} B replies, ${roundCount(rounds)} rounds in turns`;
  return `${[title, ...renderRounds(rounds, CLOSED, COMPARISONS)].join('\n')}\n`;
}

export interface OpenCase {
  readonly ratePerSecond: number;
  readonly connections: number;
  readonly replyBytes: number;
}

export function renderOpenArrivals(
  { ratePerSecond, connections, replyBytes }: OpenCase,
  rounds: Rounds<OpenRound>,
): string {
  const title = `open arrivals, ${ratePerSecond} per second: ${connections} connections, ${replyBytes} B replies, ${roundCount(rounds)} rounds in turns; times in us`;
  return `${[title, ...renderRounds(rounds, OPEN, COMPARISONS)].join('\n')}\n`;
}
