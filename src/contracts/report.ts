/** The contract of a report: a pure function from results to text. It reads no file and asks no clock. */

import type { Phases, Summary } from './results.js';
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
}

/** Enough for a smooth ECDF, small enough for an HTML file. */
export const MAX_SAMPLES = 500;

export interface StrategyDescription {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly replicates: readonly { readonly field: StateField; readonly meaning: string }[];
}

export interface Results {
  readonly summary: Summary;
  readonly series: readonly CellSeries[];
  readonly strategies: readonly StrategyDescription[];
}

export interface ReportOptions {
  /** Columns of the terminal; files ignore it. */
  readonly width: number;
  readonly colour: boolean;
}

export interface Report {
  /** Kebab-case, unique; `spr-bench report --format ID`. */
  readonly id: string;
  readonly title: string;
  /** Extension of the file it fills, without the dot. */
  readonly extension: string;
  render(results: Results, options: ReportOptions): string | Promise<string>;
}
