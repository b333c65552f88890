/**
 * The shapes of the files of the regression gate, as zod schemas: baseline, calibration, thresholds and the gate's answer.
 * The published JSON Schemas (`schemas/`) come from here. A ratio of 1.15 is 15 % more, a threshold of 0.15 as well.
 */
import { z } from 'zod';
import { environmentSchema } from './results.js';

export const GATE_SCHEMA_VERSION = 1;

const count = z.number().int().nonnegative();
const id = z.string().min(1).max(100);

/**
 * `ratio`: strategy / reference, in pairs of one run; holds across machines. `count`: counted, not timed; holds across
 * machines too. `time`: as the clock says; compared only between runs on the same machine and software.
 */
export const metricKindSchema = z.enum(['ratio', 'count', 'time']);

/** What the values of a metric belong to. */
const metricNameShape = { kind: metricKindSchema, metric: id, strategy: id, workload: id, fault: id };

/** What must be the same for times to be comparable. Memory, load and version of spr-bench may differ. */
export const fingerprintSchema = environmentSchema.pick({
  platform: true,
  kernel: true,
  cpuModel: true,
  cores: true,
  node: true,
  openssl: true,
  cpuQuota: true,
  governor: true,
});

export const baselineMetricSchema = z.object({
  ...metricNameShape,
  /** Median of the samples, with its 95 % interval; null for fewer than six samples. */
  median: z.number(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  /** One value per completed trial, in the order of the blocks: the gate resamples them. */
  samples: z.array(z.number().nonnegative()).min(1),
});

/** The committed file that `spr-bench baseline` writes. */
export const baselineSchema = z.object({
  schemaVersion: z.literal(GATE_SCHEMA_VERSION),
  sprBench: z.string(),
  startedAt: z.string(),
  seed: count,
  command: z.string(),
  fingerprint: fingerprintSchema,
  reference: id,
  /** How the trials were run: everything of a trial but its place in the run, its strategy and its seed. */
  conditions: z.array(z.object({ workload: id, fault: id, options: z.record(z.string(), z.unknown()) })),
  metrics: z.array(baselineMetricSchema).min(1),
});

export const verdictSchema = z.enum(['regressed', 'improved', 'same', 'inconclusive']);

export const judgementSchema = z.object({
  ...metricNameShape,
  verdict: verdictSchema,
  /** Why, in words; always there unless the verdict is `same`. */
  reason: z.string().nullable(),
  /** Change that raises an alarm when the interval lies beyond it; 0 for values that are compared exactly. */
  threshold: z.number().nonnegative(),
  baseline: z.object({ median: z.number(), samples: count }),
  run: z.object({ median: z.number().nullable(), samples: count }),
  /** run / baseline, with its bootstrap 95 % interval; null where there is none. */
  change: z
    .object({ ratio: z.number().positive(), low: z.number().positive(), high: z.number().positive() })
    .nullable(),
  /** Mann-Whitney probability that the change is beyond the threshold by chance, adjusted (Holm) within its kind. */
  pValue: z.number().min(0).max(1).nullable(),
  /** P(run > baseline) - P(run < baseline), -1 to 1. */
  cliffsDelta: z.number().min(-1).max(1).nullable(),
  /** Samples far from the rest, by position. They are counted all the same. */
  outliers: z.object({ baseline: z.array(count), run: z.array(count) }),
});

/** The document that `spr-bench gate --json` prints. */
export const gateResultSchema = z.object({
  schemaVersion: z.literal(GATE_SCHEMA_VERSION),
  verdict: z.enum(['pass', 'regression', 'inconclusive', 'violation']),
  judgements: z.array(judgementSchema),
  violations: z.array(z.string()),
  /** What was not compared, and why. */
  notes: z.array(z.string()),
});

/** Null: the metric is not gated. */
const thresholdSchema = z.number().positive().max(10).nullable();

export const thresholdsSchema = z.object({
  ratio: z.record(id, thresholdSchema).optional(),
  count: z.record(id, thresholdSchema).optional(),
  time: z.record(id, thresholdSchema).optional(),
});

/** The file of `gate --config`. */
export const gateConfigSchema = z.strictObject({
  /** Where the thresholds come from: for readers, JSON has no other place for that. */
  comment: z.string().optional(),
  thresholds: thresholdsSchema.strict(),
});

export const calibratedMetricSchema = z.object({
  ...metricNameShape,
  /** Windows judged: each a baseline and a run, of `trials` trials each, of the same strategy. */
  windows: count,
  threshold: z.number().positive(),
  /** Windows with the verdict `regressed`, although nothing had changed. */
  falseAlarms: count,
  inconclusive: count,
  /** Smallest change that is told from none in 80 % of the windows. */
  smallestDetectableChange: z.number().nonnegative(),
});

/** The file that `spr-bench calibrate` writes. */
export const calibrationSchema = z.object({
  schemaVersion: z.literal(GATE_SCHEMA_VERSION),
  sprBench: z.string(),
  startedAt: z.string(),
  seed: count,
  command: z.string(),
  fingerprint: fingerprintSchema,
  conditions: baselineSchema.shape.conditions,
  /** Trials of a run, and of a baseline, that the figures hold for. */
  trials: count,
  /** Blocks that were measured; windows are drawn from them. */
  blocks: count,
  metrics: z.array(calibratedMetricSchema),
});

export type MetricKind = z.infer<typeof metricKindSchema>;
export type Fingerprint = Readonly<z.infer<typeof fingerprintSchema>>;
export type BaselineMetric = Readonly<z.infer<typeof baselineMetricSchema>>;
export type Baseline = Readonly<z.infer<typeof baselineSchema>>;
export type Verdict = z.infer<typeof verdictSchema>;
export type Judgement = Readonly<z.infer<typeof judgementSchema>>;
export type GateResult = Readonly<z.infer<typeof gateResultSchema>>;
export type GateConfig = Readonly<z.infer<typeof gateConfigSchema>>;
export type CalibratedMetric = Readonly<z.infer<typeof calibratedMetricSchema>>;
export type Calibration = Readonly<z.infer<typeof calibrationSchema>>;
