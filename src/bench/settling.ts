/**
 * The end of the load: what is outstanding is waited for, and connections that are about to connect again. Thousands of these
 * take much longer than any reply, and those that a server never lets in must not hold a run up.
 */
import type { Clock } from '../base/clock.js';

/** A connection, as far as it is waited for. */
export interface SettlingConnection {
  /** Whether requests can be sent: it is not about to connect again. */
  readonly connected: boolean;
  /** Whether nothing of the load is outstanding on it. */
  readonly settled: boolean;
}

export interface Settling {
  /** For all of them, and again from each moment at which fewer than ever are without a connection; ms. */
  readonly graceMs: number;
  readonly clock: Clock;
  sleep(ms: number): Promise<unknown>;
}

/** Several times the processor time of a handshake. */
export const RECONNECT_MS_PER_CONNECTION = 10;
/** After the measurement, thus neither tight nor costly. */
const POLL_MS = 5;

/** Takes `graceMs`, and {@link RECONNECT_MS_PER_CONNECTION} for each connection, at the longest. */
export async function untilSettled(
  connections: readonly SettlingConnection[],
  { graceMs, clock, sleep }: Settling,
): Promise<void> {
  const lastMs = clock() + graceMs + RECONNECT_MS_PER_CONNECTION * connections.length;
  let deadlineMs = clock() + graceMs;
  let fewestAway = connections.length;
  while (clock() < deadlineMs && !connections.every(({ connected, settled }) => connected && settled)) {
    const away = connections.filter(({ connected }) => !connected).length;
    if (away < fewestAway) {
      fewestAway = away;
      deadlineMs = Math.min(clock() + graceMs, lastMs);
    }
    await sleep(POLL_MS);
  }
}
