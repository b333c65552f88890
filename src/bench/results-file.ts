/** The result files of a run: `trials.ndjson`, one trial per line, and `summary.json`. */
import { appendFileSync, createReadStream, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { z } from 'zod';
import { UsageError } from '../base/errors.js';
import { type Summary, summarySchema, type TrialResult, trialResultSchema } from '../contracts/results.js';

export const TRIALS_FILE = 'trials.ndjson';
export const SUMMARY_FILE = 'summary.json';

/**
 * Longest accepted line. A trial of 100,000 connections has about 35 MB; a file without any line end must not fill the
 * memory.
 */
const MAX_LINE_BYTES = 256 * 1024 * 1024;

const NEWLINE = 0x0a;

/** Appends one trial as one line, in one write: a crash leaves at most one partial line, and that at the end. */
export function appendTrial(path: string, trial: TrialResult): void {
  appendFileSync(path, `${JSON.stringify(trial)}\n`);
}

/**
 * Reads the trials of a file one by one, in constant memory but for the longest line.
 *
 * @param onTruncated called once when the last line is partial (the writer crashed); that line is left out
 * @param onRead called with the number of bytes read so far
 * @throws UsageError naming file, line and reason for a line that is not a trial, or a file that cannot be read
 */
export async function* readTrials(
  path: string,
  onTruncated: (message: string) => void = () => {},
  onRead: (bytes: number) => void = () => {},
): AsyncGenerator<TrialResult, void, undefined> {
  let number = 0;
  for await (const { text, ended } of readLines(path, onRead)) {
    number++;
    if (!ended && !isJson(text)) {
      onTruncated(
        `${path}:${number}: the last line is truncated (${text.length} characters) and was left out`,
      );
      return;
    }
    if (text.trim() !== '') yield parseTrial(text, `${path}:${number}`);
  }
}

/** Replaces the summary at `path`: a reader, or a crash, sees the old file or the new one, never a part. */
export function writeSummary(path: string, summary: Summary): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify(summary, null, 2)}\n`);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** @throws UsageError naming the file and the reason when it cannot be read or is not a summary */
export function readSummary(path: string): Summary {
  return readDocument(summarySchema, path, 'summary');
}

/**
 * Reads a file that holds one JSON document.
 *
 * @param what names the kind of document in errors
 * @throws UsageError naming the file and the reason when it cannot be read or does not fit the schema
 */
export function readDocument<Schema extends z.ZodType>(
  schema: Schema,
  path: string,
  what: string,
): z.infer<Schema> {
  return parseDocument(schema, readText(path), path, what);
}

function parseTrial(text: string, place: string): TrialResult {
  return parseDocument(trialResultSchema, text, place, 'trial');
}

function parseDocument<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  place: string,
  what: string,
): z.infer<Schema> {
  const value = parseJson(text, place);
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  refuseOtherVersion(result.error, value, place);
  throw new UsageError(`${place}: not a ${what}: ${describeIssues(result.error)}`);
}

/** One reason, where all else that is wrong follows from it. */
function refuseOtherVersion({ issues }: z.ZodError, value: unknown, place: string): void {
  const issue = issues.find(({ path }) => path.length === 1 && path[0] === 'schemaVersion');
  const { schemaVersion } = Object(value) as { schemaVersion?: unknown };
  if (issue?.code !== 'invalid_value' || typeof schemaVersion !== 'number') return;
  const [readable] = issue.values;
  const advice = schemaVersion > Number(readable) ? ': a newer spr-bench wrote it, update this one' : '';
  throw new UsageError(
    `${place}: schemaVersion is ${schemaVersion}, this release reads ${String(readable)}${advice}`,
  );
}

/** The first few: one wrong field in each of a thousand connections is one mistake. */
function describeIssues(error: z.ZodError): string {
  const shown = error.issues
    .slice(0, 3)
    .map(({ path, message }) => `${path.join('.') || 'document'}: ${message}`);
  const more = error.issues.length - shown.length;
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${place}: not JSON: ${messageOf(error)}`, { cause: error });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Lines as text; `ended` is false for a last line without its line end. */
async function* readLines(
  path: string,
  onRead: (bytes: number) => void,
): AsyncGenerator<{ text: string; ended: boolean }, void, undefined> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let readBytes = 0;
  for await (const chunk of readChunks(path)) {
    readBytes += chunk.length;
    onRead(readBytes);
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      yield { text: Buffer.concat([...rest, chunk.subarray(start, end)]).toString('utf8'), ended: true };
      rest = [];
      restBytes = 0;
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
    restBytes += chunk.length - start;
    if (restBytes > MAX_LINE_BYTES)
      throw new UsageError(`${path}: a line is longer than ${MAX_LINE_BYTES} bytes`);
  }
  if (restBytes > 0) yield { text: Buffer.concat(rest).toString('utf8'), ended: false };
}

async function* readChunks(path: string): AsyncGenerator<Buffer, void, undefined> {
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Buffer;
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): UsageError {
  return new UsageError(`${path}: cannot be read: ${messageOf(error)}`, { cause: error });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
