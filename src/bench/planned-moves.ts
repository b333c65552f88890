/**
 * When each connection lost its replica in a fault in which replicas end as planned: not when the first one was told to, but
 * when the connection itself moved, or its client was sent away.
 */
import type { DirectorReport, FlowRow, HandoverRow } from '../cluster/messages.js';
import type { LoadReport, TransportRow } from '../contracts/load.js';

export interface PlannedMove {
  readonly atMs: number;
  /** Undefined where the client was sent away, or nothing happened. */
  readonly handover: HandoverRow | undefined;
}

/**
 * The first move of each connection, by its index.
 *
 * @param isOpen whether the transport was there at the fault
 */
export function plannedMoves(
  { load, director, faultMs }: { load: LoadReport; director: DirectorReport; faultMs: number },
  flows: ReadonlyMap<number, FlowRow>,
  isOpen: (transport: TransportRow) => boolean,
): ReadonlyMap<number, PlannedMove> {
  const handovers = new Map<number, HandoverRow>();
  for (const row of director.handovers) {
    if (row.atMs >= faultMs && !handovers.has(row.flowId)) handovers.set(row.flowId, row);
  }
  const moves = new Map<number, PlannedMove>();
  for (const transport of load.transports) {
    if (moves.has(transport.connection) || !isOpen(transport)) continue;
    const handover = handovers.get(flows.get(transport.localPort ?? -1)?.flowId ?? -1);
    const atMs = handover?.atMs ?? transport.endedMs ?? faultMs;
    moves.set(transport.connection, { atMs, handover });
  }
  return moves;
}
