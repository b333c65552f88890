/** How many files, thus connections, a process may have open. */
import { readFileSync } from 'node:fs';
import { UsageError } from '../base/errors.js';

/** `Infinity` for unlimited. */
export interface OpenFileLimit {
  readonly soft: number;
  readonly hard: number;
}

/** What a process has open beside its connections: standard streams, event loop, modules, trunks, result files. */
export const OWN_DESCRIPTORS = 64;

/** Undefined where the system has no `/proc`. */
export function readOpenFileLimit(): OpenFileLimit | undefined {
  try {
    return parseOpenFileLimit(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    return undefined;
  }
}

/** The line `Max open files` of `/proc/self/limits`. */
export function parseOpenFileLimit(limits: string): OpenFileLimit | undefined {
  const match = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)/m.exec(limits);
  if (match === null) return undefined;
  const [soft, hard] = match.slice(1).map((text) => (text === 'unlimited' ? Infinity : Number(text)));
  return soft === undefined || hard === undefined ? undefined : { soft, hard };
}

/**
 * Asserts that load client and director can have `connections` open, because a director that cannot closes what it
 * accepts without a word. Child processes have the limit of this one.
 *
 * @throws UsageError when the limit is known and too low
 */
export function requireOpenFiles(connections: number, limit: OpenFileLimit | undefined): void {
  const needed = connections + OWN_DESCRIPTORS;
  if (limit === undefined || limit.soft >= needed) return;
  throw new UsageError(
    `--connections ${connections}: too many for a limit of ${limit.soft} open files: raise it (ulimit -n ${needed}) or take fewer`,
  );
}
