/** Reports to stdout and to files. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FILES_REPORTS, REPORTS } from '../../reports/index.js';
import { RUNS_REPORTS } from '../../reports/runs/index.js';
import { UsageError } from '../base/errors.js';
import type {
  FilesReport,
  Report,
  ReportFile,
  ReportOptions,
  Results,
  RunsReport,
} from '../contracts/report.js';
import type { RunComparison } from '../contracts/run-comparison.js';
import { outputOptions } from './terminal.js';

/** Files have no width; what is made for a terminal gets that of a wide one. */
const FILE_OPTIONS: ReportOptions = { width: 160, colour: false };

/** What somebody may choose for files. */
export type FileOptions = Pick<ReportOptions, 'isInteractive'>;

/** Other names that people type. */
const ALIASES: Readonly<Record<string, string>> = { md: 'markdown' };

/** @throws UsageError for an unknown id, or one of a report that is no text. */
export function findReport(id: string): Report {
  const report = findAnyReport(id);
  if ('render' in report) return report;
  throw new UsageError(`--format ${id} makes files, it cannot be printed`);
}

/** @throws UsageError naming what is allowed. */
export function findAnyReport(id: string): Report | FilesReport {
  const all = [...REPORTS, ...FILES_REPORTS];
  const report = all.find((candidate) => candidate.id === (ALIASES[id] ?? id));
  if (report !== undefined) return report;
  throw new UsageError(`--format ${id} is unknown, allowed are ${all.map((entry) => entry.id).join(', ')}`);
}

/** @throws UsageError naming what is allowed. */
export function findRunsReport(id: string): RunsReport {
  const report = RUNS_REPORTS.find((candidate) => candidate.id === (ALIASES[id] ?? id));
  if (report !== undefined) return report;
  const allowed = RUNS_REPORTS.map((entry) => entry.id).join(', ');
  throw new UsageError(`--format ${id} is not for several runs, allowed are ${allowed}`);
}

/** Writes a report to stdout. */
export async function printReport(id: string, results: Results, options: FileOptions = {}): Promise<void> {
  const report = findReport(id);
  printText(await report.render(results, { ...outputOptions(process.stdout, process.env), ...options }));
}

export function printText(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Writes `report.html` and returns its path. An earlier one is replaced as a whole. */
export async function writeHtmlReport(
  results: Results,
  folder: string,
  options: FileOptions = {},
): Promise<string> {
  const [path = folder] = await writeReports([findReport('html')], results, folder, options);
  return path;
}

/**
 * Writes the files of each report and returns their paths. Everything is drawn before anything is written.
 *
 * @throws UsageError when the folder cannot be written
 */
export async function writeReports(
  reports: readonly (Report | FilesReport)[],
  results: Results,
  folder: string,
  options: FileOptions = {},
): Promise<string[]> {
  const files: ReportFile[] = [];
  for (const report of reports) files.push(...(await drawFiles(report, results, options)));
  return writeFiles(files, folder);
}

/** Writes `comparison.html` and so on, and returns the paths. */
export async function writeRunsReports(
  reports: readonly RunsReport[],
  comparison: RunComparison,
  folder: string,
  options: FileOptions = {},
): Promise<string[]> {
  const files: ReportFile[] = [];
  for (const { extension, render } of reports) {
    files.push({
      name: `comparison.${extension}`,
      content: await render(comparison, { ...FILE_OPTIONS, ...options }),
    });
  }
  return writeFiles(files, folder);
}

async function drawFiles(
  report: Report | FilesReport,
  results: Results,
  options: FileOptions,
): Promise<readonly ReportFile[]> {
  if ('renderFiles' in report) return report.renderFiles(results);
  const { fileName = 'report', extension } = report;
  return [
    {
      name: `${fileName}.${extension}`,
      content: await report.render(results, { ...FILE_OPTIONS, ...options }),
    },
  ];
}

/** @throws UsageError when the folder cannot be made or written. */
export function writeFiles(files: readonly ReportFile[], folder: string): string[] {
  try {
    mkdirSync(folder, { recursive: true });
    return files.map(({ name, content }) => replaceFile(join(folder, name), content));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${folder} cannot be written, --out names another folder: ${reason}`, {
      cause: error,
    });
  }
}

/** A reader, or a crash, sees the old file or the new one. */
function replaceFile(path: string, content: string | Uint8Array): string {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  return path;
}
