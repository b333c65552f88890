/** The published JSON Schemas of the result files, generated from the zod schemas that also check them on reading. */
import { z } from 'zod';
import {
  baselineSchema,
  calibrationSchema,
  GATE_SCHEMA_VERSION,
  gateConfigSchema,
  gateResultSchema,
} from '../contracts/gate.js';
import { MICRO_SCHEMA_VERSION, microSchema } from '../contracts/micro.js';
import { SCHEMA_VERSION, summarySchema, trialResultSchema } from '../contracts/results.js';
import { RUN_COMPARISON_SCHEMA_VERSION, runComparisonSchema } from '../contracts/run-comparison.js';
import { SOAK_SCHEMA_VERSION, soakFaultSchema, soakSchema, soakSeriesSchema } from '../contracts/soak.js';
import { THROUGHPUT_SCHEMA_VERSION, throughputSchema } from '../contracts/throughput.js';

type JsonSchema = Readonly<Record<string, unknown>>;

/** A published schema: where it comes from and what a reader is told about it. */
interface Published {
  readonly schema: z.ZodType;
  readonly version: number;
  readonly title: string;
  readonly description: string;
}

/** By the name of the file in `schemas/`. */
const PUBLISHED = {
  'trial.schema.json': {
    schema: trialResultSchema,
    version: SCHEMA_VERSION,
    title: 'spr-bench trial',
    description: 'One line of trials.ndjson.',
  },
  'run-comparison.schema.json': {
    schema: runComparisonSchema,
    version: RUN_COMPARISON_SCHEMA_VERSION,
    title: 'spr-bench comparison of runs',
    description: 'What spr-bench report A B --format json prints.',
  },
  'summary.schema.json': {
    schema: summarySchema,
    version: SCHEMA_VERSION,
    title: 'spr-bench summary',
    description: 'The document in summary.json.',
  },
  'micro.schema.json': {
    schema: microSchema,
    version: MICRO_SCHEMA_VERSION,
    title: 'spr-bench steps of a recovery',
    description: 'The document in micro.json, which spr-bench micro --json prints.',
  },
  'baseline.schema.json': {
    schema: baselineSchema,
    version: GATE_SCHEMA_VERSION,
    title: 'spr-bench baseline',
    description: 'What spr-bench baseline prints.',
  },
  'gate.schema.json': {
    schema: gateResultSchema,
    version: GATE_SCHEMA_VERSION,
    title: 'spr-bench gate',
    description: 'What spr-bench gate --json prints.',
  },
  'gate-config.schema.json': {
    schema: gateConfigSchema,
    version: GATE_SCHEMA_VERSION,
    title: 'spr-bench gate configuration',
    description: 'The file of spr-bench gate --config.',
  },
  'calibration.schema.json': {
    schema: calibrationSchema,
    version: GATE_SCHEMA_VERSION,
    title: 'spr-bench calibration',
    description: 'The file that spr-bench calibrate writes.',
  },
  'soak-fault.schema.json': {
    schema: soakFaultSchema,
    version: SOAK_SCHEMA_VERSION,
    title: 'spr-bench fault of a soak',
    description: 'One line of soak.ndjson.',
  },
  'soak.schema.json': {
    schema: soakSchema,
    version: SOAK_SCHEMA_VERSION,
    title: 'spr-bench soak',
    description: 'The document in soak.json.',
  },
  'soak-series.schema.json': {
    schema: soakSeriesSchema,
    version: SOAK_SCHEMA_VERSION,
    title: 'spr-bench series of soaks',
    description: 'The document in soak-series.json.',
  },
  'throughput.schema.json': {
    schema: throughputSchema,
    version: THROUGHPUT_SCHEMA_VERSION,
    title: 'spr-bench throughput',
    description: 'The document in throughput.json, which spr-bench throughput --json prints.',
  },
} as const satisfies Readonly<Record<string, Published>>;

export type SchemaFile = keyof typeof PUBLISHED;

/** Each published schema (JSON Schema draft 2020-12) by the name of its file in `schemas/`. */
export function jsonSchemas(): Readonly<Record<SchemaFile, JsonSchema>> {
  const entries = Object.entries(PUBLISHED).map(([file, published]) => [file, toJsonSchema(published)]);
  return Object.fromEntries(entries) as Record<SchemaFile, JsonSchema>;
}

/** The text of a schema file. */
export function formatJsonSchema(schema: JsonSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/**
 * As input: unknown properties are allowed, so that a reader of version 1 accepts what a later release adds to it, as the
 * zod schemas do.
 */
function toJsonSchema({ schema, version, title, description }: Published): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' });
  return { $schema, title: `${title}, schema version ${version}`, description, ...rest };
}
