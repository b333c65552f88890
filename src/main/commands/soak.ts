/** `spr-bench soak`: faults in a row on one cluster under one load, for as long as asked for; or a series of such soaks. */
import type { Command } from 'commander';
import { renderSoakSeries } from '../../../reports/soak/series-html.js';
import { runSoakSeries, type SeriesContext } from '../../bench/soak/series.js';
import { runSoak, type SoakContext } from '../../bench/soak/soak.js';
import { FAULTS } from '../../cluster/faults/index.js';
import type { SoakFault } from '../../contracts/soak.js';
import { ExitCode, onInterruption } from '../exit-codes.js';
import { printText, writeFiles } from '../render.js';
import { soakSeriesTable } from '../soak-series-table.js';
import { renderSoak } from '../soak-table.js';
import { commandLine } from './run-arguments.js';
import { parseSoakOptions, type SoakArguments } from './soak-options.js';

const DEFAULT_FOLDER = 'spr-bench-soak';
const PAGE = 'soak-series.html';
/** All but the one that ends the process which has the connections: after it everything is new. */
const DEFAULT_FAULTS = FAULTS.map(({ id }) => id)
  .filter((id) => id !== 'director-restart')
  .join(',');
const MS_PER_S = 1000;

interface CommandArguments extends SoakArguments {
  readonly out: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function soakCommand(command: Command): Command {
  return command
    .option('--strategy <id>', 'id, or a module with a default export (default: spr)')
    .option('--strategies <ids>', 'instead: several, each in soaks of its own; takes --fault-every-ms')
    .option(
      '--workloads <ids>',
      'each has its share of the connections (default: request-reply,bulk-download,idle-fleet; with --fault-every-ms: request-reply:think-ms=20)',
    )
    .option('--faults <ids>', 'ids or modules, one after the other, again and again', DEFAULT_FAULTS)
    .option(
      '--fault-every-ms <ms>',
      'faults at this interval, and the goodput; several values are a series of soaks (default: pauses drawn from the seed)',
    )
    .option('--arrivals <kind>', 'open or closed (default: open; with --fault-every-ms: closed)')
    .option('--connections <n>', 'client connections', '24')
    .option('--replicas <n>', 'replica servers', '3')
    .option('--duration-s <s>', 'time of the load, of each soak', '60')
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
    .action(async (given: CommandArguments) => {
      process.exitCode = await soak(given);
    });
}

async function soak(given: CommandArguments): Promise<number> {
  const { out, json, quiet = false, ...rawOptions } = given;
  const plan = await parseSoakOptions(rawOptions);
  const seed = plan.kind === 'soak' ? plan.options.seed : plan.soaks[0].seed;
  const interruption = onInterruption();
  const context = {
    folder: out,
    command: commandLine(seed),
    rawOptions,
    signal: interruption.signal,
    onFault: (result: SoakFault, remainingMs: number): void => {
      if (!quiet) process.stderr.write(`${describeFault(result, remainingMs)}\n`);
    },
  };
  try {
    const end =
      plan.kind === 'soak'
        ? await single({ ...context, options: plan.options }, json === true)
        : await series(context, plan.soaks, { json: json === true, quiet });
    return interruption.exitCode() ?? end;
  } finally {
    interruption.release();
  }
}

/** @returns the exit code */
async function single(context: SoakContext, json: boolean): Promise<number> {
  const summary = await runSoak(context);
  printText(json ? JSON.stringify(summary, null, 2) : renderSoak(summary));
  return exitCodeOf(summary.violations, summary.faults);
}

/** @returns the exit code: that of the worst soak */
async function series(
  context: Omit<SoakContext, 'options'>,
  soaks: SeriesContext['soaks'],
  { json, quiet }: { readonly json: boolean; readonly quiet: boolean },
): Promise<number> {
  const result = await runSoakSeries({
    ...context,
    soaks,
    onSoak: ({ strategy, faultEveryMs }, index) => {
      const which = `${strategy.plugin.id}, a fault every ${faultEveryMs} ms`;
      if (!quiet) process.stderr.write(`soak ${index + 1}/${soaks.length}  ${which}\n`);
    },
  });
  const [page = ''] = writeFiles([{ name: PAGE, content: await renderSoakSeries(result) }], context.folder);
  printText(json ? JSON.stringify(result, null, 2) : soakSeriesTable(result));
  if (!quiet) process.stderr.write(`report: ${page}\n`);
  return exitCodeOf(
    result.soaks.flatMap(({ violations }) => violations),
    result.soaks,
  );
}

/** @param faults that were injected, by kind or soak: one of them has to count */
function exitCodeOf(
  violations: readonly string[],
  faults: readonly { readonly injected: number; readonly disturbed: number }[],
): number {
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
