/** `spr-bench report`: draws the reports of a stored run again, or compares several stored runs. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Command } from 'commander';
import { FILES_REPORTS, REPORTS } from '../../../reports/index.js';
import { RUNS_REPORTS } from '../../../reports/runs/index.js';
import { UsageError } from '../../base/errors.js';
import { type ComparedRun, compareRuns } from '../../bench/compare-runs.js';
import { type ReadingHandler, readResults, trialsPath } from '../../bench/read-results.js';
import { RunValues } from '../../bench/run-values.js';
import type { Results } from '../../contracts/report.js';
import type { TrialResult } from '../../contracts/results.js';
import { createReadingProgress } from '../reading-progress.js';
import {
  findAnyReport,
  findReport,
  findRunsReport,
  printReport,
  printText,
  writeReports,
  writeRunsReports,
} from '../render.js';
import { outputOptions } from '../terminal.js';

/** Charts are many files: so many are named, of more the folder is. */
const MOST_PATHS = 10;

interface Options {
  /** Ids separated by commas. */
  readonly format?: string;
  readonly out?: string;
  readonly interactive?: boolean;
}

export function reportCommand(command: Command): Command {
  const formats = [...REPORTS, ...FILES_REPORTS].map(({ id }) => id).join(', ');
  const ofRuns = RUNS_REPORTS.map(({ id }) => id).join(', ');
  return command
    .argument(
      '<run-dirs...>',
      'folders with trials.ndjson and summary.json; the first is the base of a comparison',
    )
    .option(
      '--format <ids>',
      `ids separated by commas: ${formats}; of several runs: ${ofRuns} (default: table, of one run also report.html)`,
    )
    .option('--out <folder>', 'write files there; without it one text goes to stdout, all else to the run')
    .option('--interactive', 'tooltips, strategies to hide and zoom in HTML, by a script in the file')
    .action((folders: string[], options: Options) => report(folders, options));
}

async function report([folder = '', ...others]: readonly string[], options: Options): Promise<void> {
  if (others.length > 0) return reportRuns([folder, ...others], options);
  const ids = options.format === undefined ? undefined : formatIds(options.format);
  if (ids !== undefined) for (const id of ids) findAnyReport(id);
  const isInteractive = interactiveOption(options, ids);
  await output(await readWithProgress(folder), ids, { out: options.out, folder, isInteractive });
}

/** Runs are read one after the other: only their values stay in memory. */
async function reportRuns(folders: readonly string[], options: Options): Promise<void> {
  const { format = 'table', out } = options;
  const ids = formatIds(format);
  const reports = ids.map(findRunsReport);
  const isInteractive = interactiveOption(options, ids);
  const [first, ...others] = reports;
  if (others.length > 0 && out === undefined) {
    throw new UsageError(`--format ${format}: several formats of several runs need --out <folder>`);
  }
  const runs: ComparedRun[] = [];
  for (const folder of folders) runs.push(await readComparedRun(folder));
  const comparison = compareRuns(runs);
  if (first !== undefined && out === undefined) {
    printText(
      await first.render(comparison, { ...outputOptions(process.stdout, process.env), isInteractive }),
    );
  } else tell(await writeRunsReports(reports, comparison, out ?? '', { isInteractive }));
}

async function readComparedRun(folder: string): Promise<ComparedRun> {
  const values = new RunValues();
  const { summary } = await readWithProgress(folder, (trial) => values.add(trial));
  return { folder, summary, values };
}

/** @throws UsageError where no HTML is drawn: nothing else can be interactive */
function interactiveOption({ interactive = false }: Options, ids: readonly string[] = ['html']): boolean {
  if (interactive && !ids.includes('html')) {
    throw new UsageError(`--interactive is for html, --format names ${ids.join(', ')}`);
  }
  return interactive;
}

/** Each once. */
function formatIds(format: string): string[] {
  return [...new Set(format.split(',').map((id) => id.trim()))];
}

async function output(
  results: Results,
  ids: readonly string[] | undefined,
  { out, folder, isInteractive }: { out: string | undefined; folder: string; isInteractive: boolean },
): Promise<void> {
  const [first, ...others] = ids ?? [];
  if (ids === undefined) {
    const paths = await writeReports([findReport('html')], results, out ?? folder, { isInteractive });
    await printReport('table', results);
    tell(paths);
  } else if (first !== undefined && others.length === 0 && out === undefined && isText(first)) {
    await printReport(first, results, { isInteractive });
  } else {
    tell(await writeReports(ids.map(findAnyReport), results, out ?? folder, { isInteractive }));
  }
}

function isText(id: string): boolean {
  return 'render' in findAnyReport(id);
}

function tell(paths: readonly string[]): void {
  const [first = ''] = paths;
  const lines = paths.length > MOST_PATHS ? [`${paths.length} files in ${dirname(first)}`] : paths;
  for (const line of lines) process.stderr.write(`report: ${line}\n`);
  if (paths.length === 0) process.stderr.write('report: no trial completed, there is nothing to draw\n');
}

async function readWithProgress(
  folder: string,
  onTrial: (trial: TrialResult) => void = () => {},
): Promise<Results> {
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
    onTrial,
  };
  try {
    return await readResults(folder, handler);
  } finally {
    progress.close();
  }
}
