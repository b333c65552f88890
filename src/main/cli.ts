#!/usr/bin/env node
/** The command line, and the orchestrator: starts and watches all other processes. Run it as `spr-bench`. */
import { Command, CommanderError } from 'commander';
import { UsageError } from '../base/errors.js';
import { packageVersion } from '../base/package-version.js';
import { COMMANDS } from './commands/index.js';
import { ExitCode } from './exit-codes.js';

/** All commands by name and description; the one that `words` name is loaded as well. */
async function program(words: readonly string[]): Promise<Command> {
  const root = new Command('spr-bench')
    .description('Compares recovery strategies for live TLS connections when the server behind them dies.')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`spr-bench: ${text.replace(/^error: /, '')}`) });
  const named = words.find((word) => Object.hasOwn(COMMANDS, word));
  for (const [name, { description, load }] of Object.entries(COMMANDS)) {
    const command = new Command(name).description(description);
    if (name === named) (await load())(command);
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
  await (await program(process.argv.slice(2))).parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
}
