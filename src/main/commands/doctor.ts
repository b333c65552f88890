/** `spr-bench doctor`: what is possible on this machine. */
import { Command } from 'commander';
import pc from 'picocolors';
import { diagnose, renderDoctor } from '../../bench/doctor.js';
import { ExitCode } from '../exit-codes.js';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('what is possible on this machine, and what would disturb a run')
    .action(async () => {
      const findings = await diagnose();
      const text = renderDoctor(findings, { colour: process.stdout.isTTY === true && pc.isColorSupported });
      process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
      if (findings.some(({ status }) => status === 'missing')) process.exitCode = ExitCode.usage;
    });
}
