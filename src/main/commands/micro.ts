/** `spr-bench micro`: prints what the steps of a recovery cost. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { createClock } from '../../base/clock.js';
import { UsageError } from '../../base/errors.js';
import { runMicro } from '../../bench/micro/micro.js';
import { MICRO_FILE } from '../../bench/micro/micro-file.js';
import { RecoveryCosts } from '../../bench/micro/recovery-cost.js';
import { readResults } from '../../bench/read-results.js';
import type { MicroResult } from '../../contracts/micro.js';
import { createMicroProgress } from '../micro-progress.js';
import { microTable } from '../micro-table.js';
import { printText, writeFiles } from '../render.js';

/** With all steps and the time that warming up takes: about a minute. */
const DEFAULT_TIME_MS = 200;
const MAX_TIME_MS = 60_000;

interface Options {
  readonly filter?: string;
  readonly timeMs: string;
  readonly against?: string;
  readonly out?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function microCommand(command: Command): Command {
  return command
    .option('--filter <text>', 'only steps with this in their name, for example "seal" or "1.3 aes-128-gcm"')
    .option('--time-ms <ms>', 'time for each step', String(DEFAULT_TIME_MS))
    .option('--against <run-dir>', 'also hold the recoveries of a stored run against the sum of their steps')
    .option('--out <folder>', `write ${MICRO_FILE} there (default: with --against in the folder of the run)`)
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .action((options: Options) => micro(options));
}

async function micro(options: Options): Promise<void> {
  const timeMs = parseTime(options.timeMs);
  const progress = createMicroProgress(process.stderr, options.quiet === true);
  const { filter } = options;
  const command = ['spr-bench', ...process.argv.slice(2)].join(' ');
  try {
    const clock = createClock(process.hrtime.bigint());
    const held = await readAgainst(options.against);
    const result = held(await runMicro({ timeMs, filter, command }, clock, progress.show));
    progress.close();
    const text = `${JSON.stringify(result, null, 2)}\n`;
    const folder = options.out ?? options.against;
    if (folder !== undefined) writeFiles([{ name: MICRO_FILE, content: text }], folder);
    printText(options.json === true ? text : microTable(result));
    if (folder !== undefined && options.quiet !== true) {
      process.stderr.write(`micro: ${join(folder, MICRO_FILE)}\n`);
    }
  } finally {
    progress.close();
  }
}

/** Reads the run before anything is measured: whoever named a wrong folder hears of it at once. */
async function readAgainst(folder: string | undefined): Promise<(result: MicroResult) => MicroResult> {
  if (folder === undefined) return (result) => result;
  const costs = new RecoveryCosts();
  const warn = (message: string): void => void process.stderr.write(`spr-bench: warning: ${message}\n`);
  const { summary } = await readResults(folder, { warn, onTrial: (trial) => costs.add(trial) });
  return (result) => ({ ...result, recoveryCosts: costs.against(result, summary.environment) });
}

function parseTime(text: string): number {
  const timeMs = Number(text);
  if (text.trim() !== '' && timeMs >= 1 && timeMs <= MAX_TIME_MS) return timeMs;
  throw new UsageError(`--time-ms ${text}: must be a number from 1 to ${MAX_TIME_MS}`);
}
