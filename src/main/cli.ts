#!/usr/bin/env node
/** The command line, and the orchestrator: starts and watches all other processes. Run it as `spr-bench`. */
import { Command, CommanderError } from 'commander';
import { UsageError } from '../base/errors.js';
import { packageVersion } from '../bench/environment.js';
import { baselineCommand } from './commands/baseline.js';
import { calibrateCommand } from './commands/calibrate.js';
import { compareCommand } from './commands/compare.js';
import { doctorCommand } from './commands/doctor.js';
import { gateCommand } from './commands/gate.js';
import { listCommand } from './commands/list.js';
import { matrixCommand } from './commands/matrix.js';
import { microCommand } from './commands/micro.js';
import { reportCommand } from './commands/report.js';
import { serveCommand } from './commands/serve.js';
import { soakCommand } from './commands/soak.js';
import { throughputCommand } from './commands/throughput.js';
import { ExitCode } from './exit-codes.js';

function program(): Command {
  const root = new Command('spr-bench')
    .description('Compares recovery strategies for live TLS connections when the server behind them dies.')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`spr-bench: ${text.replace(/^error: /, '')}`) });
  for (const command of [
    compareCommand(),
    serveCommand(),
    soakCommand(),
    throughputCommand(),
    reportCommand(),
    baselineCommand(),
    gateCommand(),
    calibrateCommand(),
    listCommand(),
    matrixCommand(),
    doctorCommand(),
    microCommand(),
  ]) {
    root.addCommand(command.exitOverride().copyInheritedSettings(root));
  }
  return root;
}

/** One clear line for what the user can mend; the stack only for what is a bug. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
  if (error instanceof UsageError) {
    process.stderr.write(`spr-bench: ${error.message}\n`);
    return ExitCode.usage;
  }
  process.stderr.write(
    `spr-bench: internal error: ${error instanceof Error ? error.stack : String(error)}\n`,
  );
  return ExitCode.internal;
}

// A reader that has seen enough (`spr-bench list | head`) is no error, and does not change what the command finds out: a
// regression is one although nobody reads on, and processes and folders are cleaned up all the same.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
