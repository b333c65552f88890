/**
 * What each connection was doing when the fault struck it, as its client saw it: a fault strikes all phases at once, in
 * proportion to the time that connections spend in them, and which connection was in which is told afterwards.
 */
import type { LoadReport, RequestColumns, TransportRow } from '../contracts/load.js';
import type { PhaseAtFault } from '../contracts/results.js';

interface Outstanding {
  /** Since when, and since when there was a part of the reply; NaN for none. */
  readonly sentMs: number;
  readonly begunMs: number;
  /** NaN: never. */
  readonly repliedMs: number;
}

/**
 * By index of the connection; absent where it had no transport.
 *
 * @param struckMs when the fault struck a connection
 */
export function phasesAtFault(
  { requests, transports }: Pick<LoadReport, 'requests' | 'transports'>,
  struckMs: (connection: number) => number,
): ReadonlyMap<number, PhaseAtFault> {
  const outstanding = outstandingRequests(requests, struckMs);
  const phases = new Map<number, PhaseAtFault>();
  for (const transport of transports) {
    const { connection } = transport;
    const atMs = struckMs(connection);
    if (!isThereAt(transport, atMs)) continue;
    phases.set(connection, phaseOf(transport, outstanding.get(connection) ?? [], atMs));
  }
  return phases;
}

function isThereAt({ startedMs, endedMs }: TransportRow, atMs: number): boolean {
  return startedMs < atMs && (endedMs === null || endedMs >= atMs);
}

function phaseOf({ secureMs }: TransportRow, requests: readonly Outstanding[], atMs: number): PhaseAtFault {
  if (secureMs === null || secureMs >= atMs) return 'handshake';
  // What was given up with an earlier transport has no reply either, and is not outstanding on this one.
  const own = requests.filter(({ sentMs, repliedMs }) => repliedMs >= atMs || sentMs >= secureMs);
  if (own.length === 0) return 'idle';
  return own.some(({ begunMs }) => begunMs < atMs) ? 'mid-response' : 'mid-request';
}

/** Sent before the fault, and without a whole reply then. */
function outstandingRequests(
  { connection, sentMs, begunMs, repliedMs }: RequestColumns,
  struckMs: (connection: number) => number,
): ReadonlyMap<number, readonly Outstanding[]> {
  const found = new Map<number, Outstanding[]>();
  connection.forEach((index, row) => {
    const request = {
      sentMs: sentMs[row] ?? Number.NaN,
      begunMs: begunMs[row] ?? Number.NaN,
      repliedMs: repliedMs[row] ?? Number.NaN,
    };
    const atMs = struckMs(index);
    if (!(request.sentMs < atMs) || request.repliedMs < atMs) return;
    const requests = found.get(index);
    if (requests === undefined) found.set(index, [request]);
    else requests.push(request);
  });
  return found;
}
