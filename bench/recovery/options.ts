/** The options of `bench:recovery`. Pure. */
import { parseArgs } from 'node:util';
import { UsageError } from '../../src/base/errors.js';

export interface RecoveryOptions {
  /** Ids of the parts, in the order in which they are run. */
  readonly only: readonly string[];
  /** Of each cell, or rounds of memory; undefined for as many as each part has by itself. */
  readonly trials: number | undefined;
  readonly quick: boolean;
  readonly seed: number;
  /** Of the result files. */
  readonly out: string;
}

const DEFAULT_SEED = 1;
const DEFAULT_FOLDER = 'spr-bench-results/recovery';

export function usageText(parts: readonly string[]): string {
  return `usage: npm run bench:recovery -- [--only ${parts.join(',')}] [--trials N] [--quick] [--seed N] [--out FOLDER]`;
}

/**
 * @param parts all there are
 * @throws UsageError naming the option, its value and what is allowed
 */
export function parseRecoveryOptions(args: readonly string[], parts: readonly string[]): RecoveryOptions {
  const { only, trials, quick, seed, out } = readArguments(args);
  const chosen = only?.split(',').map((id) => id.trim()) ?? parts;
  const unknown = chosen.find((id) => !parts.includes(id));
  if (unknown !== undefined) throw new UsageError(`--only: "${unknown}" is none of ${parts.join(', ')}`);
  return {
    only: parts.filter((id) => chosen.includes(id)),
    trials: trials === undefined ? undefined : wholeNumber('--trials', trials, 1),
    quick,
    seed: wholeNumber('--seed', seed, 0),
    out,
  };
}

function readArguments(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        trials: { type: 'string' },
        quick: { type: 'boolean', default: false },
        seed: { type: 'string', default: String(DEFAULT_SEED) },
        out: { type: 'string', default: DEFAULT_FOLDER },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function wholeNumber(option: string, text: string, least: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`${option}: "${text}" is not a whole number from ${least} on`);
}
