/** From what all processes saw around one fault of a soak to its result. Pure. */
import type { ClusterRecords } from '../../cluster/cluster.js';
import type { Fault, FaultEvidence } from '../../contracts/fault.js';
import { type LoadRotation, PLANNED_END } from '../../contracts/load.js';
import { SOAK_SCHEMA_VERSION, type SoakFault } from '../../contracts/soak.js';
import type { Expectation } from '../../contracts/strategy.js';

export interface FaultObservations {
  readonly index: number;
  readonly fault: Fault;
  readonly expects: Expectation;
  /** Of the load. */
  readonly connections: number;
  readonly loadStartMs: number;
  readonly faultMs: number;
  /** All replicas ran again, and each flow's state was where it has to be. */
  readonly wholeMs: number;
  readonly evidence: FaultEvidence;
  readonly load: LoadRotation;
  readonly records: ClusterRecords;
}

/** A replica that is merely slow is declared failed by them; everything else is the end of its process. */
const MISSED_HEARTBEATS = 'missed-heartbeats';

export function judgeFault(seen: FaultObservations): SoakFault {
  const { index, fault, evidence, faultMs, load } = seen;
  const victims = fault.victims(evidence);
  const disturbances = [...fault.verify(evidence), ...falseAlarms(evidence, victims)];
  const connections = countConnections(seen);
  const violations = [
    ...corruption(load),
    ...crashes(evidence, victims),
    ...(disturbances.length === 0 ? brokenPromises(connections) : []),
  ];
  return {
    schemaVersion: SOAK_SCHEMA_VERSION,
    index,
    fault: fault.id,
    atMs: Math.max(0, faultMs - seen.loadStartMs),
    victims: [...victims],
    survived: disturbances.length === 0 && violations.length === 0,
    disturbances,
    detectionMs: detectionMs(evidence, victims, faultMs),
    wholeMs: Math.max(0, seen.wholeMs - faultMs),
    connections,
    requests: countRequests(load),
    corruptedBytes: load.corruptedBytes,
    longestInterruptionMs: load.longestSilenceMs,
    refusals: countBy(seen.records.replicas.flatMap(({ refusals }) => refusals.map(({ reason }) => reason))),
    violations,
  };
}

/** Why connections have ended, by their index: once each, however often they were made anew. */
export function lostConnections(
  { transports }: Pick<LoadRotation, 'transports'>,
  { flows }: ClusterRecords['director'],
): ReadonlyMap<number, string> {
  const causeOfPort = new Map(flows.map(({ clientPort, cause }) => [clientPort, cause]));
  const lost = new Map<number, string>();
  for (const { connection, secureMs, localPort, cause } of transports) {
    // An attempt that never became a connection has lost nothing.
    if (secureMs === null || cause === PLANNED_END || lost.has(connection)) continue;
    lost.set(connection, causeOfPort.get(localPort ?? -1) ?? cause ?? 'no cause');
  }
  return lost;
}

export function countRequests({ requests }: Pick<LoadRotation, 'requests'>): SoakFault['requests'] {
  const counts = { ok: 0, failed: 0, unknown: 0 };
  for (const outcome of requests.outcome) counts[outcome] += 1;
  return counts;
}

function countConnections(seen: FaultObservations): SoakFault['connections'] {
  const lost = lostConnections(seen.load, seen.records.director);
  const canBeKept =
    seen.expects.transport === 'kept' && seen.fault.outcome(seen.evidence.replicas).connections !== 'reset';
  return {
    kept: seen.connections - lost.size,
    lost: canBeKept ? lost.size : 0,
    notRecoverable: canBeKept ? 0 : lost.size,
    causes: countBy([...lost.values()]),
  };
}

function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

function detectionMs(
  { failures }: FaultEvidence,
  victims: readonly number[],
  faultMs: number,
): number | null {
  const detected = victims.map((victim) => failures.find(({ replica }) => replica === victim)?.atMs);
  const known = detected.filter((atMs) => atMs !== undefined);
  return known.length < victims.length ? null : Math.max(0, Math.max(...known) - faultMs);
}

/** The machine was too busy: a replica to which nothing was done was too slow to be told from one that hangs. */
function falseAlarms({ failures }: FaultEvidence, victims: readonly number[]): string[] {
  return failures
    .filter(({ replica, cause }) => !victims.includes(replica) && cause === MISSED_HEARTBEATS)
    .map(({ replica }) => `replica ${replica} was declared failed although nothing was done to it`);
}

function crashes({ failures }: FaultEvidence, victims: readonly number[]): string[] {
  return failures
    .filter(({ replica, cause }) => !victims.includes(replica) && cause !== MISSED_HEARTBEATS)
    .map(({ replica, cause }) => `replica ${replica} failed by itself: ${cause}`);
}

function corruption({ corruptedBytes }: LoadRotation): string[] {
  return corruptedBytes > 0 ? [`${corruptedBytes} wrong bytes reached a client`] : [];
}

function brokenPromises({ lost, causes }: SoakFault['connections']): string[] {
  if (lost === 0) return [];
  const reasons = Object.entries(causes).map(([cause, count]) => `${count} x ${cause}`);
  return [`${lost} connections were not kept: ${reasons.join(', ')}`];
}
