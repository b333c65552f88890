/** `spr-bench gate`: whether a run is worse than a baseline. */
import { Command } from 'commander';
import pc from 'picocolors';
import { UsageError } from '../../base/errors.js';
import { readBaseline } from '../../bench/gate/baseline.js';
import { readCalibration } from '../../bench/gate/calibration.js';
import { gate } from '../../bench/gate/gate.js';
import { renderGate } from '../../bench/gate/gate-text.js';
import { readStoredRun } from '../../bench/gate/stored-run.js';
import { readThresholds, Thresholds } from '../../bench/gate/thresholds.js';
import type { GateResult } from '../../contracts/gate.js';
import { ExitCode } from '../exit-codes.js';

interface GateOptions {
  readonly baseline?: string;
  readonly config?: string;
  readonly calibration?: string;
  readonly json?: boolean;
}

const EXIT_CODES: Readonly<Record<GateResult['verdict'], number>> = {
  pass: ExitCode.ok,
  regression: ExitCode.regression,
  inconclusive: ExitCode.inconclusive,
  violation: ExitCode.violation,
};

export function gateCommand(): Command {
  return new Command('gate')
    .description(
      'compare a stored run with a baseline: exit 0 pass, 3 violation, 4 regression, 5 inconclusive',
    )
    .argument('[run-dir]', 'folder with trials.ndjson and summary.json')
    .option('--baseline <file>', 'what `spr-bench baseline` wrote')
    .option('--config <file>', 'JSON file with thresholds by kind and metric')
    .option('--calibration <file>', 'what `spr-bench calibrate` wrote: thresholds below it are refused')
    .option('--json', 'print one JSON document')
    .action(async (folder: string | undefined, options: GateOptions) => {
      process.exitCode = await gateRun(folder, options);
    });
}

async function gateRun(folder: string | undefined, options: GateOptions): Promise<number> {
  if (folder === undefined) throw new UsageError('gate: the folder of a run is missing');
  if (options.baseline === undefined) throw new UsageError('gate: --baseline <file> is missing');
  const warn = (message: string): void => void process.stderr.write(`spr-bench: warning: ${message}\n`);
  const result = gate({
    baseline: readBaseline(options.baseline),
    thresholds: options.config === undefined ? new Thresholds() : readThresholds(options.config),
    calibration: options.calibration === undefined ? undefined : readCalibration(options.calibration),
    run: await readStoredRun(folder, warn),
  });
  const colour = process.stdout.isTTY === true && pc.isColorSupported;
  process.stdout.write(
    options.json === true ? `${JSON.stringify(result, null, 2)}\n` : renderGate(result, { colour }),
  );
  return EXIT_CODES[result.verdict];
}
