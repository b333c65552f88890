/** `spr-bench micro`: prints what the steps of a recovery cost. */
import { Command } from 'commander';
import { UsageError } from '../../base/errors.js';
import { type MicroResult, runMicro } from '../../bench/micro.js';

const MAX_TIME_MS = 60_000;

export function microCommand(): Command {
  return new Command('micro')
    .description('what the steps of a recovery cost, each measured alone')
    .option('--time-ms <ms>', 'time for each step', '300')
    .option('--json', 'print one JSON document')
    .action(async ({ timeMs, json }: { timeMs: string; json?: boolean }) => {
      const results = await runMicro(parseTime(timeMs));
      process.stdout.write(json === true ? `${JSON.stringify(results, null, 2)}\n` : renderTable(results));
    });
}

function parseTime(text: string): number {
  const timeMs = Number(text);
  if (timeMs >= 1 && timeMs <= MAX_TIME_MS) return timeMs;
  throw new UsageError(`--time-ms ${text}: must be a number from 1 to ${MAX_TIME_MS}`);
}

function renderTable(results: readonly MicroResult[]): string {
  const width = Math.max(...results.map(({ name }) => name.length));
  const head = `${'step'.padEnd(width)}  p50 us  p99 us    samples`;
  const rows = results.map(
    ({ name, medianUs, p99Us, samples }) =>
      `${name.padEnd(width)}  ${medianUs.toFixed(2).padStart(6)}  ${p99Us.toFixed(2).padStart(6)}  ${String(samples).padStart(9)}`,
  );
  return `${[head, ...rows].join('\n')}\n`;
}
