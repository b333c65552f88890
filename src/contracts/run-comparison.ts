/** Two or more runs side by side, as `spr-bench report A B` makes it: the first is the base that the others are held against. */
import { z } from 'zod';

export const RUN_COMPARISON_SCHEMA_VERSION = 1;

const count = z.number().int().nonnegative();

/** What is compared of a cell. Of those with trials behind them: the median over the completed trials. */
export const runMetricSchema = z.enum([
  /** Median recovery time of a trial's connections. */
  'recoveryTimeMs',
  /** Recovery time of a trial / that of the reference in the same block: free of the machine. */
  'recoveryTimeToReference',
  'replicaCpuMsPerRecovery',
  'throughputBeforePerSecond',
  'latencyBeforeP50Ms',
  'replicatedBytesPerConnection',
  'replicatedBytesPerRequest',
  /** Over all completed trials. */
  'connectionsLost',
  'requestsFailed',
  'corruptedBytes',
]);

export const changeSchema = z.object({
  /** This run / the base, with its bootstrap 95 % interval. */
  ratio: z.number().positive(),
  low: z.number().positive(),
  high: z.number().positive(),
  /** Whether trials with the same seed and the same conditions were compared in pairs. */
  paired: z.boolean(),
  /** Trials (or blocks) behind the value of this run and of the base; equal when paired. */
  trials: z.object({ run: count, base: count }),
});

const comparedMetricSchema = z.object({
  metric: runMetricSchema,
  /** One per run; null where the run has none. */
  values: z.array(z.number().nullable()),
  /** One per run, null for the base, and where there is no ratio. */
  changes: z.array(changeSchema.nullable()),
});

const cellNameShape = { strategy: z.string(), workload: z.string(), fault: z.string() };

export const runComparisonSchema = z.object({
  schemaVersion: z.literal(RUN_COMPARISON_SCHEMA_VERSION),
  runs: z
    .array(
      z.object({
        /** The folder, as it was given. */
        folder: z.string(),
        startedAt: z.string(),
        seed: count,
        complete: z.boolean(),
        reference: z.string(),
        trials: z.object({ completed: count, invalid: count, inconclusive: count }),
        violations: count,
      }),
    )
    .min(2),
  /** What is not the same in all runs: one value per run. */
  differences: z.array(
    z.object({
      kind: z.enum(['environment', 'condition']),
      name: z.string(),
      values: z.array(z.string()),
    }),
  ),
  /** Why absolute times say nothing: names of {@link differences}. Empty when they can be compared. */
  timesNotComparable: z.array(z.string()),
  /** With completed trials in at least two runs. */
  cells: z.array(z.object({ ...cellNameShape, metrics: z.array(comparedMetricSchema) })),
  /** Not in every run: those that have it, by index. */
  partial: z.array(z.object({ ...cellNameShape, runs: z.array(count) })),
});

export type RunMetric = z.infer<typeof runMetricSchema>;
export type Change = Readonly<z.infer<typeof changeSchema>>;
export type ComparedMetric = Readonly<z.infer<typeof comparedMetricSchema>>;
export type RunComparison = Readonly<z.infer<typeof runComparisonSchema>>;
