/** `spr-bench report`: draws the reports of a stored run again. */
import { join } from 'node:path';
import { Command } from 'commander';
import { STRATEGIES } from '../../../strategies/index.js';
import { createPrng } from '../../base/prng.js';
import { readSummary, readTrials, SUMMARY_FILE, TRIALS_FILE } from '../../bench/results-file.js';
import { describeStrategies } from '../../bench/run.js';
import { RunAccumulator } from '../../bench/summarize.js';
import type { Results } from '../../contracts/report.js';
import { findReport, printReport, writeHtmlReport } from '../render.js';

export function reportCommand(): Command {
  return new Command('report')
    .description('draw the reports of a stored run again')
    .argument('<run-dir>', 'folder with trials.ndjson and summary.json')
    .option('--format <id>', 'what to print: table, html, markdown or json', 'table')
    .action(async (folder: string, { format }: { format: string }) => {
      findReport(format);
      const results = await readResults(folder);
      const path = await writeHtmlReport(results, folder);
      await printReport(format, results);
      process.stderr.write(`report: ${path}\n`);
    });
}

/** Everything that trials tell comes from the trials: a run that was cut short has no better source. */
async function readResults(folder: string): Promise<Results> {
  const stored = readSummary(join(folder, SUMMARY_FILE));
  const accumulator = new RunAccumulator(stored.strategies, createPrng(stored.seed).fork('bootstrap'));
  const warn = (message: string): void => void process.stderr.write(`spr-bench: warning: ${message}\n`);
  for await (const trial of readTrials(join(folder, TRIALS_FILE), warn)) accumulator.add(trial);
  return {
    summary: { ...stored, ...accumulator.summary() },
    series: accumulator.series(),
    strategies: describeStrategies(
      STRATEGIES.filter(({ id }) => stored.strategies.some((entry) => entry.id === id)),
    ),
  };
}
