/** The result files of a soak: `soak.ndjson`, one fault per line, and `soak.json`; of a series of them `soak-series.json`. */
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../base/errors.js';
import { type SoakFault, type SoakSeries, type SoakSummary, soakSchema } from '../../contracts/soak.js';
import { readDocument } from '../results-file.js';

const FAULTS_FILE = 'soak.ndjson';
const SUMMARY_FILE = 'soak.json';
const SERIES_FILE = 'soak-series.json';

export class SoakFiles {
  readonly #faults: string;
  readonly #summary: string;

  /**
   * Those of an earlier soak in the same folder are replaced.
   *
   * @throws UsageError when the folder cannot be written
   */
  constructor(folder: string) {
    this.#faults = join(folder, FAULTS_FILE);
    this.#summary = join(folder, SUMMARY_FILE);
    try {
      mkdirSync(folder, { recursive: true });
      rmSync(this.#summary, { force: true });
      writeFileSync(this.#faults, '');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UsageError(`--out ${folder} cannot be written: ${reason}`, { cause: error });
    }
  }

  /** In one write: a crash leaves at most one partial line, and that at the end. */
  append(fault: SoakFault): void {
    appendFileSync(this.#faults, `${JSON.stringify(fault)}\n`);
  }

  /** A reader, or a crash, sees the old summary or the new one, never a part. */
  replaceSummary(summary: SoakSummary): void {
    replaceDocument(this.#summary, summary);
  }
}

/** Like {@link SoakFiles.replaceSummary}. @param folder exists: those of the soaks are in it */
export function replaceSeries(folder: string, series: SoakSeries): void {
  replaceDocument(join(folder, SERIES_FILE), series);
}

function replaceDocument(path: string, document: SoakSummary | SoakSeries): void {
  const temporary = `${path}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(document, null, 2)}\n`);
  renameSync(temporary, path);
}

/** @throws UsageError naming the file and the reason when it cannot be read or is not the summary of a soak */
export function readSoak(folder: string): SoakSummary {
  return readDocument(soakSchema, join(folder, SUMMARY_FILE), 'summary of a soak');
}
