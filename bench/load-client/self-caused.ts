/**
 * How much of the latencies that the load client reports is its own doing. The server looks on: it knows when a reply was in
 * the client's socket. What passes from there until the client calls it replied, and from the intended time until the request
 * leaves, is caused by the client.
 */
import type { LoadReport } from '../../src/contracts/load.js';
import type { Stamps } from './observed-server.js';

/** Of each request, ms. */
export interface SelfCaused {
  /** It was sent so much after its time although its connection was free. */
  readonly startMs: number;
  /** The reply lay in the socket, was decrypted and checked for so long. */
  readonly readMs: number;
  /** The latency that the load client reports. */
  readonly latencyMs: number;
  /** All of that latency that the server did not spend: also what the kernel took, and the server until it read the request. */
  readonly outsideMs: number;
}

/**
 * Of the requests that were intended from `fromMs` to `toMs`.
 *
 * @throws Error when a connection was made twice, or the server has seen other requests than the client has sent
 */
export function selfCaused(
  { requests, transports }: LoadReport,
  stamps: ReadonlyMap<number, Stamps>,
  fromMs: number,
  toMs: number,
): SelfCaused[] {
  const seen = stampsOf(transports, stamps);
  const rowsOf = new Map<number, number>();
  const repliedMsOf = new Map<number, number>();
  const found: SelfCaused[] = [];
  requests.connection.forEach((connection, row) => {
    const at = rowsOf.get(connection) ?? 0;
    rowsOf.set(connection, at + 1);
    const freeSinceMs = repliedMsOf.get(connection) ?? Number.NEGATIVE_INFINITY;
    const [intendedMs = 0, sentMs = 0, repliedMs = 0] = [
      requests.intendedMs[row],
      requests.sentMs[row],
      requests.repliedMs[row],
    ];
    repliedMsOf.set(connection, repliedMs);
    const { readMs, writtenMs } = seen.get(connection) ?? NOTHING;
    const [serverReadMs, serverWrittenMs] = [readMs[at], writtenMs[at]];
    if (serverReadMs === undefined || serverWrittenMs === undefined) {
      throw new Error(`the server has not seen request ${at} of connection ${connection}`);
    }
    if (intendedMs < fromMs || intendedMs >= toMs) return;
    found.push({
      startMs: sentMs - Math.max(intendedMs, freeSinceMs),
      readMs: repliedMs - serverWrittenMs,
      latencyMs: repliedMs - intendedMs,
      outsideMs: repliedMs - intendedMs - (serverWrittenMs - serverReadMs),
    });
  });
  return found;
}

const NOTHING: Stamps = { readMs: [], writtenMs: [] };

/** By connection. */
function stampsOf(
  transports: LoadReport['transports'],
  stamps: ReadonlyMap<number, Stamps>,
): Map<number, Stamps> {
  const seen = new Map<number, Stamps>();
  for (const { connection, localPort } of transports) {
    if (seen.has(connection)) throw new Error(`connection ${connection} was made twice`);
    seen.set(connection, stamps.get(localPort ?? 0) ?? NOTHING);
  }
  return seen;
}
