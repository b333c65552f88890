/** From what all processes of a trial saw to its result. Pure: the judgement of a trial can be tested without one. */
import type { CpuSample, DirectorReport, ReplicaReport } from '../cluster/messages.js';
import type { NonceAudit } from '../cluster/nonce-audit.js';
import type { ExecutionTally } from '../cluster/replica/ledger.js';
import type { Fault, FaultEvidence, FaultOutcome } from '../contracts/fault.js';
import type { LoadReport } from '../contracts/load.js';
import {
  type ConnectionOutcome,
  type Measurements,
  SCHEMA_VERSION,
  type TrialResult,
  type TrialSpec,
} from '../contracts/results.js';
import type { Expectation } from '../contracts/strategy.js';
import { ascending, quantile } from '../stats/quantile.js';
import type { MachineLoad } from './machine-load.js';
import { perceivedRequests } from './perception.js';
import { BYTES_BEFORE_FAULT } from './sweep-options.js';
import { connectionOutcomes, detectedAtMs, NO_REPLY } from './timeline.js';

export interface Observations {
  readonly spec: TrialSpec;
  readonly expects: Expectation;
  readonly fault: Pick<Fault, 'outcome' | 'verify' | 'noticed'>;
  /** Why the strategy cannot keep connections of the workload; undefined when it can, or need not. */
  readonly notKept?: string | undefined;
  readonly evidence: FaultEvidence;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly loadStartMs: number;
  readonly faultMs: number;
  readonly load: LoadReport;
  readonly director: DirectorReport;
  /** Of the replicas to which nothing was done, or that live on after they had ended as planned. */
  readonly survivors: readonly ReplicaReport[];
  /** Of backups to which something was done, from right before that. */
  readonly beforeFault: readonly ReplicaReport[];
  /** Null where nobody can know. */
  readonly executions: ExecutionTally | null;
  readonly machine: MachineLoad;
  /** Null for too few connections. */
  readonly memory: Measurements['memory'];
  /** Null when nonces were not audited. */
  readonly audit: NonceAudit | null;
}

const BIN_MS = 10;
/** A generator that did not run for this long has measured itself. */
const MAX_EVENT_LOOP_DELAY_MS = 1000;
/** For each connection that was lost: all at one moment, and to learn of it takes the generator some 100 us of processor time. */
const MAX_DELAY_MS_PER_LOSS = 0.1;
/** Of the requests, started late: from there on the load is not the one that was planned. */
const MAX_LATE_SHARE = 0.25;
/** Of the processor time, taken by other virtual machines: as much is missing in what was measured. */
const MAX_STEAL_SHARE = 0.2;

export function evaluateTrial(seen: Observations): TrialResult {
  const measurements = measure(seen);
  const common = {
    schemaVersion: SCHEMA_VERSION,
    spec: seen.spec,
    startedAt: seen.startedAt,
    violations: violations(seen, measurements),
  } as const;
  // What a failure of another replica made of the trial says nothing about the strategy.
  const broken = falseAlarms(seen.evidence).length > 0 ? [] : brokenClaims(seen, measurements);
  if (broken.length > 0) return { ...common, status: 'invalid', reasons: broken, measurements };
  const disturbed = disturbances(seen, measurements);
  if (disturbed.length > 0) return { ...common, status: 'inconclusive', reasons: disturbed, measurements };
  return { ...common, status: 'completed', measurements };
}

function measure(seen: Observations): Measurements {
  const { spec, load, director, faultMs, loadStartMs } = seen;
  const connections = connectionOutcomes(seen);
  const recoveredMs = connections.flatMap(({ recoveryTimeMs }) => recoveryTimeMs ?? []);
  const lastRecoveredMs = recoveredMs.length === 0 ? null : faultMs + Math.max(...recoveredMs);
  const requests = countRequests(load);
  const handshakes = countHandshakes(load, faultMs);
  const received = [...seen.survivors, ...seen.beforeFault].map(({ replication }) => replication);
  const bytes = sum(received.map((each) => each.bytes)) + director.committedStateBytes;
  const detectedMs = detectedAtMs(seen);
  const throughput = binReplies(load, faultMs, spec);
  return {
    faultInjectedMs: faultMs - loadStartMs,
    faultEvents: seen.evidence.events.map((event) => ({ ...event, atMs: event.atMs - loadStartMs })),
    failureDetectedMs: detectedMs === undefined ? null : detectedMs - loadStartMs,
    lastRecoveredMs: lastRecoveredMs === null ? null : lastRecoveredMs - loadStartMs,
    connections,
    requests,
    executions: seen.executions && countExecutions(load, seen.executions),
    corruptedBytes: load.corruptedBytes,
    perceivedRequests: perceivedRequests(load.requests, faultMs),
    handshakesAfterFault: handshakes.after,
    handshakesBeforeFault: handshakes.before,
    refusals: countRefusals(seen.survivors),
    notRecoverable: notRecoverable(seen, connections),
    handovers: handovers(director, faultMs),
    replication: {
      bytes,
      messages: sum(received.map(({ messages }) => messages)),
      fenced: sum(received.map(({ fenced }) => fenced)),
      refused: sum(received.map(({ refused }) => refused)),
      bytesPerConnection: bytes / spec.connections,
      bytesPerRequest: requests.ok === 0 ? 0 : bytes / requests.ok,
    },
    ...cpuPerRecovery(seen, lastRecoveredMs, recoveredMs.length),
    takeovers: takeovers(seen, detectedMs),
    throughput,
    survivorCpu: binCpu(seen.survivors, faultMs, throughput),
    latencyMs: latencies(load, faultMs),
    audit: seen.audit && countNonces(seen.audit),
    generator: load.generator,
    machine: seen.machine,
    memory: seen.memory,
    warmth: warmth(load, loadStartMs, faultMs),
  };
}

/** Those of the warm-up are none of the fault's. */
function handovers(director: DirectorReport, faultMs: number): Measurements['handovers'] {
  const rows = director.handovers.filter(({ atMs }) => atMs >= faultMs);
  if (rows.length === 0) return null;
  return { moved: rows.length, freezesMs: rows.flatMap(({ frozenMs }) => frozenMs ?? []) };
}

function countNonces({ records, keys, reusedNonces, unnotedRecords }: NonceAudit): Measurements['audit'] {
  return { records, keys, reusedNonces, unnotedRecords };
}

function countRequests({ requests }: LoadReport): Measurements['requests'] {
  const counts = { ok: 0, failed: 0, unknown: 0 };
  for (const outcome of requests.outcome) counts[outcome] += 1;
  return counts;
}

function countExecutions(
  { requests }: LoadReport,
  { byRequest, byFenced }: ExecutionTally,
): NonNullable<Measurements['executions']> {
  const counts = { zero: 0, once: 0, more: 0, moreNonIdempotent: 0, byFencedPrimary: byFenced };
  requests.id.forEach((id, row) => {
    const times = byRequest.get(id) ?? 0;
    if (times === 0) counts.zero += 1;
    else if (times === 1) counts.once += 1;
    else {
      counts.more += 1;
      if (requests.method[row] === 'POST') counts.moreNonIdempotent += 1;
    }
  });
  return counts;
}

function countHandshakes(
  { transports }: LoadReport,
  faultMs: number,
): Record<'before' | 'after', Measurements['handshakesAfterFault']> {
  const counts = { before: { full: 0, resumed: 0 }, after: { full: 0, resumed: 0 } };
  for (const { secureMs, resumed, afterLoss } of transports) {
    // In place of a connection that ended as planned: no part of a recovery.
    if (secureMs === null || (secureMs >= faultMs && !afterLoss)) continue;
    const side = secureMs < faultMs ? counts.before : counts.after;
    if (resumed === true) side.resumed += 1;
    else side.full += 1;
  }
  return counts;
}

function countRefusals(survivors: readonly ReplicaReport[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason } of survivors.flatMap(({ refusals }) => refusals))
    counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

function cpuBetween(processes: readonly Pick<ReplicaReport, 'cpu'>[], fromMs: number, toMs: number): number {
  return sum(processes.map(({ cpu }) => Math.max(0, cpuAt(cpu, toMs) - cpuAt(cpu, fromMs))));
}

/** @param lastRecoveredMs null when none has recovered */
function cpuPerRecovery(
  { survivors, director, faultMs }: Observations,
  lastRecoveredMs: number | null,
  recovered: number,
): Pick<Measurements, 'replicaCpuMsPerRecovery' | 'directorCpuMsPerRecovery'> {
  if (lastRecoveredMs === null) return { replicaCpuMsPerRecovery: null, directorCpuMsPerRecovery: null };
  return {
    replicaCpuMsPerRecovery: cpuBetween(survivors, faultMs, lastRecoveredMs) / recovered,
    directorCpuMsPerRecovery: cpuBetween([director], faultMs, lastRecoveredMs) / recovered,
  };
}

/** @param detectedMs undefined when no failure was detected: nothing was taken over then */
function takeovers({ survivors, faultMs }: Observations, detectedMs?: number): Measurements['takeovers'] {
  const doneMs = survivors
    .flatMap((survivor) => survivor.takeovers)
    .flatMap(({ takenMs, cryptoMs }) => (takenMs >= faultMs ? cryptoMs : []));
  if (detectedMs === undefined || doneMs.length === 0) return null;
  const lastMs = doneMs.reduce((last, atMs) => Math.max(last, atMs));
  return { flows: doneMs.length, durationMs: Math.max(0, lastMs - detectedMs) };
}

/** Linear between the samples before and after. */
function cpuAt(samples: readonly CpuSample[], atMs: number): number {
  const after = samples.findIndex((sample) => sample.atMs >= atMs);
  const right = samples[after < 0 ? samples.length - 1 : after];
  const left = after > 0 ? samples[after - 1] : right;
  if (left === undefined || right === undefined) return 0;
  if (right.atMs === left.atMs) return right.cpuMs;
  return left.cpuMs + ((right.cpuMs - left.cpuMs) * (atMs - left.atMs)) / (right.atMs - left.atMs);
}

/** The same bins in every trial with these durations: what falls outside belongs to the start and the closing check. */
function binReplies({ requests }: LoadReport, faultMs: number, spec: TrialSpec): Measurements['throughput'] {
  const firstBin = -Math.floor(spec.beforeMs / BIN_MS);
  const replies = new Array<number>(Math.floor(spec.afterMs / BIN_MS) - firstBin).fill(0);
  requests.outcome.forEach((outcome, row) => {
    if (outcome !== 'ok' || requests.closing[row] === true) return;
    const bin = Math.floor(((requests.repliedMs[row] ?? 0) - faultMs) / BIN_MS) - firstBin;
    const count = replies[bin];
    if (count !== undefined) replies[bin] = count + 1;
  });
  return { binMs: BIN_MS, firstBin, replies };
}

function binCpu(
  survivors: readonly ReplicaReport[],
  faultMs: number,
  { binMs, firstBin, replies }: Measurements['throughput'],
): Measurements['survivorCpu'] {
  const cpuMs = replies.map((_, index) => {
    const fromMs = faultMs + (firstBin + index) * binMs;
    return Math.round(cpuBetween(survivors, fromMs, fromMs + binMs) * 1000) / 1000;
  });
  return { binMs, firstBin, cpuMs };
}

function latencies({ requests }: LoadReport, faultMs: number): Measurements['latencyMs'] {
  const before: number[] = [];
  const after: number[] = [];
  requests.outcome.forEach((outcome, row) => {
    if (outcome !== 'ok' || requests.closing[row] === true) return;
    const repliedMs = requests.repliedMs[row] ?? 0;
    const latencyMs = Math.max(0, repliedMs - (requests.intendedMs[row] ?? 0));
    (repliedMs < faultMs ? before : after).push(latencyMs);
  });
  const [beforeP50, beforeP99] = medianAndTail(before);
  const [afterP50, afterP99] = medianAndTail(after);
  return { beforeP50, beforeP99, afterP50, afterP99 };
}

/** A server that is still getting faster answers the second half sooner. */
function warmth({ requests }: LoadReport, loadStartMs: number, faultMs: number): Measurements['warmth'] {
  const middleMs = (loadStartMs + faultMs) / 2;
  const first: number[] = [];
  const second: number[] = [];
  requests.outcome.forEach((outcome, row) => {
    const intendedMs = requests.intendedMs[row] ?? 0;
    const repliedMs = requests.repliedMs[row] ?? 0;
    if (outcome !== 'ok' || requests.closing[row] === true || repliedMs >= faultMs) return;
    (intendedMs < middleMs ? first : second).push(Math.max(0, repliedMs - intendedMs));
  });
  const [firstHalfP50Ms] = medianAndTail(first);
  const [secondHalfP50Ms] = medianAndTail(second);
  if (firstHalfP50Ms === null || secondHalfP50Ms === null) return null;
  return { firstHalfP50Ms, secondHalfP50Ms, replies: Math.min(first.length, second.length) };
}

function medianAndTail(values: readonly number[]): [number | null, number | null] {
  if (values.length === 0) return [null, null];
  const sorted = ascending(values);
  return [quantile(sorted, 0.5), quantile(sorted, 0.99)];
}

/** What the fault leaves possible to connections that the strategy would keep, or serve again. */
function notRecoverable(
  seen: Observations,
  connections: readonly ConnectionOutcome[],
): Measurements['notRecoverable'] {
  const { connections: possible, service, reason } = bestOutcome(seen);
  if (reason === null) return null;
  const hopeless: readonly ConnectionOutcome['fate'][] = [
    ...(seen.expects.transport === 'kept' && possible === 'reset' ? (['reconnected', 'lost'] as const) : []),
    ...(service === 'ends' ? (['lost'] as const) : []),
  ];
  const count = connections.filter(({ fate }) => hopeless.includes(fate)).length;
  return count === 0 ? null : { connections: count, reason };
}

/** What can be promised at best: neither more than the fault leaves, nor more than can be done with the workload. */
function bestOutcome({ fault, spec, notKept }: Observations): FaultOutcome {
  const outcome = fault.outcome(spec.replicas);
  if (notKept === undefined || outcome.connections !== 'kept') return outcome;
  return { ...outcome, connections: 'reset', reason: notKept };
}

/** What may never happen, whatever the strategy, and what the strategy promises. */
function violations(seen: Observations, { corruptedBytes, connections }: Measurements): string[] {
  const { expects, evidence, audit } = seen;
  const found: string[] = [];
  if (corruptedBytes > 0) found.push(`${corruptedBytes} wrong bytes reached a client`);
  if (audit !== null) found.push(...nonceViolations(audit));
  const silent = connections.filter(({ fate, cause }) => fate === 'lost' && cause === NO_REPLY);
  if (silent.length > 0) found.push(`${silent.length} connections were neither served nor reset`);
  const { connections: possible } = bestOutcome(seen);
  const kept = possible === 'untouched' || (expects.transport === 'kept' && possible === 'kept');
  if (!kept || falseAlarms(evidence).length > 0) return found;
  const broken = connections.filter(({ fate }) => fate === 'reconnected' || fate === 'lost');
  if (broken.length > 0) found.push(`${broken.length} connections were not kept: ${causes(broken)}`);
  return found;
}

function nonceViolations({ reused, reusedNonces, unnotedRecords }: NonceAudit): string[] {
  const found: string[] = [];
  const [first] = reused;
  if (first !== undefined) {
    const { flowId, keyBase, sequenceNumber, explicitNonce, replicas } = first;
    const which = `flow ${flowId}, key from record ${keyBase}, sequence number ${sequenceNumber}`;
    const who = `sealed by replica ${replicas[0]}, then by replica ${replicas[1]}`;
    found.push(`${reusedNonces} nonces were used twice: ${which}, explicit nonce ${explicitNonce}, ${who}`);
  }
  if (unnotedRecords > 0) found.push(`${unnotedRecords} records left without a note of their nonce`);
  return found;
}

/** Why the trial did not show what the strategy claims; empty when it did. */
function brokenClaims(seen: Observations, measured: Measurements): string[] {
  const { expects, fault, evidence, spec } = seen;
  const outcome = bestOutcome(seen);
  const kept = measured.connections.filter(({ fate }) => fate === 'kept').length;
  const ends = expects.transport === 'reconnected' || outcome.connections === 'reset';
  const survived = ends && outcome.connections !== 'untouched' ? kept : 0;
  return [
    ...fault.verify(evidence),
    ...(seen.audit?.records === 0 && spec.engine === 'adopted' ? ['the audit of nonces saw no record'] : []),
    ...unexpectedHandshakes(expects, outcome, measured.handshakesAfterFault),
    ...(survived > 0 ? [`${survived} connections survived the fault`] : []),
  ];
}

/** Clients of connections that could not be kept do what they like, as long as there is somebody to do it with. */
function unexpectedHandshakes(
  { handshake, transport }: Expectation,
  { connections, service }: FaultOutcome,
  { full, resumed }: Measurements['handshakesAfterFault'],
): string[] {
  const saw = `saw ${full} full and ${resumed} resumed`;
  const unneeded = connections === 'untouched' || (handshake === 'none' && connections === 'kept');
  if (service === 'ends' || unneeded) {
    return full + resumed > 0 ? [`expected no handshake after the fault, ${saw}`] : [];
  }
  if (transport === 'kept') return [];
  const [right, wrong] = handshake === 'full' ? [full, resumed] : [resumed, full];
  return wrong > 0 || right === 0 ? [`expected only ${handshake} handshakes after the fault, ${saw}`] : [];
}

/** Why nothing can be concluded; empty when the trial counts. */
function disturbances(seen: Observations, measured: Measurements): string[] {
  const found = machineDisturbances(seen.load, measured);
  for (const { replica, cause } of falseAlarms(seen.evidence)) {
    found.push(`replica ${replica} was declared failed (${cause}), although nothing had been done to it`);
  }
  const { service, connections } = bestOutcome(seen);
  const canRecover = service === 'continues' && connections !== 'untouched';
  if (canRecover && measured.connections.every(({ recoveryTimeMs }) => recoveryTimeMs === null)) {
    found.push('no connection had a request in flight at the fault or after it');
  }
  found.push(...missedPhase(seen.spec, measured));
  found.push(...unservedHandshakes(seen));
  found.push(...unfinishedBeginnings(seen.spec, measured));
  const { refused } = measured.replication;
  if (refused > 0) found.push(`${refused} replication messages were not authentic: somebody interfered`);
  return found;
}

/** The signal comes a little after the client has seen the phase. */
function missedPhase({ faultPhase }: TrialSpec, { connections }: Measurements): string[] {
  if (faultPhase === undefined) return [];
  if (connections.some(({ phaseAtFault }) => phaseAtFault === faultPhase)) return [];
  return [`no connection was in phase ${faultPhase} when the fault struck`];
}

/**
 * A client that a server has said something to was served by somebody: by one of the replicas. Without a word it may have done
 * its part of a handshake that the server gave up (TLS 1.3): that is a result, of a server that has too much to do.
 */
function unservedHandshakes({ spec, load, survivors, faultMs }: Observations): string[] {
  // A server that is not ours does not tell what it saw.
  if (spec.engine === 'external') return [];
  const answered = load.transports.filter(
    (row) => row.answered && row.afterLoss && row.secureMs !== null && row.secureMs >= faultMs,
  ).length;
  const all = survivors.flatMap(({ handshakes }) => handshakes);
  const served = all.filter(({ atMs }) => atMs >= faultMs).length;
  const what = `${answered} connections made after the fault were answered, the replicas saw ${served} handshakes`;
  return served < answered ? [what] : [];
}

/** With bytes to be exchanged before the fault, a connection's first reply holds them. */
function unfinishedBeginnings({ sweep }: TrialSpec, { connections }: Measurements): string[] {
  if (sweep?.parameter !== BYTES_BEFORE_FAULT || sweep.value === 0) return [];
  const late = connections.filter(
    ({ recoveryTimeMs, interruptionMs }) => recoveryTimeMs !== null && interruptionMs === null,
  );
  const what = `${late.length} of ${connections.length} connections had not got ${sweep.value} bytes before the fault`;
  return late.length === 0 ? [] : [what];
}

/** A replica that a busy machine does not let run misses its heartbeats: more has failed than the fault made fail. */
function falseAlarms({ failures, events }: FaultEvidence): FaultEvidence['failures'] {
  return failures.filter(
    (failure) => !events.some(({ replica, atMs }) => replica === failure.replica && atMs <= failure.atMs),
  );
}

/** What the machine did to the load. */
function machineDisturbances(
  { requests, generator }: LoadReport,
  { machine, connections }: Measurements,
): string[] {
  const found: string[] = [];
  const delayMs = generator.eventLoopDelayMaxMs;
  const lost = connections.filter(({ fate }) => fate === 'reconnected' || fate === 'lost').length;
  if (delayMs > MAX_EVENT_LOOP_DELAY_MS + MAX_DELAY_MS_PER_LOSS * lost) {
    found.push(`the load client did not run for ${Math.round(delayMs)} ms: the machine is too busy`);
  }
  const sent = requests.outcome.length;
  if (generator.lateStarts > MAX_LATE_SHARE * sent) {
    found.push(`${generator.lateStarts} of ${sent} requests were sent late: the machine is too busy`);
  }
  const stealShare = machine?.stealShare ?? 0;
  if (stealShare > MAX_STEAL_SHARE) {
    found.push(`other virtual machines took ${Math.round(stealShare * 100)} % of the processor time`);
  }
  return found;
}

function causes(connections: readonly ConnectionOutcome[]): string {
  const counts = new Map<string, number>();
  for (const { cause, fate } of connections) {
    const text = cause ?? fate;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([cause, count]) => `${count} x ${cause}`).join(', ');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
