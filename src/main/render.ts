/** Reports to stdout and to files. */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pc from 'picocolors';
import { REPORTS } from '../../reports/index.js';
import { UsageError } from '../base/errors.js';
import type { Report, Results } from '../contracts/report.js';

/** Of a terminal that does not tell its width, and of everything that is no terminal. */
const DEFAULT_WIDTH = 160;

/** @throws UsageError for an unknown id. */
export function findReport(id: string): Report {
  const report = REPORTS.find((candidate) => candidate.id === id);
  if (report !== undefined) return report;
  throw new UsageError(
    `--format ${id} is unknown, allowed are ${REPORTS.map((entry) => entry.id).join(', ')}`,
  );
}

/** Writes a report to stdout. */
export async function printReport(id: string, results: Results): Promise<void> {
  const { isTTY, columns } = process.stdout;
  const text = await findReport(id).render(results, {
    // Some terminals say 0.
    width: isTTY && columns > 0 ? columns : DEFAULT_WIDTH,
    // Undefined, not false, where it is no terminal.
    colour: isTTY === true && pc.isColorSupported,
  });
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Writes `report.html` and returns its path. An earlier one is replaced as a whole. */
export async function writeHtmlReport(results: Results, folder: string): Promise<string> {
  const path = join(folder, 'report.html');
  const text = await findReport('html').render(results, { width: DEFAULT_WIDTH, colour: false });
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
  return path;
}
