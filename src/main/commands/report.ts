/** `spr-bench report`: draws the reports of a stored run again, or compares several stored runs. */
import { statSync } from 'node:fs';
import { Command } from 'commander';
import { FILES_REPORTS, REPORTS } from '../../../reports/index.js';
import { type ReadingHandler, readResults, trialsPath } from '../../bench/read-results.js';
import type { Results } from '../../contracts/report.js';
import { createReadingProgress } from '../reading-progress.js';
import { findAnyReport, findReport, printReport, writeReports } from '../render.js';

interface Options {
  /** Ids separated by commas. */
  readonly format?: string;
  readonly out?: string;
}

export function reportCommand(): Command {
  const formats = [...REPORTS, ...FILES_REPORTS].map(({ id }) => id).join(', ');
  return new Command('report')
    .description('draw the reports of a stored run again')
    .argument('<run-dir>', 'folder with trials.ndjson and summary.json')
    .option('--format <ids>', `ids separated by commas: ${formats} (default: table, and report.html)`)
    .option('--out <folder>', 'write files there; without it one text goes to stdout, all else to the run')
    .action(report);
}

async function report(folder: string, { format, out }: Options): Promise<void> {
  const ids = format === undefined ? undefined : formatIds(format);
  const results = await readWithProgress(folder);
  await output(results, ids, { out, folder });
}

/** Each id once, all of them known before anything is read. */
function formatIds(format: string): string[] {
  const ids = [...new Set(format.split(',').map((id) => id.trim()))];
  for (const id of ids) findAnyReport(id);
  return ids;
}

async function output(
  results: Results,
  ids: readonly string[] | undefined,
  { out, folder }: { out: string | undefined; folder: string },
): Promise<void> {
  const [first, ...others] = ids ?? [];
  if (ids === undefined) {
    const paths = await writeReports([findReport('html')], results, out ?? folder);
    await printReport('table', results);
    tell(paths);
  } else if (first !== undefined && others.length === 0 && out === undefined && isText(first)) {
    await printReport(first, results);
  } else {
    tell(await writeReports(ids.map(findAnyReport), results, out ?? folder));
  }
}

function isText(id: string): boolean {
  return 'render' in findAnyReport(id);
}

function tell(paths: readonly string[]): void {
  for (const path of paths) process.stderr.write(`report: ${path}\n`);
}

async function readWithProgress(folder: string): Promise<Results> {
  const path = trialsPath(folder);
  const progress = createReadingProgress({
    path,
    totalBytes: statSync(path, { throwIfNoEntry: false })?.size ?? 0,
    stream: process.stderr,
    nowMs: () => performance.now(),
  });
  const handler: ReadingHandler = {
    warn: (message) => {
      progress.close();
      process.stderr.write(`spr-bench: warning: ${message}\n`);
    },
    onRead: (bytes) => progress.read(bytes),
  };
  try {
    return await readResults(folder, handler);
  } finally {
    progress.close();
  }
}
