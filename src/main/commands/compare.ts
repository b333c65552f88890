/** `spr-bench compare`: runs all trials, writes the result files, prints the comparison. */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { UsageError } from '../../base/errors.js';
import { planTrials } from '../../bench/plan.js';
import { describeStrategies, type RunOutcome, runAll } from '../../bench/run.js';
import { parseRunOptions, type RunOptions } from '../../bench/run-options.js';
import type { Results } from '../../contracts/report.js';
import type { Summary } from '../../contracts/results.js';
import { ExitCode, onInterruption } from '../exit-codes.js';
import { createProgress } from '../progress.js';
import { printReport, writeHtmlReport } from '../render.js';

const DEFAULT_FOLDER = 'spr-bench-results';
/** A seed that can be typed again. */
const MAX_RANDOM_SEED = 2 ** 31;

/** Options of this command that are not options of the run. A configuration file may hold values of any type. */
const outputSchema = z.object({
  out: z.string('must be a path').default(DEFAULT_FOLDER),
  json: z.boolean('must be true or false').default(false),
  quiet: z.boolean('must be true or false').default(false),
});

type OutputOptions = z.infer<typeof outputSchema>;

export function compareCommand(): Command {
  return new Command('compare')
    .description('run the strategies under load, kill the primary, compare what clients noticed')
    .option('--strategies <ids>', 'all, or ids separated by commas (default: all)')
    .addOption(
      repeatable('--strategy <file>', 'another strategy: a module with a default export; may be repeated'),
    )
    .option('--workloads <ids>', 'ids separated by commas (default: all three; with --quick: request-reply)')
    .option('--faults <ids>', 'ids separated by commas (default: kill)')
    .option('--connections <n>', "client connections (default: each workload's own)")
    .option('--arrivals <kind>', "open or closed (default: each workload's own)")
    .option('--trials <n>', 'trials of each cell (default: 6; with --quick: 2)')
    .option('--seed <n>', 'fixes workload, fault times and order of trials (default: random)')
    .option('--tls <version>', '1.3 or 1.2 (default: 1.3)')
    .option('--suite <name>', 'cipher suite, for example aes-256-gcm (default: aes-128-gcm)')
    .option('--key <type>', 'ecdsa-p256, rsa-2048 or rsa-4096 (default: ecdsa-p256)')
    .option(
      '--engine <kind>',
      'adopted, or native: plain node:tls, for strategies that reconnect (default: adopted)',
    )
    .option('--rtt-ms <ms>', 'round-trip time between client and director (default: 0)')
    .option('--replicas <n>', 'replica servers (default: 2)')
    .option('--quick', 'a first impression in about 20 seconds')
    .option('--out <folder>', `folder of the result files (default: ${DEFAULT_FOLDER})`)
    .option('--json', 'print the summary as one JSON document instead of the table')
    .option('--quiet', 'no progress')
    .option('--config <file>', 'JSON file with options by name; those on the command line come first')
    .action(async (options: Record<string, unknown>) => {
      process.exitCode = await compare(options);
    });
}

function repeatable(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, earlier: string[] | undefined) => [
    ...(earlier ?? []),
    value,
  ]);
}

async function compare(given: Record<string, unknown>): Promise<number> {
  const { out, json, quiet, config: _, ...raw } = { ...readConfig(given.config), ...given };
  const output = parseOutputOptions({ out, json, quiet });
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
  { out, json, quiet }: OutputOptions,
): Promise<void> {
  const results: Results = {
    summary,
    series: accumulator.series(),
    strategies: describeStrategies(strategies.map(({ plugin }) => plugin)),
  };
  const path = await writeHtmlReport(results, out);
  await printReport(json ? 'json' : 'table', results);
  if (!json && !quiet) process.stderr.write(`report: ${path}\n`);
}

function exitCodeOf(summary: Summary): number {
  if (summary.violations.length > 0) return ExitCode.violation;
  return summary.cells.some(({ trials }) => trials.completed === 0) ? ExitCode.inconclusive : ExitCode.ok;
}

function readConfig(path: unknown): Record<string, unknown> {
  if (typeof path !== 'string') return {};
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--config ${path}: ${reason}`, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`--config ${path}: must hold one JSON object with options by name`);
  }
  return value as Record<string, unknown>;
}

/** What reproduces the run: the seed is part of it even when it was drawn. */
function commandLine(seed: number): string {
  const given = process.argv
    .slice(2)
    .map((word) => (/^[\w./,:=-]+$/.test(word) ? word : JSON.stringify(word)));
  const seeded = given.some((word) => word.startsWith('--seed'));
  return ['spr-bench', ...given, ...(seeded ? [] : ['--seed', String(seed)])].join(' ');
}
