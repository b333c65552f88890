/**
 * Connections that have one request each between the fault and their recovery: what the processes then do is what the
 * recoveries cost, and none of it is further load.
 */
import type { PlannedRequest, Prng, Workload } from '../../src/contracts/workload.js';
import { idleFleet } from '../../workloads/idle-fleet.js';
import { planConnections } from '../../workloads/parts/plan.js';
import { formatTarget } from '../../workloads/parts/seeded-exchange.js';

export const ONE_REQUEST = 'one-request';
/** Load before the fault, for which the trials have to ask: all first requests are long done by then. */
export const BEFORE_FAULT_MS = 1000;

/** A trial adds up to 50 ms to the time of its fault, and a busy machine some more. */
const SECOND_REQUESTS_MS = BEFORE_FAULT_MS + 100;
/** A load that leaves two cores time: a client that sends late has measured itself. */
const FIRST_WITHIN_MS = 500;
/** Not so long that idle processes are measured: they take some 0.5 % of a core. */
const SECOND_WITHIN_MS = 250;
const REPLY_BYTES = 128;

const oneRequest: Workload = {
  id: ONE_REQUEST,
  title: 'One request each',
  question: 'What does the recovery of a connection cost all processes together?',
  arrivals: 'closed',
  defaultConnections: 500,
  plan: (options, prng) => planConnections(options, prng, requests),
  application: idleFleet.application,
  verify: idleFleet.verify,
};

function* requests(connection: number, prng: Prng): Generator<PlannedRequest> {
  yield get(connection, 0, prng.uniform() * FIRST_WITHIN_MS);
  yield get(connection, 1, SECOND_REQUESTS_MS + prng.uniform() * SECOND_WITHIN_MS);
}

function get(connection: number, index: number, atMs: number): PlannedRequest {
  const id = `${connection}-${index}`;
  return { id, method: 'GET', target: formatTarget({ id, bytes: REPLY_BYTES }), bodyBytes: 0, atMs };
}

export default oneRequest;
