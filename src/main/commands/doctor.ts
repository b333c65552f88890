/** `spr-bench doctor`: what is possible on this machine. */
import type { Command } from 'commander';
import pc from 'picocolors';
import { diagnose, renderDoctor } from '../../bench/doctor.js';
import { ExitCode } from '../exit-codes.js';

export function doctorCommand(command: Command): Command {
  return command.action(async () => {
    const findings = await diagnose();
    const text = renderDoctor(findings, { colour: process.stdout.isTTY === true && pc.isColorSupported });
    process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
    if (findings.some(({ status }) => status === 'missing')) process.exitCode = ExitCode.usage;
  });
}
