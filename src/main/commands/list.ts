/** `spr-bench list`: what can be named in the options of `compare`. */
import type { Command } from 'commander';
import { STRATEGIES } from '../../../strategies/index.js';
import { WORKLOADS } from '../../../workloads/index.js';
import { UsageError } from '../../base/errors.js';
import { FAULTS } from '../../cluster/faults/index.js';
import type { WorkloadParameter } from '../../contracts/workload.js';

interface Entry {
  readonly id: string;
  readonly text: string;
  /** Lines below it. */
  readonly details?: readonly string[];
}

const LISTS: Readonly<Record<string, readonly Entry[]>> = {
  strategies: STRATEGIES.map(({ id, summary }) => ({ id, text: summary })),
  workloads: WORKLOADS.map(({ id, question, parameters = [] }) => ({
    id,
    text: question,
    details: parameters.map(describeParameter),
  })),
  faults: FAULTS.map(({ id, question }) => ({ id, text: question })),
};

export function listCommand(command: Command): Command {
  return command.argument('<kind>', Object.keys(LISTS).join(', ')).action((kind: string) => {
    const entries = LISTS[kind];
    if (entries === undefined) {
      throw new UsageError(`list ${kind}: unknown, allowed are ${Object.keys(LISTS).join(', ')}`);
    }
    const width = Math.max(...entries.map(({ id }) => id.length));
    for (const { id, text, details = [] } of entries) {
      process.stdout.write(`${id.padEnd(width)}  ${text}\n`);
      for (const detail of details) process.stdout.write(`${''.padEnd(width)}    ${detail}\n`);
    }
  });
}

/** As it is written behind the name of a workload. */
function describeParameter(parameter: WorkloadParameter): string {
  const { name, meaning } = parameter;
  if (parameter.kind === 'file') return `:${name}=PATH  ${meaning}`;
  return `:${name}=${parameter.default}  ${meaning} (${parameter.low} to ${parameter.high})`;
}
