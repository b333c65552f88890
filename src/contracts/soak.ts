/**
 * The shapes of the result files of a soak, as zod schemas: the types, the checks on reading and the published JSON
 * Schemas (`schemas/`) all come from here. All times are milliseconds with a fraction.
 */
import { z } from 'zod';
import { environmentSchema, requestCountsSchema } from './results.js';

export const SOAK_SCHEMA_VERSION = 1;

const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();
const id = z.string().min(1).max(100);

/** How many for which reason. */
const countsByCause = z.record(z.string(), count);

const connectionCountsSchema = z.object({
  /** The same TCP connection before and after. */
  kept: count,
  /** Ended although the strategy and the fault allow keeping it. */
  lost: count,
  /** Ended by a fault after which nobody can keep it, or by a strategy that reconnects. */
  notRecoverable: count,
  /** Why connections ended, as the director says where it does, else the load client. */
  causes: countsByCause,
});

const executionCountsSchema = z.object({
  /** Answered, and found in no ledger. */
  zero: count,
  /** Executed more than once. */
  more: count,
  /** Those of `more` whose method is not idempotent (RFC 9110 9.2.2). */
  moreNonIdempotent: count,
});

/** One line of `soak.ndjson`: a fault, from the one before it to the one after it. */
export const soakFaultSchema = z.object({
  schemaVersion: z.literal(SOAK_SCHEMA_VERSION),
  /** From 0, in order. */
  index: count,
  fault: id,
  /** After the start of the load. */
  atMs: ms,
  /** Replicas to which something was done. */
  victims: z.array(count),
  /** The fault happened as planned, and no connection was lost that could be kept. */
  survived: z.boolean(),
  /** Why it did not happen as planned; empty when it did. */
  disturbances: z.array(z.string()),
  /** Fault -> the director knows of all victims; null when it never did. */
  detectionMs: ms.nullable(),
  /** Fault -> all replicas run again, and each flow's state is where it has to be. */
  wholeMs: ms,
  connections: connectionCountsSchema,
  requests: requestCountsSchema,
  corruptedBytes: count,
  /** The longest time for which a client that awaited a reply got no byte, on a connection that lived. */
  longestInterruptionMs: ms,
  /** Flows that a backup did not take over, by reason. */
  refusals: countsByCause,
  /** What may never happen. Empty when all is right. */
  violations: z.array(z.string()),
});

const trendSchema = z.object({
  samples: count,
  /** Medians over the first and the last quarter of the time. */
  firstQuarter: z.number().nonnegative(),
  lastQuarter: z.number().nonnegative(),
  /** Of the straight line through all samples. */
  slopePerHour: z.number(),
});

const processTrendSchema = z.object({
  /** `director`, `load client`, or `largest replica`: the one with most at the time of each sample. */
  name: z.string(),
  /** Resident memory, MiB. Null where the system does not tell. */
  memoryMiB: trendSchema.nullable(),
  openDescriptors: trendSchema.nullable(),
});

const goodputSchema = z.object({
  /** Between two faults. */
  intervals: z.number().int().positive(),
  /** As it was: longer than asked for where the cluster was not whole again in time. */
  meanIntervalMs: z.number().positive(),
  /** Verified replies, before the first fault. */
  beforePerSecond: z.number().positive(),
  /** Verified replies, from the first fault to the last one. */
  perSecond: z.number().nonnegative(),
  /** `perSecond / beforePerSecond`. */
  share: z.number().nonnegative(),
});

/** The document in `soak.json`. */
export const soakSchema = z.object({
  schemaVersion: z.literal(SOAK_SCHEMA_VERSION),
  /** Whether it ran for as long as it was to. */
  complete: z.boolean(),
  startedAt: z.string(),
  /** Of the load so far. */
  durationMs: ms,
  seed: count,
  command: z.string(),
  options: z.record(z.string(), z.unknown()),
  environment: environmentSchema,
  strategy: id,
  workload: z.string().min(1),
  replicas: count,
  connectionsOpened: count,
  /** Connections that outlived every fault. */
  connectionsNeverLost: count,
  /** By kind. */
  faults: z.array(z.object({ fault: id, injected: count, survived: count, disturbed: count })),
  /** Over all faults: a connection that outlives ten counts ten times. */
  connections: connectionCountsSchema,
  requests: requestCountsSchema,
  executions: executionCountsSchema,
  corruptedBytes: count,
  longestInterruptionMs: ms,
  /** Null where faults do not come at a fixed interval, or fewer than two have come; absent in older files. */
  goodput: goodputSchema.nullable().optional(),
  /** Of the nonces of all records that left towards clients; null when they were not audited, or not to the end. */
  audit: z.object({ records: count, keys: count, reusedNonces: count, unnotedRecords: count }).nullable(),
  processes: z.array(processTrendSchema),
  violations: z.array(z.string()),
});

/** The document in `soak-series.json`: soaks one after the other, of several strategies and intervals between faults. */
export const soakSeriesSchema = z.object({
  schemaVersion: z.literal(SOAK_SCHEMA_VERSION),
  /** Whether all of them ran for as long as they were to. */
  complete: z.boolean(),
  startedAt: z.string(),
  seed: count,
  command: z.string(),
  options: z.record(z.string(), z.unknown()),
  environment: environmentSchema,
  workload: z.string().min(1),
  faults: z.array(id),
  /** In the order in which they ran. */
  soaks: z.array(
    z.object({
      strategy: id,
      /** As asked for. */
      faultEveryMs: z.number().positive(),
      /** Of its `soak.json`, within that of the series. */
      folder: z.string(),
      complete: z.boolean(),
      injected: count,
      disturbed: count,
      goodput: goodputSchema.nullable(),
      requests: requestCountsSchema,
      longestInterruptionMs: ms,
      violations: z.array(z.string()),
    }),
  ),
});

export type SoakSeries = Readonly<z.infer<typeof soakSeriesSchema>>;
export type SoakFault = Readonly<z.infer<typeof soakFaultSchema>>;
export type SoakSummary = Readonly<z.infer<typeof soakSchema>>;
export type Goodput = Readonly<z.infer<typeof goodputSchema>>;
export type ProcessTrend = Readonly<z.infer<typeof processTrendSchema>>;
export type Trend = Readonly<z.infer<typeof trendSchema>>;
export type SoakExecutions = Readonly<z.infer<typeof executionCountsSchema>>;
