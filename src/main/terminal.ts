/** What the terminal at stdout can show. */
import pc from 'picocolors';
import type { ReportOptions } from '../contracts/report.js';

/** The part of `process.stdout` that is used. */
export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Of a terminal that does not tell its width, and of everything that is no terminal: every column of the table fits. */
const DEFAULT_WIDTH = 160;

/** Width, colours and characters of `stream`, for a report. */
export function outputOptions(
  stream: OutputStream,
  env: NodeJS.ProcessEnv,
): Required<Omit<ReportOptions, 'isInteractive'>> {
  return {
    width: widthOf(stream, env),
    // Undefined, not false, where it is no terminal.
    colour: stream.isTTY === true && pc.isColorSupported,
    unicode: showsUnicode(env),
  };
}

/** A terminal knows best, though some say 0; `COLUMNS` is for pipes. */
function widthOf({ isTTY, columns = 0 }: OutputStream, env: NodeJS.ProcessEnv): number {
  if (isTTY === true && columns > 0) return columns;
  const asked = Number(env.COLUMNS);
  return Number.isInteger(asked) && asked > 0 ? asked : DEFAULT_WIDTH;
}

/** By the locale (POSIX: the first of the three that is set and not empty), unless the terminal can do nothing. */
function showsUnicode(env: NodeJS.ProcessEnv): boolean {
  if (env.TERM === 'dumb') return false;
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '');
}
