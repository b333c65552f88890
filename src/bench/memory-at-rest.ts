/** What an idle connection costs in memory, from what the processes take before the connections are opened and after. */
import type { ClusterMemory } from '../cluster/cluster.js';
import type { FaultRoles } from '../contracts/fault.js';
import type { Measurements } from '../contracts/results.js';

/**
 * With fewer, most of it is not of connections: a process takes about 3 MB once (heap, compiled code) while connections are
 * opened, which is 15 KiB for each of 200 connections. Trials with as many differ by up to 10 KiB per connection.
 */
export const MIN_CONNECTIONS_FOR_MEMORY = 200;

interface Readings {
  readonly before: ClusterMemory;
  /** All connections are open, and no request has been sent on them. */
  readonly idle: ClusterMemory;
  readonly roles: FaultRoles;
  readonly connections: number;
}

/** Null for too few connections. A value may be below 0: a process may give memory back in the meantime. */
export function memoryPerConnection({
  before,
  idle,
  roles,
  connections,
}: Readings): NonNullable<Measurements['memory']> | null {
  if (connections < MIN_CONNECTIONS_FOR_MEMORY) return null;
  const grown = (replica: number): number =>
    ((idle.replicas[replica] ?? 0) - (before.replicas[replica] ?? 0)) / connections;
  return {
    directorBytesPerConnection: (idle.director - before.director) / connections,
    primaryBytesPerConnection: grown(roles.primary),
    backupBytesPerConnection: grown(roles.backup),
  };
}
