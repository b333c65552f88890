/** `spr-bench throughput`: what replication costs an off-the-shelf HTTP client while nothing fails. */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../../base/errors.js';
import { parseRunOptions } from '../../bench/run-options.js';
import { measureThroughput, type ThroughputOptions } from '../../bench/throughput/throughput.js';
import { ExitCode, onInterruption } from '../exit-codes.js';
import { printText, writeFiles } from '../render.js';
import { throughputTable } from '../throughput-table.js';
import { commandLine, MAX_RANDOM_SEED } from './run-arguments.js';

const FILE = 'throughput.json';
/** More than one second, because processor time is counted in steps of 10 ms. */
const DEFAULTS = { connections: 32, rounds: 6, durationS: 2, replyBytes: 128 } as const;
const MAX = { connections: 10_000, rounds: 1000, durationS: 3600, replyBytes: 1024 ** 2 } as const;

interface Options extends Record<string, unknown> {
  readonly out?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function throughputCommand(command: Command): Command {
  return command
    .option('--strategies <ids>', 'all, or ids separated by commas; the first is the reference', 'all')
    .option('--connections <n>', 'client connections', String(DEFAULTS.connections))
    .option('--rounds <n>', 'loads of each strategy; intervals take 6', String(DEFAULTS.rounds))
    .option('--duration-s <s>', 'of each load, before the fault and after it', String(DEFAULTS.durationS))
    .option('--reply-bytes <n>', 'length of a reply', String(DEFAULTS.replyBytes))
    .option('--replicas <n>', 'replica servers; with 2 nothing is replicated after the fault', '3')
    .option('--seed <n>', 'fixes the order of the loads (default: random)')
    .option('--tls <version>', '1.3 or 1.2', '1.3')
    .option('--suite <name>', 'cipher suite', 'aes-128-gcm')
    .option('--key <type>', 'ecdsa-p256, rsa-2048 or rsa-4096', 'ecdsa-p256')
    .option('--engine <kind>', 'adopted, or native for strategies that reconnect', 'adopted')
    .option('--out <folder>', `write ${FILE} there`)
    .option('--json', 'print one JSON document')
    .option('--quiet', 'no progress')
    .action(async (options: Options) => {
      process.exitCode = await throughput(options);
    });
}

async function throughput(given: Options): Promise<number> {
  const { out, json = false, quiet = false, connections, rounds, durationS, replyBytes, ...run } = given;
  const runOptions = await parseRunOptions(run, randomInt(MAX_RANDOM_SEED));
  const interruption = onInterruption();
  const options: ThroughputOptions = {
    run: runOptions,
    connections: parseCount('connections', connections),
    rounds: parseCount('rounds', rounds),
    durationS: parseCount('durationS', durationS),
    replyBytes: parseCount('replyBytes', replyBytes),
    command: commandLine(runOptions.seed),
    signal: interruption.signal,
  };
  try {
    const result = await measureThroughput(options, (strategy, done, total) => {
      if (!quiet) process.stderr.write(`load ${done + 1}/${total}  ${strategy}\n`);
    });
    const text = `${JSON.stringify(result, null, 2)}\n`;
    if (out !== undefined) writeFiles([{ name: FILE, content: text }], out);
    printText(json ? text : throughputTable(result));
    if (out !== undefined && !quiet) process.stderr.write(`throughput: ${join(out, FILE)}\n`);
    return interruption.exitCode() ?? ExitCode.ok;
  } finally {
    interruption.release();
  }
}

function parseCount(name: keyof typeof MAX, value: unknown): number {
  const number = Number(value);
  if (String(value).trim() !== '' && Number.isInteger(number) && number >= 1 && number <= MAX[name]) {
    return number;
  }
  const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new UsageError(`${option} ${String(value)}: must be a whole number from 1 to ${MAX[name]}`);
}
