/** Runs before each file of unit tests: gives fast-check its budget, and tells afterwards what was run with it. */
import { relative } from 'node:path';
import fc, { type RunDetails } from 'fast-check';
import { afterAll, expect } from 'vitest';
import { DEFAULT_RUNS, fuzzOptions, fuzzRuns } from './fuzz-budget.js';

const { budget, seed } = fuzzOptions();
const tried = { properties: 0, runs: 0 };

/** What fast-check does itself, and the count. */
function report(details: RunDetails<unknown>): void {
  tried.properties += 1;
  tried.runs += details.numRuns;
  if (details.failed) {
    const repeat = `repeat with FUZZ_BUDGET=${budget} FUZZ_SEED=${details.seed}`;
    throw new Error(`${fc.defaultReportMessage(details)}\n${repeat}`, { cause: details.errorInstance });
  }
}

fc.configureGlobal({
  numRuns: fuzzRuns(DEFAULT_RUNS),
  ...(seed === undefined ? {} : { seed }),
  reporter: report,
});

afterAll(() => {
  if (budget === 1 || tried.properties === 0) return;
  process.stderr.write(
    `${relative('.', expect.getState().testPath ?? '')}: ${tried.runs} runs of ${tried.properties} properties\n`,
  );
});
