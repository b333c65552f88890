/** `spr-bench compare`: runs all trials, writes the result files, prints the comparison. */
import { randomInt } from 'node:crypto';
import type { Command } from 'commander';
import { z } from 'zod';
import { UsageError } from '../../base/errors.js';
import { describeStrategies } from '../../bench/describe-strategies.js';
import { planTrials } from '../../bench/plan.js';
import type { RunOutcome } from '../../bench/run.js';
import { parseRunOptions, type RunOptions } from '../../bench/run-options.js';
import type { Results } from '../../contracts/report.js';
import type { Summary } from '../../contracts/results.js';
import { ExitCode, onInterruption } from '../exit-codes.js';
import { createProgress } from '../progress.js';
import { commandLine, MAX_RANDOM_SEED, readConfig, withRunOptions } from './run-arguments.js';

const DEFAULT_FOLDER = 'spr-bench-results';

/** Options of this command that are not options of the run. A configuration file may hold values of any type. */
const outputSchema = z.object({
  out: z.string('must be a path').default(DEFAULT_FOLDER),
  json: z.boolean('must be true or false').default(false),
  interactive: z.boolean('must be true or false').default(false),
  quiet: z.boolean('must be true or false').default(false),
});

type OutputOptions = z.infer<typeof outputSchema>;

export function compareCommand(command: Command): Command {
  return withRunOptions(command)
    .option('--trials <n>', 'trials of each cell (default: 6; with --quick: 2)')
    .option(
      '--precision <share>',
      'run on until the intervals of the recovery ratios are narrower, for example 0.1',
    )
    .option(
      '--max-trials <n>',
      'with --precision: trials of each cell to end with all the same (default: 30)',
    )
    .option('--quick', 'a first impression in about 20 seconds')
    .option('--out <folder>', `folder of the result files (default: ${DEFAULT_FOLDER})`)
    .option('--interactive', 'tooltips, strategies to hide and zoom in report.html, by a script in it')
    .option('--json', 'print the summary as one JSON document instead of the table')
    .option('--quiet', 'no progress')
    .action(async (options: Record<string, unknown>) => {
      process.exitCode = await compare(options);
    });
}

async function compare(given: Record<string, unknown>): Promise<number> {
  const { out, json, interactive, quiet, config: _, ...raw } = { ...readConfig(given.config), ...given };
  const output = parseOutputOptions({ out, json, interactive, quiet });
  const options = await parseRunOptions(raw, randomInt(MAX_RANDOM_SEED));
  const interruption = onInterruption();
  const progress = createProgress({
    total: planTrials(options).length,
    quiet: output.quiet,
    stream: process.stderr,
    nowMs: () => performance.now(),
  });
  try {
    const context = {
      options,
      folder: output.out,
      command: commandLine(options.seed),
      rawOptions: raw,
      signal: interruption.signal,
    };
    // Not before: who mistyped an option is told so at once.
    const { runAll } = await import('../../bench/run.js');
    const outcome = await runAll(context, progress);
    progress.close();
    await report(outcome, options, output);
    return interruption.exitCode() ?? exitCodeOf(outcome.summary);
  } finally {
    progress.close();
    interruption.release();
  }
}

function parseOutputOptions(given: Record<keyof OutputOptions, unknown>): OutputOptions {
  const parsed = outputSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const name = issue?.path[0] as keyof OutputOptions;
  throw new UsageError(`--${name} ${String(given[name])}: ${issue?.message}`);
}

async function report(
  { summary, accumulator }: RunOutcome,
  { strategies }: RunOptions,
  { out, json, interactive, quiet }: OutputOptions,
): Promise<void> {
  const results: Results = {
    summary,
    series: accumulator.series(),
    strategies: describeStrategies(strategies.map(({ plugin }) => plugin)),
  };
  const { printReport, writeHtmlReport } = await import('../render.js');
  const path = await writeHtmlReport(results, out, { isInteractive: interactive });
  await printReport(json ? 'json' : 'table', results);
  if (!json && !quiet) process.stderr.write(`report: ${path}\n`);
}

function exitCodeOf(summary: Summary): number {
  if (summary.violations.length > 0) return ExitCode.violation;
  return summary.cells.some(({ trials }) => trials.completed === 0) ? ExitCode.inconclusive : ExitCode.ok;
}
