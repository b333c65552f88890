/**
 * What is kept of the completed trials of one cell (strategy x workload x fault): samples, sums and bins, not the trials,
 * so that a run of any length can be summarized while it is read.
 */
import type { CellSeries, RecoveryExample } from '../contracts/report.js';
import type { Cell, Measurements, PerceivedCounts, Phases, TrialResult } from '../contracts/results.js';
import type { Prng } from '../contracts/workload.js';
import { mean, median } from '../stats/average.js';
import { measureDip } from '../stats/dip.js';
import { type Quantiles, quantile, summarizeQuantiles } from '../stats/quantile.js';
import { MeanRateCurve, type RateCurve } from '../stats/rate-curve.js';
import { Sample } from '../stats/sample.js';
import { FaultMoments } from './fault-moments.js';
import { addPerceived, NOTHING_PERCEIVED, perceivedConnections } from './perception.js';
import { PhaseSamples } from './phase-samples.js';
import { RecoverySamples } from './recovery-samples.js';

/** Everything of a cell but its name. */
export type Aggregate = Omit<Cell, 'strategy' | 'workload' | 'fault'>;

type CompletedTrial = Extract<TrialResult, { status: 'completed' }>;
type Counts<Key extends string> = Record<Key, number>;

const PHASE_NAMES = [
  'detectionMs',
  'redirectMs',
  'stateMs',
  'cryptoMs',
  'firstReplyMs',
] as const satisfies readonly (keyof Phases)[];

const MEMORY_ROLES = ['director', 'primary', 'backup'] as const;

export class CellSamples {
  readonly #trials = { completed: 0, invalid: 0, inconclusive: 0 };
  readonly #recoveries = new RecoverySamples();
  readonly #phasesAtFault = new PhaseSamples();
  readonly #interruptionsMs = new Sample();
  readonly #phasesMs: Readonly<Record<keyof Phases, Sample>> = {
    detectionMs: new Sample(),
    redirectMs: new Sample(),
    stateMs: new Sample(),
    cryptoMs: new Sample(),
    firstReplyMs: new Sample(),
  };
  readonly #connections = { kept: 0, reconnected: 0, lost: 0, opened: 0 };
  /** Lost connections that never had a verified reply after the fault. */
  #neverRecovered = 0;
  readonly #requests = { ok: 0, failed: 0, unknown: 0 };
  readonly #executions = { zero: 0, once: 0, more: 0, moreNonIdempotent: 0, byFencedPrimary: 0 };
  readonly #executionsKnown = { trials: 0, not: 0 };
  #corruptedBytes = 0;
  #perceivedConnections = NOTHING_PERCEIVED;
  /** Null when a trial does not tell. */
  #perceivedRequests: PerceivedCounts | null = NOTHING_PERCEIVED;
  readonly #handshakesAfterFault = { full: 0, resumed: 0 };
  readonly #replicatedPerConnection: number[] = [];
  readonly #replicatedPerRequest: number[] = [];
  #fencedMessages = 0;
  readonly #cpuMsPerRecovery: number[] = [];
  readonly #memoryBytes = { director: [] as number[], primary: [] as number[], backup: [] as number[] };
  readonly #latenciesBeforeMs = { p50: [] as number[], p99: [] as number[] };
  readonly #latenciesAfterMs = { p50: [] as number[], p99: [] as number[] };
  #movedFlows = 0;
  readonly #freezesMs = new Sample();
  readonly #throughput = new MeanRateCurve();
  readonly #survivorCpuMs = new MeanRateCurve();
  readonly #afterRecovery = { replies: 0, ms: 0 };
  readonly #afterFault = { replies: 0, ms: 0 };
  readonly #faultMoments = new FaultMoments();
  readonly #refusals = new Map<string, number>();
  #notRecoverable: Aggregate['notRecoverable'] = null;

  /** Adds a trial. Of trials that are not completed only the number is kept. */
  add(trial: TrialResult): void {
    this.#trials[trial.status]++;
    if (trial.status !== 'completed') return;
    const { measurements } = trial;
    this.#recoveries.addTrial(trial.spec, measurements.connections);
    this.#phasesAtFault.addTrial(measurements.connections);
    this.#addConnections(measurements);
    addCounts(this.#requests, measurements.requests);
    this.#addExecutions(measurements.executions);
    addCounts(this.#handshakesAfterFault, measurements.handshakesAfterFault);
    this.#corruptedBytes += measurements.corruptedBytes;
    this.#addPerceived(
      perceivedConnections(measurements.connections),
      measurements.perceivedRequests ?? null,
    );
    for (const [reason, count] of Object.entries(measurements.refusals)) this.#addRefusals(reason, count);
    this.#addNotRecoverable(measurements.notRecoverable);
    this.#movedFlows += measurements.handovers?.moved ?? 0;
    for (const freezeMs of measurements.handovers?.freezesMs ?? []) this.#freezesMs.add(freezeMs);
    this.#addCost(measurements);
    this.#addThroughput(trial);
    this.#faultMoments.add(measurements.faultEvents);
  }

  /** A trial in which nobody knows adds nothing. */
  #addExecutions(executions: Aggregate['executions']): void {
    this.#executionsKnown[executions === null ? 'not' : 'trials'] += 1;
    if (executions !== null) addCounts(this.#executions, executions);
  }

  #executionsOrUnknown(): Aggregate['executions'] {
    const { trials, not } = this.#executionsKnown;
    return trials === 0 && not > 0 ? null : { ...this.#executions };
  }

  /** Adds everything that `other` holds. */
  merge(other: CellSamples): void {
    addCounts(this.#trials, other.#trials);
    addCounts(this.#connections, other.#connections);
    addCounts(this.#requests, other.#requests);
    addCounts(this.#executions, other.#executions);
    addCounts(this.#executionsKnown, other.#executionsKnown);
    addCounts(this.#handshakesAfterFault, other.#handshakesAfterFault);
    addCounts(this.#afterRecovery, other.#afterRecovery);
    addCounts(this.#afterFault, other.#afterFault);
    this.#neverRecovered += other.#neverRecovered;
    this.#corruptedBytes += other.#corruptedBytes;
    this.#addPerceived(other.#perceivedConnections, other.#perceivedRequests);
    for (const [reason, count] of other.#refusals) this.#addRefusals(reason, count);
    this.#addNotRecoverable(other.#notRecoverable);
    this.#recoveries.merge(other.#recoveries);
    this.#phasesAtFault.merge(other.#phasesAtFault);
    this.#interruptionsMs.merge(other.#interruptionsMs);
    for (const name of PHASE_NAMES) this.#phasesMs[name].merge(other.#phasesMs[name]);
    append(this.#replicatedPerConnection, other.#replicatedPerConnection);
    append(this.#replicatedPerRequest, other.#replicatedPerRequest);
    this.#fencedMessages += other.#fencedMessages;
    this.#movedFlows += other.#movedFlows;
    this.#freezesMs.merge(other.#freezesMs);
    append(this.#latenciesAfterMs.p50, other.#latenciesAfterMs.p50);
    append(this.#latenciesAfterMs.p99, other.#latenciesAfterMs.p99);
    append(this.#cpuMsPerRecovery, other.#cpuMsPerRecovery);
    for (const role of MEMORY_ROLES) append(this.#memoryBytes[role], other.#memoryBytes[role]);
    append(this.#latenciesBeforeMs.p50, other.#latenciesBeforeMs.p50);
    append(this.#latenciesBeforeMs.p99, other.#latenciesBeforeMs.p99);
    this.#throughput.merge(other.#throughput);
    this.#survivorCpuMs.merge(other.#survivorCpuMs);
  }

  /** @param prng for the bootstrap interval */
  aggregate(prng: Prng): Aggregate {
    const recoveryTimesMs = this.recoveryTimesMs();
    return {
      trials: { ...this.#trials },
      recoveryTimeMs: quantilesOf(recoveryTimesMs, this.#recoveries.count),
      recoveryP50IntervalMs: this.#recoveries.medianInterval(prng),
      recoveryByPhase: this.#phasesAtFault.summary(),
      interruptionMs: quantilesOf(this.#interruptionsMs.sorted(), this.#interruptionsMs.count),
      phasesMs: this.phases(),
      connections: { ...this.#connections },
      requests: { ...this.#requests },
      executions: this.#executionsOrUnknown(),
      corruptedBytes: this.#corruptedBytes,
      perceived: { connections: this.#perceivedConnections, requests: this.#perceivedRequests },
      handshakesAfterFault: { ...this.#handshakesAfterFault },
      replication: this.#replication(),
      replicaCpuMsPerRecovery: median(this.#cpuMsPerRecovery),
      throughput: this.#throughputSummary(),
      memory: this.#memory(),
      latencyBeforeMs: medianLatencies(this.#latenciesBeforeMs),
      latencyAfterMs: medianLatencies(this.#latenciesAfterMs),
      handovers: this.#handovers(),
      timeToRecoveredMs: this.#timeToRecovered(recoveryTimesMs),
      refusals: Object.fromEntries(this.#refusals),
      notRecoverable: this.#notRecoverable,
    };
  }

  /** Recovery times of the connections that have one, ms, ascending; of very many a part, evenly spaced by rank. */
  recoveryTimesMs(): Float64Array {
    return this.#recoveries.sorted();
  }

  /** Mean verified replies per second around the fault; null without a completed trial. */
  throughputCurve(): RateCurve | null {
    return this.#throughput.curve();
  }

  /** Mean number of cores that the surviving replicas kept busy; null when no trial has it. */
  survivorCpu(): CellSeries['survivorCpu'] {
    const curve = this.#survivorCpuMs.curve();
    if (curve === null) return null;
    const { binMs, firstBin, perSecond } = curve;
    return { binMs, firstBin, cores: perSecond.map((cpuMsPerSecond) => cpuMsPerSecond / 1000) };
  }

  /** What the fault did, in order. */
  faultEvents(): CellSeries['faultEvents'] {
    return this.#faultMoments.medians();
  }

  /** One connection that stands for the others. */
  example(): RecoveryExample | null {
    return this.#recoveries.example();
  }

  /** Median of each phase by itself: medians need not add up to the median recovery time. Null when none recovered. */
  phases(): Phases | null {
    const [detectionMs, redirectMs, stateMs, cryptoMs, firstReplyMs] = PHASE_NAMES.map((name) => {
      const sorted = this.#phasesMs[name].sorted();
      return sorted.length === 0 ? null : quantile(sorted, 0.5);
    });
    if (
      detectionMs == null ||
      redirectMs == null ||
      stateMs == null ||
      cryptoMs == null ||
      firstReplyMs == null
    ) {
      return null;
    }
    return { detectionMs, redirectMs, stateMs, cryptoMs, firstReplyMs };
  }

  #addConnections(measurements: Measurements): void {
    for (const connection of measurements.connections) {
      this.#connections[connection.fate]++;
      if (connection.recoveryTimeMs === null && connection.fate === 'lost') this.#neverRecovered++;
      if (connection.interruptionMs !== null) this.#interruptionsMs.add(connection.interruptionMs);
      if (connection.phases === null) continue;
      for (const name of PHASE_NAMES) this.#phasesMs[name].add(connection.phases[name]);
    }
  }

  #addPerceived(connections: PerceivedCounts, requests: PerceivedCounts | null): void {
    this.#perceivedConnections = addPerceived(this.#perceivedConnections, connections);
    this.#perceivedRequests =
      this.#perceivedRequests === null || requests === null
        ? null
        : addPerceived(this.#perceivedRequests, requests);
  }

  #addRefusals(reason: string, count: number): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + count);
  }

  /** The reason is the same in all trials of a cell; of several faults, the first one is named. */
  #addNotRecoverable(more: Aggregate['notRecoverable']): void {
    if (more === null) return;
    const { connections, reason } = this.#notRecoverable ?? { connections: 0, reason: more.reason };
    this.#notRecoverable = { connections: connections + more.connections, reason };
  }

  #addCost({ replication, replicaCpuMsPerRecovery, latencyMs, memory }: Measurements): void {
    this.#replicatedPerConnection.push(replication.bytesPerConnection);
    this.#replicatedPerRequest.push(replication.bytesPerRequest);
    this.#fencedMessages += replication.fenced;
    if (replicaCpuMsPerRecovery !== null) this.#cpuMsPerRecovery.push(replicaCpuMsPerRecovery);
    if (memory)
      for (const role of MEMORY_ROLES) this.#memoryBytes[role].push(memory[`${role}BytesPerConnection`]);
    if (latencyMs.beforeP50 !== null) this.#latenciesBeforeMs.p50.push(latencyMs.beforeP50);
    if (latencyMs.beforeP99 !== null) this.#latenciesBeforeMs.p99.push(latencyMs.beforeP99);
    if (latencyMs.afterP50 !== null) this.#latenciesAfterMs.p50.push(latencyMs.afterP50);
    if (latencyMs.afterP99 !== null) this.#latenciesAfterMs.p99.push(latencyMs.afterP99);
  }

  #addThroughput({ spec, measurements }: CompletedTrial): void {
    const { throughput, survivorCpu, faultInjectedMs, lastRecoveredMs } = measurements;
    const endBin = Math.floor(loadEndMs(spec, faultInjectedMs) / throughput.binMs);
    this.#throughput.add({ ...throughput, amounts: throughput.replies }, endBin);
    if (survivorCpu) this.#survivorCpuMs.add({ ...survivorCpu, amounts: survivorCpu.cpuMs }, endBin);
    const settledMs = lastRecoveredMs === null ? 0 : Math.max(0, lastRecoveredMs - faultInjectedMs);
    addCounts(
      this.#afterRecovery,
      repliesBetween(throughput, Math.ceil(settledMs / throughput.binMs), endBin),
    );
    addCounts(this.#afterFault, repliesBetween(throughput, 0, endBin));
  }

  #replication(): Aggregate['replication'] {
    const bytesPerConnection = mean(this.#replicatedPerConnection);
    const bytesPerRequest = mean(this.#replicatedPerRequest);
    return bytesPerConnection === null || bytesPerRequest === null
      ? null
      : { bytesPerConnection, bytesPerRequest, fenced: this.#fencedMessages };
  }

  #memory(): Aggregate['memory'] {
    const [director, primary, backup] = MEMORY_ROLES.map((role) => median(this.#memoryBytes[role]));
    if (director == null || primary == null || backup == null) return null;
    return {
      directorBytesPerConnection: director,
      primaryBytesPerConnection: primary,
      backupBytesPerConnection: backup,
    };
  }

  #handovers(): Aggregate['handovers'] {
    if (this.#movedFlows === 0) return null;
    const freezes = this.#freezesMs;
    return { moved: this.#movedFlows, freezeMs: quantilesOf(freezes.sorted(), freezes.count) };
  }

  /** `afterPerSecond` counts from the last recovery on, or from the fault when that leaves nothing of the load. */
  #throughputSummary(): Aggregate['throughput'] {
    const curve = this.#throughput.curve();
    const dip = curve === null ? null : measureDip(curve);
    if (dip === null) return null;
    const after = this.#afterRecovery.ms > 0 ? this.#afterRecovery : this.#afterFault;
    return {
      beforePerSecond: dip.beforePerSecond,
      afterPerSecond: after.ms > 0 ? (after.replies / after.ms) * 1000 : 0,
      dipDepth: dip.depth,
      dipAreaReplies: dip.areaEvents,
      timeTo95Ms: dip.timeTo95Ms,
    };
  }

  /** `half` is about the connections that did recover; `all` is null when one that should have did not. */
  #timeToRecovered(sorted: Float64Array): Aggregate['timeToRecoveredMs'] {
    const first = sorted[0];
    const half = sorted[Math.ceil(sorted.length / 2) - 1];
    const last = sorted[sorted.length - 1];
    if (first === undefined || half === undefined || last === undefined) return null;
    return { first, half, all: this.#neverRecovered > 0 ? null : last };
  }
}

/** @param count of the whole sample, of which `sorted` may be a part */
function quantilesOf(sorted: Float64Array, count: number): Quantiles | null {
  const quantiles = summarizeQuantiles(sorted);
  return quantiles === null ? null : { ...quantiles, count };
}

/** End of the load, ms after the fault. A fault later than planned leaves less of it. */
function loadEndMs(spec: TrialResult['spec'], faultInjectedMs: number): number {
  return Math.max(0, Math.min(spec.afterMs, spec.beforeMs + spec.afterMs - faultInjectedMs));
}

function repliesBetween(
  throughput: Measurements['throughput'],
  firstBin: number,
  endBin: number,
): { replies: number; ms: number } {
  let replies = 0;
  for (let bin = firstBin; bin < endBin; bin++) replies += throughput.replies[bin - throughput.firstBin] ?? 0;
  return { replies, ms: Math.max(0, endBin - firstBin) * throughput.binMs };
}

function addCounts<Key extends string>(into: Counts<Key>, from: Readonly<Counts<Key>>): void {
  for (const key of Object.keys(into) as Key[]) into[key] += from[key];
}

/** A loop, as `push(...values)` overflows the stack from about 100,000 values on. */
function append(into: number[], values: readonly number[]): void {
  for (const value of values) into.push(value);
}

function medianLatencies(values: { readonly p50: readonly number[]; readonly p99: readonly number[] }) {
  const p50 = median(values.p50);
  const p99 = median(values.p99);
  return p50 === null || p99 === null ? null : { p50, p99 };
}
