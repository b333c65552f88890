/** What was measured, as text: medians per stack, and ratios round by round, so that a drift of the machine cancels out. */
import { median } from '../../src/stats/average.js';
import type { Case, Round } from './measure.js';

/** Rounds of each stack, by its id; round n of all stacks was measured at about the same time. */
export type Rounds = ReadonlyMap<string, readonly Round[]>;

/** A stack, and the one that its ratios are against. */
export type Comparison = readonly [id: string, reference: string];

type Quantity = (round: Round) => number;

const ID_WIDTH = 34;
const COLUMN_WIDTH = 22;

const totalCpuUs: Quantity = ({ frontCpuUs, serverCpuUs }) => frontCpuUs + serverCpuUs;
const QUANTITIES: readonly (readonly [title: string, of: Quantity, digits: number])[] = [
  ['requests/s', ({ requestsPerSecond }) => requestsPerSecond, 0],
  ['front CPU', ({ frontCpuUs }) => frontCpuUs, 1],
  ['server CPU', ({ serverCpuUs }) => serverCpuUs, 1],
  ['total CPU', totalCpuUs, 1],
];

/** One table of absolute figures and one of ratios. Comparisons with a stack that was not measured are left out. */
export function renderCase(
  { connections, replyBytes }: Case,
  rounds: Rounds,
  comparisons: readonly Comparison[],
): string {
  const count = Math.max(0, ...[...rounds.values()].map(({ length }) => length));
  const titles = QUANTITIES.map(([title]) => title);
  const lines = [
    `${connections} connections, ${replyBytes} B replies, ${count} rounds in turns; CPU in us per request`,
    row('median', titles),
    ...[...rounds].map(([id, results]) => row(id, medians(results))),
    row('ratio: median (min to max)', titles),
    ...comparisons.flatMap(([id, reference]) => {
      const [results, against] = [rounds.get(id), rounds.get(reference)];
      return results && against ? [row(`${id} / ${reference}`, ratios(results, against))] : [];
    }),
  ];
  return `${lines.join('\n')}\n`;
}

function row(head: string, cells: readonly string[]): string {
  return head.padEnd(ID_WIDTH) + cells.map((cell) => cell.padStart(COLUMN_WIDTH)).join('');
}

function medians(results: readonly Round[]): string[] {
  return QUANTITIES.map(([, of, digits]) => (median(results.map(of)) ?? 0).toFixed(digits));
}

function ratios(results: readonly Round[], against: readonly Round[]): string[] {
  return QUANTITIES.map(([, of]) => {
    const values = results.flatMap((round, index) => {
      const other = against[index];
      return other === undefined ? [] : [of(round) / of(other)];
    });
    const text = [median(values) ?? 0, Math.min(...values), Math.max(...values)].map((value) =>
      value.toFixed(2),
    );
    return `${text[0]} (${text[1]} to ${text[2]})`;
  });
}
