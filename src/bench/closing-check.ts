/**
 * The check after the load: every connection that shows nothing of itself sends one more request. Thousands of idle ones
 * that spoke at one moment would be a disturbance of their own, so that only some are outstanding at a time.
 */
import type { Clock } from '../base/clock.js';

/** A connection, as far as it is checked. */
export interface CheckedConnection {
  /** Whether nothing of it is outstanding. */
  readonly settled: boolean;
  beginClosingCheck(faultMs: number): void;
  /** What has not been answered by now has failed. */
  abandonClosingCheck(): void;
}

export interface ClosingCheck {
  readonly faultMs: number;
  /** For each connection. */
  readonly graceMs: number;
  readonly clock: Clock;
  sleep(ms: number): Promise<unknown>;
}

/** More than the connections of most runs, and a tenth of a second of work for one replica. */
const MAX_OUTSTANDING = 256;
/** Of work for all processes together: with so many more a machine that is busy is not waited for. */
export const CLOSING_MS_PER_CONNECTION = 2;
const POLL_MS = 5;

/** Takes `graceMs`, and {@link CLOSING_MS_PER_CONNECTION} for each connection, at the longest. */
export async function checkConnections(
  connections: readonly CheckedConnection[],
  { faultMs, graceMs, clock, sleep }: ClosingCheck,
): Promise<void> {
  const deadlineMs = clock() + graceMs + CLOSING_MS_PER_CONNECTION * connections.length;
  const waiting = connections.values();
  let outstanding: { readonly connection: CheckedConnection; readonly untilMs: number }[] = [];
  for (let done = false; !(done && outstanding.length === 0) && clock() < deadlineMs; ) {
    // One that does not answer makes room too: others are not to pay for it.
    outstanding = outstanding.filter(({ connection, untilMs }) => !connection.settled && clock() < untilMs);
    while (!done && outstanding.length < MAX_OUTSTANDING) {
      const next = waiting.next();
      done = next.done === true;
      if (next.done) break;
      next.value.beginClosingCheck(faultMs);
      if (!next.value.settled) outstanding.push({ connection: next.value, untilMs: clock() + graceMs });
    }
    if (outstanding.length > 0) await sleep(POLL_MS);
  }
  for (const connection of waiting) connection.beginClosingCheck(faultMs);
  for (const connection of connections) connection.abandonClosingCheck();
}
