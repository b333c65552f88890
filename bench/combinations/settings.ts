/** What is run of all combinations, and how many of them at a time. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { UsageError } from '../../src/base/errors.js';

export interface Settings {
  readonly all: boolean;
  readonly atATime: number;
  /** Only these workloads, strategies and faults; undefined for all. */
  readonly workloads: readonly string[] | undefined;
  readonly strategies: readonly string[] | undefined;
  readonly faults: readonly string[] | undefined;
}

export const USAGE =
  'main.js [--all] [--at-a-time N] [--workloads ID,ID] [--strategies ID,ID] [--faults ID,ID]';

interface Known {
  readonly workloads: readonly string[];
  readonly strategies: readonly string[];
  readonly faults: readonly string[];
}

/**
 * @param known ids of everything that there is
 * @throws UsageError naming the option, its value and what is allowed; TypeError of `parseArgs` for an unknown one
 */
export function readSettings(args: readonly string[], known: Known): Settings {
  const { values } = parseArgs({
    args: [...args],
    options: {
      all: { type: 'boolean', default: false },
      // Most of a trial is waiting.
      'at-a-time': { type: 'string', default: String(availableParallelism()) },
      workloads: { type: 'string' },
      strategies: { type: 'string' },
      faults: { type: 'string' },
    },
  });
  const { workloads, strategies, faults } = values;
  return {
    all: values.all,
    atATime: readAtATime(values['at-a-time']),
    workloads: readIds('--workloads', workloads, known.workloads),
    strategies: readIds('--strategies', strategies, known.strategies),
    faults: readIds('--faults', faults, known.faults),
  };
}

function readAtATime(text: string): number {
  const atATime = Number(text);
  if (Number.isSafeInteger(atATime) && atATime >= 1) return atATime;
  throw new UsageError(`--at-a-time ${text}: must be a whole number from 1 on`);
}

function readIds(
  option: string,
  text: string | undefined,
  known: readonly string[],
): readonly string[] | undefined {
  const ids = text?.split(',').map((id) => id.trim());
  const unknown = ids?.find((id) => !known.includes(id));
  if (unknown === undefined) return ids;
  throw new UsageError(`${option} ${unknown}: must be among ${known.join(', ')}`);
}
