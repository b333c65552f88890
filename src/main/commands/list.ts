/** `spr-bench list`: what can be named in the options of `compare`. */
import { Command } from 'commander';
import { STRATEGIES } from '../../../strategies/index.js';
import { WORKLOADS } from '../../../workloads/index.js';
import { UsageError } from '../../base/errors.js';
import { FAULTS } from '../../cluster/faults/index.js';

const LISTS: Readonly<Record<string, readonly { readonly id: string; readonly text: string }[]>> = {
  strategies: STRATEGIES.map(({ id, summary }) => ({ id, text: summary })),
  workloads: WORKLOADS.map(({ id, question }) => ({ id, text: question })),
  faults: FAULTS.map(({ id, question }) => ({ id, text: question })),
};

export function listCommand(): Command {
  return new Command('list')
    .description('list strategies, workloads or faults')
    .argument('<kind>', Object.keys(LISTS).join(', '))
    .action((kind: string) => {
      const entries = LISTS[kind];
      if (entries === undefined) {
        throw new UsageError(`list ${kind}: unknown, allowed are ${Object.keys(LISTS).join(', ')}`);
      }
      const width = Math.max(...entries.map(({ id }) => id.length));
      for (const { id, text } of entries) process.stdout.write(`${id.padEnd(width)}  ${text}\n`);
    });
}
