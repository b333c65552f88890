/** The published JSON Schemas of the result files, generated from the zod schemas that also check them on reading. */
import { z } from 'zod';
import { SCHEMA_VERSION, summarySchema, trialResultSchema } from '../contracts/results.js';

type JsonSchema = Readonly<Record<string, unknown>>;

/** Each published schema (JSON Schema draft 2020-12) by the name of its file in `schemas/`. */
export function jsonSchemas(): Readonly<Record<'trial.schema.json' | 'summary.schema.json', JsonSchema>> {
  return {
    'trial.schema.json': toJsonSchema(trialResultSchema, 'spr-bench trial', 'One line of trials.ndjson.'),
    'summary.schema.json': toJsonSchema(summarySchema, 'spr-bench summary', 'The document in summary.json.'),
  };
}

/** The text of a schema file. */
export function formatJsonSchema(schema: JsonSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/**
 * As input: unknown properties are allowed, so that a reader of version 1 accepts what a later release adds to it, as the
 * zod schemas do.
 */
function toJsonSchema(schema: z.ZodType, title: string, description: string): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' });
  return { $schema, title: `${title}, schema version ${SCHEMA_VERSION}`, description, ...rest };
}
