/** `spr-bench baseline`: a run as a small file that later runs are compared with. */
import type { Command } from 'commander';
import { formatBaseline, makeBaseline } from '../../bench/gate/baseline.js';
import { readStoredRun } from '../../bench/gate/stored-run.js';

export function baselineCommand(command: Command): Command {
  return command
    .argument('<run-dir>', 'folder with trials.ndjson and summary.json')
    .action(async (folder: string) => {
      const warn = (message: string): void => void process.stderr.write(`spr-bench: warning: ${message}\n`);
      process.stdout.write(formatBaseline(makeBaseline(await readStoredRun(folder, warn))));
    });
}
