/** The document of `spr-bench throughput`: what an off-the-shelf client gets out of each strategy while nothing fails. */
import { z } from 'zod';
import { environmentSchema } from './results.js';

export const THROUGHPUT_SCHEMA_VERSION = 1;

const count = z.number().int().nonnegative();
const id = z.string().min(1).max(100);

/** `before` the fault, or `after` it, with connections that were opened since. */
export const throughputPhaseSchema = z.enum(['before', 'after']);

const valuesShape = {
  requestsPerSecond: z.number().nonnegative(),
  /** From the request to the last byte of its reply. */
  latencyMs: z.object({ p50: z.number().nonnegative(), p99: z.number().nonnegative() }),
  /** Of director and replicas; null where the system does not tell. */
  cpuUsPerRequest: z.number().nonnegative().nullable(),
};

/** One load of one strategy. */
export const throughputRowSchema = z.object({
  round: count,
  strategy: id,
  phase: throughputPhaseSchema,
  requests: count,
  ...valuesShape,
});

export const throughputSchema = z.object({
  schemaVersion: z.literal(THROUGHPUT_SCHEMA_VERSION),
  /** Whether all rounds ended. */
  complete: z.boolean(),
  startedAt: z.string(),
  command: z.string(),
  seed: count,
  environment: environmentSchema,
  settings: z.object({
    connections: count,
    durationS: z.number().positive(),
    replyBytes: count,
    replicas: count,
    rounds: count,
    engine: z.enum(['adopted', 'native']),
    tls: z.object({ version: z.enum(['1.3', '1.2']), suite: z.string(), key: z.string() }),
  }),
  /** The strategy that ratios are against. */
  reference: id,
  rows: z.array(throughputRowSchema),
  /** Medians over the rounds. */
  strategies: z.array(
    z.object({ strategy: id, phase: throughputPhaseSchema, rounds: count, ...valuesShape }),
  ),
  comparisons: z.array(
    z.object({
      strategy: id,
      phase: throughputPhaseSchema,
      metric: z.enum(['requestsPerSecond', 'latencyP50Ms', 'cpuUsPerRequest']),
      /** strategy / reference: the median of the paired ratios. */
      ratio: z.number().positive(),
      /** Bootstrap 95 % interval; null with fewer than 6 pairs. */
      interval: z.object({ low: z.number().positive(), high: z.number().positive() }).nullable(),
      pairs: count,
    }),
  ),
});

export type ThroughputPhase = z.infer<typeof throughputPhaseSchema>;
export type ThroughputRow = Readonly<z.infer<typeof throughputRowSchema>>;
export type ThroughputResult = Readonly<z.infer<typeof throughputSchema>>;
