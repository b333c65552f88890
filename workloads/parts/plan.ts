import type { Plan, PlannedRequest, Prng, WorkloadOptions } from '../../src/contracts/workload.js';

/** A plan in which each connection draws from a generator of its own, anew each time it is iterated. */
export function planConnections(
  options: WorkloadOptions,
  prng: Prng,
  requests: (connection: number, prng: Prng) => Iterator<PlannedRequest>,
): Plan {
  const connections = Array.from({ length: options.connections }, (_, connection) => ({
    [Symbol.iterator]: () => requests(connection, prng.fork(`connection ${connection}`)),
  }));
  return { connections };
}
