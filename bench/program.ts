/** What the benchmarks' programs have in common: a usage line for `--help`, exit code 2 for a wrong option, the end on Ctrl-C. */
import { UsageError } from '../src/base/errors.js';

/** Exit codes of a wrong usage, and of Ctrl-C and SIGTERM as shells have them. */
const USAGE = 2;
const INTERRUPTED = 130;
const TERMINATED = 143;

export interface Program {
  /** The line that `--help` prints, from the name of the program on. */
  readonly usage: string;
  /** @returns the exit code; rejects with a {@link UsageError}, or what `parseArgs` throws, for a wrong option */
  main(args: readonly string[]): Promise<number>;
}

/** Where a program writes to. */
export interface Outputs {
  out(text: string): void;
  error(text: string): void;
}

const OUTPUTS: Outputs = {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
};

/** @returns the exit code. Rejects with everything that is no wrong usage: that is a bug, and its stack is of use. */
export async function runProgram(
  { usage, main }: Program,
  args: readonly string[] = process.argv.slice(2),
  { out, error: complain }: Outputs = OUTPUTS,
): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    out(`usage: ${usage}\n`);
    return 0;
  }
  try {
    return await main(args);
  } catch (error) {
    if (!isUsage(error)) throw error;
    complain(`${error.message}\nusage: ${usage}\n`);
    return USAGE;
  }
}

/** An exit, so that what listens for it can end the servers of others; our own children end with the process. */
export function endOnInterrupt(): void {
  process.once('SIGINT', () => process.exit(INTERRUPTED));
  process.once('SIGTERM', () => process.exit(TERMINATED));
}

/** Ours, or that of `parseArgs`. */
function isUsage(error: unknown): error is Error {
  if (error instanceof UsageError) return true;
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
}
