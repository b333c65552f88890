/**
 * The goals of recovery, growth and memory, measured by the library as any program could: one table of what was measured,
 * the goal, and whether it is met.
 *
 * `npm run bench:recovery -- [--only PART,...] [--trials N] [--quick] [--seed N] [--out FOLDER]`. Parts are `busy`, `stall`,
 * `idle`, `cpu`, `growth`, `bytes`, `age` and `memory`; all of them take about 40 minutes on two quiet cores, `--quick` shows
 * in four that they work. Figures are medians (least to greatest) of trials, or values with their 95 % interval where a ratio or a slope
 * is meant. The result files of each run are left in the folder. Exit code 3 when a trial violated what is promised.
 *
 * Known gap: the load client, the director and the replicas share the machine's cores, so that times of large trials say how
 * long all of them together take.
 */
import { UsageError } from '../../src/base/errors.js';
import { ExitCode, onInterruption } from '../../src/main/exit-codes.js';
import { parseRecoveryOptions, usageText } from './options.js';
import { FULL, PARTS, QUICK } from './parts.js';
import { type MeasuredPart, type Note, renderTable } from './table.js';

const IDS = PARTS.map(({ id }) => id);

async function main(signal: AbortSignal): Promise<void> {
  const { only, quick, out: folder, seed, trials } = parseRecoveryOptions(process.argv.slice(2), IDS);
  const notes: Note[] = [];
  const measured: MeasuredPart[] = [];
  const note = (kind: Note['kind'], text: string): void => void notes.push({ kind, text });
  try {
    for (const part of PARTS.filter(({ id }) => only.includes(id))) {
      const sizes = quick ? QUICK : FULL;
      measured.push({ ...part, rows: await part.measure({ sizes, folder, seed, trials, signal, note }) });
    }
  } finally {
    // Also what was measured before something went wrong.
    if (measured.length > 0) process.stdout.write(renderTable(measured, notes));
  }
  if (notes.some(({ kind }) => kind === 'violation')) process.exitCode = ExitCode.violation;
}

const interruption = onInterruption();
try {
  await main(interruption.signal);
} catch (error) {
  const code = interruption.exitCode();
  if (code === undefined && !(error instanceof UsageError)) throw error;
  if (code === undefined)
    process.stderr.write(`${error instanceof Error ? error.message : error}\n${usageText(IDS)}\n`);
  process.exitCode = code ?? ExitCode.usage;
} finally {
  interruption.release();
}
