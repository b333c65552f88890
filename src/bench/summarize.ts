/** The summary of a run, built one trial at a time with memory bounded by its samples, not by its trials. */
import { compareNaturally } from '../base/natural-order.js';
import type { CellSeries } from '../contracts/report.js';
import type { Cell, Comparison, StrategySummary, Summary, TrialResult } from '../contracts/results.js';
import type { Prng } from '../contracts/workload.js';
import { CellSamples } from './cell-samples.js';
import { PairedValues } from './comparisons.js';
import { cellSeries } from './series.js';
import { SweepSamples } from './sweep-samples.js';

export interface StrategyHeading {
  readonly id: string;
  readonly title: string;
}

/** The part of a summary that comes from the trials. */
export type TrialSummary = Pick<
  Summary,
  'reference' | 'strategies' | 'cells' | 'comparisons' | 'sweeps' | 'rejected' | 'violations'
>;

interface CellEntry {
  readonly strategy: string;
  readonly workload: string;
  readonly fault: string;
  readonly samples: CellSamples;
}

/** The strategy that ratios are against, when it takes part. */
const USUAL_REFERENCE = 'full-handshake';

/**
 * Takes the trials of a run in any order. Only completed trials enter the aggregates; the others are counted and listed
 * with their reasons. Violations are collected from all of them.
 */
export class RunAccumulator {
  readonly #titles: Map<string, string>;
  readonly #prng: Prng;
  readonly #cells = new Map<string, CellEntry>();
  readonly #pairs = new PairedValues();
  readonly #sweeps = new SweepSamples();
  readonly #rejected: Summary['rejected'] = [];
  readonly #violations: string[] = [];

  /**
   * @param strategies in the order in which they are to be shown; one that only occurs in trials is put at the end
   * @param prng for the bootstrap intervals
   */
  constructor(strategies: readonly StrategyHeading[], prng: Prng) {
    this.#titles = new Map(strategies.map(({ id, title }) => [id, title]));
    this.#prng = prng;
  }

  /** @throws RangeError when the throughput bins cannot be averaged with those of the earlier trials */
  add(trial: TrialResult): void {
    const { index, strategy, workload, fault } = trial.spec;
    if (!this.#titles.has(strategy)) this.#titles.set(strategy, strategy);
    this.#samplesOf(strategy, workload, fault).add(trial);
    this.#pairs.add(trial);
    this.#sweeps.add(trial);
    for (const violation of trial.violations) {
      this.#violations.push(`trial ${index} (${strategy}, ${workload}, ${fault}): ${violation}`);
    }
    if (trial.status === 'completed') return;
    this.#rejected.push({ index, strategy, workload, fault, status: trial.status, reasons: trial.reasons });
  }

  summary(): TrialSummary {
    const reference = this.#reference();
    const cells = this.#sortedCells().map((entry) => this.#cell(entry));
    const sweeps = this.#sweeps.results(cells);
    return {
      reference,
      strategies: [...this.#titles].map(([id, title]) => this.#strategySummary(id, title)),
      cells,
      comparisons: this.comparisons(),
      ...(sweeps.length > 0 && { sweeps }),
      rejected: [...this.#rejected].sort((a, b) => a.index - b.index),
      violations: [...this.#violations],
    };
  }

  /** Of the trials so far. */
  comparisons(): Comparison[] {
    const comparisons = this.#pairs.comparisons(this.#reference(), this.#prng);
    return comparisons.sort((a, b) => this.#compareNames(a, b));
  }

  /** Of the cells with a completed trial, in the order of the summary's cells. */
  series(): CellSeries[] {
    return this.#sortedCells().flatMap(({ samples, ...name }) => cellSeries(name, samples) ?? []);
  }

  #samplesOf(strategy: string, workload: string, fault: string): CellSamples {
    const key = JSON.stringify([strategy, workload, fault]);
    const entry = this.#cells.get(key) ?? { strategy, workload, fault, samples: new CellSamples() };
    this.#cells.set(key, entry);
    return entry.samples;
  }

  #reference(): string {
    const [first = USUAL_REFERENCE] = this.#titles.keys();
    return this.#titles.has(USUAL_REFERENCE) ? USUAL_REFERENCE : first;
  }

  #strategySummary(id: string, title: string): StrategySummary {
    const pooled = new CellSamples();
    for (const { strategy, samples } of this.#sortedCells()) if (strategy === id) pooled.merge(samples);
    return { id, title, ...pooled.aggregate(this.#intervalPrng(id)) };
  }

  #cell({ strategy, workload, fault, samples }: CellEntry): Cell {
    const prng = this.#intervalPrng(strategy, workload, fault);
    return { strategy, workload, fault, ...samples.aggregate(prng) };
  }

  /** One of its own for each interval: it does not depend on which others there are. */
  #intervalPrng(...name: readonly string[]): Prng {
    return this.#prng.fork(JSON.stringify(['recoveryP50', ...name]));
  }

  #sortedCells(): CellEntry[] {
    return [...this.#cells.values()].sort((a, b) => this.#compareNames(a, b));
  }

  /** By workload, fault, then in the order of the strategies: the order in which trials ran does not show. */
  #compareNames(a: Omit<CellEntry, 'samples'>, b: Omit<CellEntry, 'samples'>): number {
    const strategies = [...this.#titles.keys()];
    return (
      compareNaturally(a.workload, b.workload) ||
      compareNaturally(a.fault, b.fault) ||
      strategies.indexOf(a.strategy) - strategies.indexOf(b.strategy)
    );
  }
}
