/**
 * Trials that could not begin because a replica was declared failed to which nothing had been done yet: heartbeats too short
 * for a busy machine. That is nothing that a run may end for.
 */
import { SCHEMA_VERSION, type TrialResult, type TrialSpec } from '../contracts/results.js';
import type { ReplicaDetections } from './fault-injection.js';

/** The load could not be opened; `cause` is what came of it. */
export class FalseAlarm extends Error {}

/**
 * Does what comes before the fault.
 *
 * @throws FalseAlarm when that fails, and a replica has been declared failed by then
 */
export async function unlessFalseAlarm<T>(
  { declared }: Pick<ReplicaDetections, 'declared'>,
  begin: () => Promise<T>,
): Promise<T> {
  try {
    return await begin();
  } catch (error) {
    const [alarm] = declared;
    if (alarm === undefined) throw error;
    const { replica, cause } = alarm;
    throw new FalseAlarm(
      `replica ${replica} was declared failed (${cause}) before the load, although nothing had been done to it`,
      { cause: error },
    );
  }
}

/** What is stored of such a trial. */
export function notBegun(spec: TrialSpec, { message }: FalseAlarm, startedAt: Date): TrialResult {
  return {
    schemaVersion: SCHEMA_VERSION,
    status: 'inconclusive',
    reasons: [message],
    spec,
    startedAt: startedAt.toISOString(),
    measurements: null,
    violations: [],
  };
}
