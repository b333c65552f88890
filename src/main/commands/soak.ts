/** `spr-bench soak`: faults in a row on one cluster under one load, for as long as asked for. */
import { randomInt } from 'node:crypto';
import { Command } from 'commander';
import { loadWorkload } from '../../../workloads/index.js';
import { UsageError } from '../../base/errors.js';
import { parseRunOptions } from '../../bench/run-options.js';
import { runSoak, type SoakOptions } from '../../bench/soak/soak.js';
import { FAULTS } from '../../cluster/faults/index.js';
import type { SoakFault, SoakSummary } from '../../contracts/soak.js';
import { notKeptReason } from '../../contracts/support.js';
import { ExitCode, onInterruption } from '../exit-codes.js';
import { printText } from '../render.js';
import { renderSoak } from '../soak-table.js';
import { commandLine, MAX_RANDOM_SEED } from './run-arguments.js';

const DEFAULT_FOLDER = 'spr-bench-soak';
const DEFAULT_WORKLOADS = 'request-reply,bulk-download,idle-fleet';
/** All but the one that ends the process which has the connections: after it everything is new. */
const DEFAULT_FAULTS = FAULTS.map(({ id }) => id)
  .filter((id) => id !== 'director-restart')
  .join(',');
/** A week: a mistyped one should not take a year. */
const MAX_DURATION_S = 604_800;
const MS_PER_S = 1000;

interface SoakArguments {
  readonly strategy: string;
  readonly workloads: string;
  readonly faults: string;
  readonly connections: string;
  readonly replicas: string;
  readonly durationS: string;
  readonly seed?: string;
  readonly tls: string;
  readonly suite: string;
  readonly key: string;
  readonly heartbeatIntervalMs: string;
  readonly heartbeatMissed: string;
  readonly rekey?: boolean;
  readonly audit?: boolean;
  readonly out: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function soakCommand(): Command {
  return new Command('soak')
    .description('faults of all kinds in a row, on one cluster and under one load that live the whole time')
    .option('--strategy <id>', 'id, or a module with a default export', 'spr')
    .option('--workloads <ids>', 'each has its share of the connections', DEFAULT_WORKLOADS)
    .option('--faults <ids>', 'ids or modules, one after the other, again and again', DEFAULT_FAULTS)
    .option('--connections <n>', 'client connections', '24')
    .option('--replicas <n>', 'replica servers', '3')
    .option('--duration-s <s>', 'time of the load', '60')
    .option('--seed <n>', 'fixes requests, faults, victims and pauses (default: random)')
    .option('--tls <version>', '1.3 or 1.2', '1.3')
    .option('--suite <name>', 'cipher suite', 'aes-128-gcm')
    .option('--key <type>', 'ecdsa-p256, rsa-2048 or rsa-4096', 'ecdsa-p256')
    .option(
      '--rekey',
      'begin each takeover with a KeyUpdate, or in TLS 1.2 AES-GCM with a fresh region of nonces',
    )
    .option('--audit', 'record every nonce that leaves towards clients and check that none is used twice')
    .option('--heartbeat-interval-ms <ms>', 'time between two heartbeats', '100')
    .option('--heartbeat-missed <n>', 'heartbeats missed in a row that make a failure', '20')
    .option('--out <folder>', 'folder of the result files', DEFAULT_FOLDER)
    .option('--json', 'print the summary as one JSON document instead of the table')
    .option('--quiet', 'no progress')
    .action(async (given: SoakArguments) => {
      process.exitCode = await soak(given);
    });
}

async function soak(given: SoakArguments): Promise<number> {
  const options = await parseSoakOptions(given);
  const { out, json, quiet, ...rawOptions } = given;
  const interruption = onInterruption();
  try {
    const summary = await runSoak({
      options,
      folder: out,
      command: commandLine(options.seed),
      rawOptions,
      signal: interruption.signal,
      onFault: (result, remainingMs) => {
        if (quiet !== true) process.stderr.write(`${describeFault(result, remainingMs)}\n`);
      },
    });
    printText(json === true ? JSON.stringify(summary, null, 2) : renderSoak(summary));
    return interruption.exitCode() ?? exitCodeOf(summary);
  } finally {
    interruption.release();
  }
}

async function parseSoakOptions(given: SoakArguments): Promise<SoakOptions> {
  const { strategy, workloads, durationS, out: _out, json: _json, quiet: _quiet, ...rest } = given;
  const workload = { specifier: workloads, plugin: await loadWorkload(workloads) };
  const options = await parseRunOptions({ ...rest, strategies: [strategy] }, randomInt(MAX_RANDOM_SEED));
  const [loaded, ...others] = options.strategies;
  if (loaded === undefined || others.length > 0) {
    throw new UsageError(`--strategy ${strategy}: soak takes one strategy`);
  }
  const notKept = notKeptReason(loaded.plugin, workload.plugin);
  if (notKept !== undefined) {
    throw new UsageError(
      `--workloads ${workloads}: ${loaded.plugin.id} cannot keep its connections: ${notKept}`,
    );
  }
  const { faults, replicas, seed, suite, key, detector, rekey, audit, connections = 0 } = options;
  const durationMs = parseDurationMs(durationS);
  return {
    strategy: loaded,
    workload,
    faults,
    connections,
    replicas,
    durationMs,
    seed,
    suite,
    key,
    detector,
    rekey,
    audit,
  };
}

function parseDurationMs(text: string): number {
  const seconds = text.trim() === '' ? Number.NaN : Number(text);
  if (seconds >= 1 && seconds <= MAX_DURATION_S) return seconds * MS_PER_S;
  throw new UsageError(`--duration-s ${text}: must be a number from 1 to ${MAX_DURATION_S}`);
}

function exitCodeOf({ violations, faults }: SoakSummary): number {
  if (violations.length > 0) return ExitCode.violation;
  const counted = faults.some(({ injected, disturbed }) => injected > disturbed);
  return counted ? ExitCode.ok : ExitCode.inconclusive;
}

function describeFault(result: SoakFault, remainingMs: number): string {
  const { index, fault, victims, connections, longestInterruptionMs, violations, disturbances } = result;
  const { kept, lost, notRecoverable } = connections;
  const left = `${Math.ceil(remainingMs / MS_PER_S)} s left`;
  const counts = [
    `${kept} kept`,
    ...(lost > 0 ? [`${lost} lost`] : []),
    ...(notRecoverable > 0 ? [`${notRecoverable} not recoverable`] : []),
  ].join(', ');
  const problems = [...violations, ...disturbances].map((problem) => `; ${problem}`).join('');
  return `fault ${index + 1}  ${fault} of ${victims.join(', ')}  ${counts}, longest interruption ${Math.round(longestInterruptionMs)} ms, ${left}${problems}`;
}
