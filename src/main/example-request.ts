/** A request that a user can try by hand: whatever the application of a workload is, it answers those of its plan. */
import { createPrng } from '../base/prng.js';
import type { PlannedRequest, Workload } from '../contracts/workload.js';

/** A plan with closed arrivals has no end, and some have no GET; where there are any, they come soon. */
const LOOKED_AT = 100;

/** The first GET of a connection of the workload's plan, or its first request where there is none; undefined without any. */
export function exampleRequest(
  workload: Workload,
  seed: number,
): Pick<PlannedRequest, 'method' | 'target'> | undefined {
  const options = { connections: 1, durationMs: 1000, arrivals: workload.arrivals };
  const [requests = []] = workload.plan(options, createPrng(seed)).connections;
  let first: PlannedRequest | undefined;
  let looked = 0;
  for (const request of requests) {
    if (request.method === 'GET') return request;
    first ??= request;
    looked += 1;
    if (looked === LOOKED_AT) break;
  }
  return first;
}
