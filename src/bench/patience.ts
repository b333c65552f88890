/** How much longer a client has to wait because of the path between it and the director. */
import { longestRoundTripMs } from '../cluster/director/link-direction.js';
import type { TrialSpec } from '../contracts/results.js';

/** Of a reconnect with a HelloRetryRequest, and of the request behind it. */
const ROUND_TRIPS = 5;
/** The longest reply of a workload that comes with spr-bench. */
const LONGEST_REPLY_BYTES = 16 * 1024 * 1024;
/** Mbit/s in bytes per ms. */
const BYTES_PER_MS_PER_MBIT = 125;

/** Beyond what is waited on loopback, ms; 0 where the path adds nothing. */
export function patienceMs({
  rttMs,
  jitterMs,
  bandwidthMbit = Number.POSITIVE_INFINITY,
}: Pick<TrialSpec, 'rttMs' | 'jitterMs' | 'bandwidthMbit'>): number {
  const replyMs = LONGEST_REPLY_BYTES / (bandwidthMbit * BYTES_PER_MS_PER_MBIT);
  return ROUND_TRIPS * longestRoundTripMs({ rttMs, jitterMs }) + replyMs;
}
