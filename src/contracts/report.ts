/** The contract of a report: a pure function from results to text, or to files. It reads no file and asks no clock. */

import type { MicroResult } from './micro.js';
import type { ConnectionOutcome, Phases, Summary } from './results.js';
import type { RunComparison } from './run-comparison.js';
import type { StateField } from './strategy.js';

/** What charts need beyond the summary, of one cell (strategy x workload x fault), over its completed trials. */
export interface CellSeries {
  readonly strategy: string;
  readonly workload: string;
  readonly fault: string;
  /** Recovery time of each connection that has one, ms, ascending. At most {@link MAX_SAMPLES}, evenly thinned. */
  readonly recoveryTimesMs: readonly number[];
  /** Mean verified replies per second in bins around the fault. */
  readonly throughput: {
    readonly binMs: number;
    readonly firstBin: number;
    readonly repliesPerSecond: readonly number[];
  };
  /** Median of each phase over all recovered connections; null when none recovered. */
  readonly phases: Phases | null;
  /** Mean number of cores that the surviving replicas kept busy, in bins around the fault; null when it is not stored. */
  readonly survivorCpu: {
    readonly binMs: number;
    readonly firstBin: number;
    readonly cores: readonly number[];
  } | null;
  /** What the fault did, in order: medians over the trials, ms after the first action. Empty in files that do not tell. */
  readonly faultEvents: readonly {
    readonly action: string;
    readonly replica: number | null;
    readonly ms: number;
  }[];
  /** One connection that stands for the others; null when none recovered. */
  readonly example: RecoveryExample | null;
}

/** A connection whose recovery time is the median of its trial, from the trial nearest to the median of all. */
export interface RecoveryExample extends Pick<ConnectionOutcome, 'fate' | 'handshakes' | 'interruptionMs'> {
  /** Index of the trial in the run. */
  readonly trial: number;
  /** Index of the connection in the trial. */
  readonly connection: number;
  readonly recoveryTimeMs: number;
  readonly phases: Phases;
}

/** Enough for a smooth ECDF, small enough for an HTML file. */
export const MAX_SAMPLES = 500;

export interface StrategyDescription {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  /** Whether all replicas hold the same session ticket keys. */
  readonly sharesTicketKeys: boolean;
  readonly replicates: readonly { readonly field: StateField; readonly meaning: string }[];
}

export interface Results {
  readonly summary: Summary;
  readonly series: readonly CellSeries[];
  readonly strategies: readonly StrategyDescription[];
  /** The steps of a recovery and what recoveries of this run cost, where `spr-bench micro` was run for it. */
  readonly micro?: MicroResult;
}

export interface ReportOptions {
  /** Columns of the terminal; files ignore it. */
  readonly width: number;
  readonly colour: boolean;
  /** Whether the terminal shows characters beyond ASCII; default true. */
  readonly unicode?: boolean;
  /** Whether an HTML report gets tooltips, strategies to hide and zoom, which take a script; default: not. */
  readonly isInteractive?: boolean;
}

export interface Report {
  /** Kebab-case, unique; `spr-bench report --format ID`. */
  readonly id: string;
  readonly title: string;
  /** Extension of the file it fills, without the dot. */
  readonly extension: string;
  /** Name of that file without its extension; default `report`. No two reports fill the same file. */
  readonly fileName?: string;
  render(results: Results, options: ReportOptions): string | Promise<string>;
}

/** One file of a {@link FilesReport}. */
export interface ReportFile {
  /** Safe as the name of a file on any system: lower-case letters, digits, `-`, and one dot before the extension. */
  readonly name: string;
  readonly content: string | Uint8Array;
}

/** A report that is several files, or not text: it has no place on stdout. */
export interface FilesReport {
  /** Kebab-case, unique among all reports; `spr-bench report --format ID`. */
  readonly id: string;
  readonly title: string;
  /** None when there is nothing to draw. @throws UsageError when the machine lacks what it takes. */
  renderFiles(results: Results): Promise<readonly ReportFile[]>;
}

/** A report about several runs: pure, as {@link Report} is. */
export interface RunsReport {
  /** Kebab-case, unique among its kind; `spr-bench report A B --format ID`. */
  readonly id: string;
  readonly title: string;
  readonly extension: string;
  render(comparison: RunComparison, options: ReportOptions): string | Promise<string>;
}
