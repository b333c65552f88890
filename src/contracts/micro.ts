/** The shape of `micro.json`: what the steps of a recovery cost, each measured alone. Times are microseconds. */
import { z } from 'zod';
import { environmentSchema } from './results.js';

export const MICRO_SCHEMA_VERSION = 1;

const us = z.number().nonnegative();
const ms = z.number().nonnegative();
const count = z.number().int().nonnegative();

/** Median with its interval. */
const costSchema = z.object({ median: us, low: us, high: us });

export const microStepSchema = z.object({
  /** Unique, kebab-case with dots: `seal.aes-128-gcm.128`. */
  id: z.string().min(1).max(100),
  /** Steps of one subject, in the words of the table. */
  group: z.string(),
  title: z.string(),
  /** Time of one operation: the median over samples, with its 95 % interval. See `method`. */
  timeUs: costSchema,
  /** Processor time of one operation, of all threads of the process; the median of the means of the rounds. */
  cpuUs: us,
  samples: count,
});

/** A term of a sum: `count` times what one step takes. */
export const costTermSchema = z.object({ step: z.string(), title: z.string(), count: z.number(), us });

/** What recoveries of one cell of a run cost, against the sum of their steps. */
export const recoveryCostSchema = z.object({
  strategy: z.string(),
  workload: z.string(),
  fault: z.string(),
  /** Completed trials that it was measured in. */
  trials: count,
  /** Median over the trials of the CPU time of the surviving replicas per recovery. */
  measuredUs: us,
  /** Replies from the fault to the last recovery, per recovered connection: the median over the trials. */
  repliesPerRecovery: z.number().nonnegative(),
  /** What replicas do for one recovery; null when `reason` says why no sum can be made. */
  terms: z.array(costTermSchema).nullable(),
  /** Why there is no sum. */
  reason: z.string().nullable(),
  /** Sum of the terms. */
  predictedUs: us.nullable(),
  /** Phase `crypto` of connections that were kept (median), and the step that it consists of. */
  crypto: z.object({ measuredUs: us, predictedUs: us }).nullable(),
});

export const microSchema = z.object({
  schemaVersion: z.literal(MICRO_SCHEMA_VERSION),
  startedAt: z.string(),
  command: z.string(),
  /** Time that each step got, ms, and what was left out. */
  options: z.object({ timeMs: ms, filter: z.string().nullable() }),
  /** How times and intervals came about, in words. */
  method: z.string(),
  environment: environmentSchema,
  steps: z.array(microStepSchema),
  /** Against a run, where one was named; reports make it anew from `steps`. */
  recoveryCosts: z.array(recoveryCostSchema).optional(),
});

export type MicroStep = Readonly<z.infer<typeof microStepSchema>>;
export type CostTerm = Readonly<z.infer<typeof costTermSchema>>;
export type RecoveryCost = Readonly<z.infer<typeof recoveryCostSchema>>;
export type MicroResult = Readonly<z.infer<typeof microSchema>>;
