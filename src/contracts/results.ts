/**
 * The shapes of the result files, as zod schemas: the types, the checks on reading and the published JSON Schemas
 * (`schemas/`) all come from here. All times are milliseconds with a fraction, all sizes bytes.
 */
import { z } from 'zod';

export const SCHEMA_VERSION = 1;

const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();
const id = z.string().min(1).max(100);

/** What a connection was doing when the fault struck it, as its client saw it; in the order of its life. */
export const PHASES_AT_FAULT = ['handshake', 'idle', 'mid-request', 'mid-response'] as const;
const phaseAtFaultSchema = z.enum(PHASES_AT_FAULT);

export const trialSpecSchema = z.object({
  /** Position in the run, from 0, in the order of execution. */
  index: count,
  /** Trials with the same block are compared in pairs. */
  block: count,
  strategy: id,
  workload: id,
  fault: id,
  /** Seed of this trial's plan; the same for all strategies of a block. */
  seed: count,
  connections: count,
  replicas: count,
  /** Of director and replicas. The default is what was used before it could be chosen. */
  heartbeats: z
    .object({ intervalMs: z.number().positive(), missedLimit: count })
    .default({ intervalMs: 100, missedLimit: 20 }),
  arrivals: z.enum(['open', 'closed']),
  tls: z.object({
    version: z.enum(['1.3', '1.2']),
    suite: z.string(),
    key: z.enum(['ecdsa-p256', 'rsa-2048', 'rsa-4096']),
  }),
  /** `external`: a server of the user's own, which `replicaCommand` starts. */
  engine: z.enum(['adopted', 'native', 'external']),
  /** Absent where the replicas are those of spr-bench. */
  replicaCommand: z.string().optional(),
  /** Whether a takeover begins with a new key, or with nonces of its own; absent in older files: it does not. */
  rekey: z.boolean().optional(),
  /** Whether every nonce that left towards clients was checked; absent in older files: it was not. */
  audit: z.boolean().optional(),
  rttMs: ms,
  /** By how much each direction may take longer; absent: not at all. */
  jitterMs: ms.optional(),
  /** Of each direction of each client's link, Mbit/s; absent: no limit. */
  bandwidthMbit: z.number().positive().optional(),
  /** The fault waited until a connection was in this phase; absent where it struck at its time. */
  faultPhase: phaseAtFaultSchema.optional(),
  /** What the run varies, and its value here; `workload` is the id without it. Absent where nothing is varied. */
  sweep: z.object({ workload: id, parameter: id, value: z.number().nonnegative() }).optional(),
  /** Load on all replicas before the connections of the trial are opened; absent: 250. */
  warmUpMs: ms.optional(),
  /** Load before the fault, and after it. */
  beforeMs: ms,
  afterMs: ms,
});

/** Parts of one recovery, in order; they add up to `recoveryTimeMs`. */
export const phasesSchema = z.object({
  /** Fault -> the failure is known (director for kept connections, client for the others). */
  detectionMs: ms,
  /** -> the takeover has come to the backup (kept), or the new TCP connection is open (reconnected). */
  redirectMs: ms,
  /** -> its turn has come, and the backup has found and checked the state. 0 when reconnecting. */
  stateMs: ms,
  /** -> keys derived (kept), or handshake done (reconnected). */
  cryptoMs: ms,
  /** -> first verified reply. */
  firstReplyMs: ms,
});

export const connectionOutcomeSchema = z.object({
  index: count,
  /**
   * `kept`: the same TCP connection before and after. `lost`: none at the end of the trial. `opened`: there was none at the
   * fault, between two that ended as planned; it was made in the outage or after it.
   */
  fate: z.enum(['kept', 'reconnected', 'lost', 'opened']),
  /** Why the first transport ended, where it did. */
  cause: z.string().nullable(),
  /** Handshakes made after the fault. */
  handshakes: z.object({ full: count, resumed: count }),
  /** Fault -> first verified reply to a request in flight at the fault or intended after it; null when it had none. */
  recoveryTimeMs: ms.nullable(),
  /** Last verified reply before the fault -> first after it. */
  interruptionMs: ms.nullable(),
  phases: phasesSchema.nullable(),
  /**
   * `mid-request`: a request was sent, in part or whole, and nothing of its reply was there; `mid-response`: its reply had
   * begun. Null without a transport, absent in older files.
   */
  phaseAtFault: phaseAtFaultSchema.nullable().optional(),
});

export const requestCountsSchema = z.object({ ok: count, failed: count, unknown: count });
export const executionCountsSchema = z.object({
  zero: count,
  once: count,
  more: count,
  /** Those of `more` whose method is not idempotent (RFC 9110 9.2.2). */
  moreNonIdempotent: count,
  /** Executions, not requests: by a replica that the director had declared failed before. */
  byFencedPrimary: count.default(0),
});

/** Of so many that met a fault, how many were served again in less than what people notice, or bear. */
const perceivedCountsSchema = z.object({
  total: count,
  under100Ms: count,
  under1S: count,
  under5S: count,
  under11S: count,
});

/** One action of a fault; see `FaultEvent` for the values. */
export const faultEventSchema = z.object({
  /** After the start of the load. */
  atMs: ms,
  action: id,
  /** Null: the director. */
  replica: count.nullable(),
  /** State of the process right before the action. */
  stateBefore: id,
});

/** Connections that nothing could have recovered under this fault, and why. */
export const notRecoverableSchema = z.object({ connections: count, reason: z.string() }).nullable();

const memorySchema = z.object({
  directorBytesPerConnection: z.number(),
  /** Replica that serves the connection. */
  primaryBytesPerConnection: z.number(),
  /** Replica that the connection's state is replicated to. */
  backupBytesPerConnection: z.number(),
});

export const measurementsSchema = z.object({
  /** hrtime of the events, ms after the start of the load. */
  faultInjectedMs: ms,
  /** What the fault did, in order. */
  faultEvents: z.array(faultEventSchema).default([]),
  failureDetectedMs: ms.nullable(),
  lastRecoveredMs: ms.nullable(),
  connections: z.array(connectionOutcomeSchema),
  requests: requestCountsSchema,
  /** Null where nobody can know. */
  executions: executionCountsSchema.nullable(),
  corruptedBytes: count,
  /** Requests in flight at the fault or intended after it, from the intended time; absent in older files. */
  perceivedRequests: perceivedCountsSchema.optional(),
  handshakesAfterFault: z.object({ full: count, resumed: count }),
  /** Handshakes before the fault, which are those that opened the connections. */
  handshakesBeforeFault: z.object({ full: count, resumed: count }),
  /** Why flows could not be taken over, by reason. */
  refusals: z.record(z.string(), count),
  notRecoverable: notRecoverableSchema.default(null),
  /** Flows that moved while their replica lived; null when none did, absent in older files. */
  handovers: z
    .object({
      moved: count,
      /** Of each flow somebody waited for: last byte of the old owner (or the client's next record) -> first of the new one. */
      freezesMs: z.array(ms),
    })
    .nullable()
    .optional(),
  replication: z.object({
    /** Everything the primaries sent to backups for this trial, framing and seals included. */
    bytes: count,
    messages: count,
    /** Messages of primaries that had been replaced before. None of them was used. */
    fenced: count.default(0),
    /** Frames, links and committed states that were not authentic: forged, replayed or damaged. None was used. */
    refused: count.default(0),
    bytesPerConnection: z.number().nonnegative(),
    bytesPerRequest: z.number().nonnegative(),
  }),
  /** CPU of the surviving replicas between the fault and the last recovery, per recovered connection. */
  replicaCpuMsPerRecovery: ms.nullable(),
  /** CPU of the director in that time, per recovered connection; absent in older files. */
  directorCpuMsPerRecovery: ms.nullable().optional(),
  /**
   * Flows taken over since the fault, and how long that took from the detection to the last of them: lazy takeovers wait for
   * their clients. Null when none was, absent in older files.
   */
  takeovers: z.object({ flows: count, durationMs: ms }).nullable().optional(),
  /** Verified replies in 10 ms bins; bin i covers fault + (firstBin + i) * binMs. */
  throughput: z.object({ binMs: z.number().positive(), firstBin: z.number().int(), replies: z.array(count) }),
  /** CPU time of all surviving replicas in bins as those of `throughput`. Files of the first releases have none. */
  survivorCpu: z
    .object({ binMs: z.number().positive(), firstBin: z.number().int(), cpuMs: z.array(ms) })
    .optional(),
  /** From the intended send time. */
  latencyMs: z.object({
    beforeP50: ms.nullable(),
    beforeP99: ms.nullable(),
    afterP50: ms.nullable(),
    afterP99: ms.nullable(),
  }),
  /** Health of the load generator itself. */
  generator: z.object({ eventLoopDelayMaxMs: ms, lateStarts: count }),
  /**
   * The check that no key sealed two different records with one nonce, warm-up included; null when it was not asked for,
   * absent in older files.
   */
  audit: z
    .object({
      /** Records of adopted connections that left towards clients. */
      records: count,
      /** Keys that they were sealed with. */
      keys: count,
      reusedNonces: count,
      /** Records of which nobody told what they were sealed with. */
      unnotedRecords: count,
    })
    .nullable()
    .optional(),
  /**
   * Resident memory that an open and idle connection takes, in each process; may be negative, as processes also give memory
   * back. Null for too few connections, absent in older files.
   */
  memory: memorySchema.nullable().optional(),
  /** What else the machine did during the load; absent in older files. */
  machine: z
    .object({
      /** Share of the processor time that other virtual machines took; null where the system does not tell. */
      stealShare: z.number().min(0).max(1).nullable(),
      /** Of the minute before the load. */
      loadAverage: z.number().nonnegative(),
    })
    .optional(),
  /**
   * Whether the warm-up was enough: median latency in the first and in the second half of the load before the fault, with
   * the number of replies in the smaller half. Absent in older files, null without a reply in either half.
   */
  warmth: z.object({ firstHalfP50Ms: ms, secondHalfP50Ms: ms, replies: count }).nullable().optional(),
});

/** One line of `trials.ndjson`. */
export const trialResultSchema = z.discriminatedUnion('status', [
  z.object({
    schemaVersion: z.literal(SCHEMA_VERSION),
    status: z.literal('completed'),
    spec: trialSpecSchema,
    startedAt: z.string(),
    measurements: measurementsSchema,
    /** Broken promises: corrupted bytes, connections lost that the strategy promises to keep. Empty when all is right. */
    violations: z.array(z.string()),
  }),
  z.object({
    schemaVersion: z.literal(SCHEMA_VERSION),
    /** `invalid`: it did not do what the strategy claims. `inconclusive`: something disturbed it. */
    status: z.enum(['invalid', 'inconclusive']),
    reasons: z.array(z.string()).min(1),
    spec: trialSpecSchema,
    startedAt: z.string(),
    measurements: measurementsSchema.nullable(),
    violations: z.array(z.string()),
  }),
]);

const quantilesSchema = z.object({ p50: ms, p90: ms, p99: ms, max: ms, count }).nullable();

const aggregateShape = {
  trials: z.object({ completed: count, invalid: count, inconclusive: count }),
  recoveryTimeMs: quantilesSchema,
  /** Bootstrap 95 % interval of `recoveryTimeMs.p50`, over trials; null with fewer than 6 trials of a cell. */
  recoveryP50IntervalMs: z.object({ low: ms, high: ms }).nullable().optional(),
  /** By what connections were doing at the fault: those phases that there were. Absent where no trial tells. */
  recoveryByPhase: z
    .array(
      z.object({
        phase: phaseAtFaultSchema,
        connections: count,
        /** Those of them that have a recovery time. */
        recovered: count,
        recoveryP50Ms: ms.nullable(),
      }),
    )
    .optional(),
  interruptionMs: quantilesSchema,
  phasesMs: phasesSchema.nullable(),
  connections: z.object({ kept: count, reconnected: count, lost: count, opened: count.default(0) }),
  requests: requestCountsSchema,
  /** Of the trials that know; null when none does. */
  executions: executionCountsSchema.nullable(),
  corruptedBytes: count,
  handshakesAfterFault: z.object({ full: count, resumed: count }),
  replication: z
    .object({ bytesPerConnection: z.number(), bytesPerRequest: z.number(), fenced: count.default(0) })
    .nullable(),
  replicaCpuMsPerRecovery: ms.nullable(),
  throughput: z
    .object({
      beforePerSecond: z.number(),
      afterPerSecond: z.number(),
      /** Share of the rate before the fault that was missing in the worst 50 ms, 0 to 1. */
      dipDepth: z.number(),
      /** Replies missing against the rate before the fault, until it was back. */
      dipAreaReplies: z.number(),
      /** Fault -> 95 % of the rate before it, for 50 ms; null when never. */
      timeTo95Ms: ms.nullable(),
    })
    .nullable(),
  /**
   * Requests in flight at the fault or intended after it, by their latency from the intended time (null in older files), and
   * connections, by their interruption. Absent in older files.
   */
  perceived: z
    .object({ requests: perceivedCountsSchema.nullable(), connections: perceivedCountsSchema })
    .optional(),
  /** Medians over the trials that have it; null where none has, absent in older files. */
  memory: memorySchema.nullable().optional(),
  /** Flows that moved while their replica lived, and for how long they stood still; null when none did, absent in older files. */
  handovers: z.object({ moved: count, freezeMs: quantilesSchema }).nullable().optional(),
  /** From the intended send time, from the fault on: medians over the trials. Absent in older files. */
  latencyAfterMs: z.object({ p50: ms, p99: ms }).nullable().optional(),
  /** From the intended send time, in steady state: medians over the trials. */
  latencyBeforeMs: z.object({ p50: ms, p99: ms }).nullable().optional(),
  timeToRecoveredMs: z.object({ first: ms, half: ms, all: ms.nullable() }).nullable(),
  refusals: z.record(z.string(), count),
  notRecoverable: notRecoverableSchema.default(null),
};

export const cellSchema = z.object({ strategy: id, workload: id, fault: id, ...aggregateShape });
export const strategySummarySchema = z.object({ id, title: z.string(), ...aggregateShape });

/**
 * A straight line, through logarithms where the parameter spans a power of ten: a power law then. Never of parameters that add
 * a time of their own, as heartbeats do.
 */
const lawSchema = z.object({
  metric: z.enum([
    'recoveryTimeMs',
    'detectionMs',
    'recoveryAfterDetectionMs',
    'replicaCpuMsPerRecovery',
    'replicatedBytesPerConnection',
    'replicatedBytesPerRequest',
  ]),
  kind: z.enum(['linear', 'power']),
  /** What the metric grows by with each unit of the parameter; of a power law its exponent. */
  slope: z.number(),
  /** The 95 % interval of `slope`. */
  low: z.number(),
  high: z.number(),
  /** The metric at 0; of a power law at 1. */
  intercept: z.number(),
  /** Share of the variance that the law explains; null when the metric does not vary. */
  r2: z.number().min(0).max(1).nullable(),
  trials: count,
});

/** How one strategy, workload and fault depend on the parameter that the run varies. */
export const sweepSchema = z.object({
  strategy: id,
  /** Id without the value. */
  workload: id,
  fault: id,
  parameter: id,
  /** Ascending by value. */
  points: z.array(
    z.object({
      value: z.number().nonnegative(),
      /** Id of the workload of its cell; absent in older files. */
      cellWorkload: id.optional(),
      trials: count,
      /** `p90` is absent in older files. */
      recoveryTimeMs: z.object({ p50: ms, p90: ms.optional(), p99: ms }).nullable(),
      /** As that of the cell; absent in older files. */
      recoveryP50IntervalMs: z.object({ low: ms, high: ms }).nullable().optional(),
      /** Fault -> the director has declared the first replica failed, median over the trials; null when it never did, absent in older files. */
      detectionMs: ms.nullable().optional(),
      /**
       * Interval times missed heartbeats: when a failure is seen that nothing but silence shows. Null where something else
       * shows it, absent in older files.
       */
      expectedDetectionMs: ms.nullable().optional(),
      /** Absent in older files, as `requests` is. */
      connections: z.object({ kept: count, reconnected: count, lost: count }).optional(),
      requests: requestCountsSchema.optional(),
      replicaCpuMsPerRecovery: ms.nullable(),
      replicatedBytesPerConnection: z.number().nullable(),
      replicatedBytesPerRequest: z.number().nullable(),
      memory: memorySchema.nullable(),
    }),
  ),
  laws: z.array(lawSchema),
});

export const comparisonSchema = z.object({
  strategy: id,
  reference: id,
  workload: id,
  fault: id,
  metric: z.enum([
    'recoveryTimeMs',
    'replicaCpuMsPerRecovery',
    'throughputBeforePerSecond',
    'latencyBeforeP50Ms',
  ]),
  /** strategy / reference: the median of the paired ratios, with its bootstrap 95 % interval. */
  ratio: z.number().positive(),
  low: z.number().positive(),
  high: z.number().positive(),
  pairs: count,
});

export const environmentSchema = z.object({
  sprBench: z.string(),
  node: z.string(),
  openssl: z.string(),
  platform: z.string(),
  kernel: z.string(),
  cpuModel: z.string(),
  cores: count,
  memoryMiB: count,
  loadAverage: z.number(),
  /** Processors that the control group allows at a time, null without a quota; absent in older files. */
  cpuQuota: z.number().positive().nullable().optional(),
  /** Of the processor's frequency, null where the system does not choose it; absent in older files. */
  governor: z.string().nullable().optional(),
});

export const summarySchema = z.object({
  schemaVersion: z.literal(SCHEMA_VERSION),
  /** Whether all planned trials ended. */
  complete: z.boolean(),
  startedAt: z.string(),
  seed: count,
  command: z.string(),
  options: z.record(z.string(), z.unknown()),
  environment: environmentSchema,
  reference: id,
  strategies: z.array(strategySummarySchema),
  cells: z.array(cellSchema),
  comparisons: z.array(comparisonSchema),
  /** Absent where nothing is varied. */
  sweeps: z.array(sweepSchema).optional(),
  /** Trials that do not count, and why. */
  rejected: z.array(
    z.object({
      index: count,
      strategy: id,
      workload: id,
      fault: id,
      status: z.string(),
      reasons: z.array(z.string()),
    }),
  ),
  violations: z.array(z.string()),
});

export type TrialSpec = Readonly<z.infer<typeof trialSpecSchema>>;
export type Phases = Readonly<z.infer<typeof phasesSchema>>;
export type PhaseAtFault = (typeof PHASES_AT_FAULT)[number];
export type ConnectionOutcome = Readonly<z.infer<typeof connectionOutcomeSchema>>;
export type Measurements = Readonly<z.infer<typeof measurementsSchema>>;
export type PerceivedCounts = Readonly<z.infer<typeof perceivedCountsSchema>>;
export type SweepResult = Readonly<z.infer<typeof sweepSchema>>;
export type Law = Readonly<z.infer<typeof lawSchema>>;
export type TrialResult = Readonly<z.infer<typeof trialResultSchema>>;
export type Cell = Readonly<z.infer<typeof cellSchema>>;
export type StrategySummary = Readonly<z.infer<typeof strategySummarySchema>>;
export type Comparison = Readonly<z.infer<typeof comparisonSchema>>;
export type Environment = Readonly<z.infer<typeof environmentSchema>>;
export type Summary = Readonly<z.infer<typeof summarySchema>>;
