/** Recovery by what connections were doing when the fault struck them. */
import type { Cell } from '../../src/contracts/results.js';
import type { CellGroup } from './cells.js';

export type PhaseRow = NonNullable<Cell['recoveryByPhase']>[number];

/** The median of fewer is one of them by chance. */
const MIN_RECOVERED = 5;

/** Phases of the cells, if there is something to compare: at least one cell recovered enough in more than one phase. */
export function comparablePhases({
  cells,
}: CellGroup): { readonly cell: Cell; readonly rows: readonly PhaseRow[] }[] {
  const known = cells.flatMap((cell) => (cell.recoveryByPhase ? [{ cell, rows: cell.recoveryByPhase }] : []));
  return known.some(({ rows }) => rows.filter(isEnough).length > 1) ? known : [];
}

/** Null where too few recovered. */
export function phaseMedianMs(row: PhaseRow): number | null {
  return isEnough(row) ? row.recoveryP50Ms : null;
}

export const PHASE_NOTE =
  'Phase: what the client of a connection saw at the fault. mid-request: sent, in part or whole, and nothing of the reply was ' +
  'there; mid-response: the reply had begun; idle: nothing was outstanding, so that its recovery waits for its next request. ' +
  `Medians of ${MIN_RECOVERED} recoveries or more.`;

function isEnough({ recovered }: PhaseRow): boolean {
  return recovered >= MIN_RECOVERED;
}
