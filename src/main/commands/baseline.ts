/** `spr-bench baseline`: a run as a small file that later runs are compared with. */
import { Command } from 'commander';
import { formatBaseline, makeBaseline } from '../../bench/gate/baseline.js';
import { readStoredRun } from '../../bench/gate/stored-run.js';

export function baselineCommand(): Command {
  return new Command('baseline')
    .description('print the baseline of a stored run, for gate: ratios, counts and times, one line each')
    .argument('<run-dir>', 'folder with trials.ndjson and summary.json')
    .action(async (folder: string) => {
      const warn = (message: string): void => void process.stderr.write(`spr-bench: warning: ${message}\n`);
      process.stdout.write(formatBaseline(makeBaseline(await readStoredRun(folder, warn))));
    });
}
