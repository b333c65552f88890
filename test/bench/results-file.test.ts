import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { appendTrial, readSummary, readTrials, writeSummary } from '../../src/bench/results-file.js';
import { fixtureSummary, fixtureTrial, fixtureTrials } from '../fixtures/results.js';

let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spr-bench-results-'));
  path = join(folder, 'trials.ndjson');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function readAll() {
  const reports: string[] = [];
  const trials = [];
  for await (const trial of readTrials(path, (message) => reports.push(message))) trials.push(trial);
  return { trials, reports };
}

/** The rejection of reading the whole file. */
async function failure(): Promise<Error> {
  return readAll().then(
    () => new Error('nothing was thrown'),
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );
}

describe('trials', () => {
  it('come back as they were appended', async () => {
    const trials = fixtureTrials().slice(14, 20);
    for (const trial of trials) appendTrial(path, trial);
    expect(await readAll()).toEqual({ trials, reports: [] });
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(7);
  });

  it('keep text of any kind, longer than a chunk of the file', async () => {
    const violation = 'é\u2028"\n𝄞'.repeat(40_000);
    const trial = { ...fixtureTrial(), violations: [violation] };
    appendTrial(path, trial);
    appendTrial(path, trial);
    expect((await readAll()).trials).toEqual([trial, trial]);
  });

  it('survive a last line that a crash cut off at any byte', async () => {
    const trial = fixtureTrial();
    appendTrial(path, trial);
    const whole = readFileSync(path);
    for (const length of [1, 20, whole.length - 2]) {
      writeFileSync(path, Buffer.concat([whole, whole.subarray(0, length)]));
      const { trials, reports } = await readAll();
      expect(trials).toEqual([trial]);
      expect(reports).toEqual([expect.stringContaining(`${path}:2: the last line is truncated`)]);
    }
  });

  it('count a last line that only lacks its line end', async () => {
    writeFileSync(path, JSON.stringify(fixtureTrial()));
    expect(await readAll()).toEqual({ trials: [fixtureTrial()], reports: [] });
  });

  it('ignore empty lines', async () => {
    writeFileSync(path, `\n${JSON.stringify(fixtureTrial())}\n\n`);
    expect((await readAll()).trials).toHaveLength(1);
  });

  it('name file, line and reason of a line that is not JSON', async () => {
    appendTrial(path, fixtureTrial());
    appendFileSync(path, '{"schemaVersion":1,\n');
    appendTrial(path, fixtureTrial());
    const error = await failure();
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(`${path}:2: not JSON: `);
  });

  it('name the field that is wrong, and do not list a thousand', async () => {
    const trial = fixtureTrial();
    const connections = trial.measurements.connections.map((connection) => ({ ...connection, fate: 'gone' }));
    writeFileSync(
      path,
      `${JSON.stringify({ ...trial, measurements: { ...trial.measurements, connections } })}\n`,
    );
    const { message } = await failure();
    expect(message).toContain(`${path}:1: not a trial: measurements.connections.0.fate: `);
    expect(message).toContain('and 37 more');
  });

  it('refuse another schema version', async () => {
    writeFileSync(path, `${JSON.stringify({ ...fixtureTrial(), schemaVersion: 2 })}\n`);
    expect((await failure()).message).toBe(
      `${path}:1: schemaVersion is 2, this release reads 1: a newer spr-bench wrote it, update this one`,
    );
    writeFileSync(path, `${JSON.stringify({ ...fixtureTrial(), schemaVersion: 0 })}\n`);
    expect((await failure()).message).toBe(`${path}:1: schemaVersion is 0, this release reads 1`);
    writeFileSync(path, `${JSON.stringify({ ...fixtureTrial(), schemaVersion: '1' })}\n`);
    expect((await failure()).message).toContain(`${path}:1: not a trial: schemaVersion: `);
  });

  it('tell how far the file has been read', async () => {
    const trials = fixtureTrials();
    for (const trial of trials) appendTrial(path, trial);
    const read: number[] = [];
    for await (const _ of readTrials(path, undefined, (bytes) => read.push(bytes)));
    expect(read.length).toBeGreaterThan(1);
    expect(read).toEqual([...new Set(read)].sort((a, b) => a - b));
    expect(read.at(-1)).toBe(readFileSync(path).length);
  });

  it('name a file that is not there', async () => {
    const error = await failure();
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(`${path}: cannot be read: ENOENT`);
  });

  it('are not in an empty file', async () => {
    writeFileSync(path, '');
    expect(await readAll()).toEqual({ trials: [], reports: [] });
  });
});

describe('summary', () => {
  it('comes back as it was written, and leaves no other file', () => {
    const summaryPath = join(folder, 'summary.json');
    writeSummary(summaryPath, { ...fixtureSummary(), complete: false });
    writeSummary(summaryPath, fixtureSummary());
    expect(readSummary(summaryPath)).toEqual(fixtureSummary());
    expect(readdirSync(folder)).toEqual(['summary.json']);
  });

  it('leaves no temporary file when it cannot be written', () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    expect(() => writeSummary(join(folder, 's.json'), { ...fixtureSummary(), options: circular })).toThrow(
      'circular',
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is refused with the name of the file and the field', () => {
    const summaryPath = join(folder, 'summary.json');
    writeFileSync(summaryPath, JSON.stringify({ ...fixtureSummary(), seed: -1 }));
    expect(() => readSummary(summaryPath)).toThrow(`${summaryPath}: not a summary: seed: `);
    writeFileSync(summaryPath, '{');
    expect(() => readSummary(summaryPath)).toThrow(`${summaryPath}: not JSON: `);
    writeFileSync(summaryPath, JSON.stringify({ schemaVersion: 99 }));
    expect(() => readSummary(summaryPath)).toThrow(
      `${summaryPath}: schemaVersion is 99, this release reads 1: `,
    );
    expect(() => readSummary(join(folder, 'none'))).toThrow('cannot be read: ENOENT');
  });
});
