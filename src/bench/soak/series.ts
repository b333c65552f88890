/** Soaks one after the other, of several strategies and intervals between faults: what goodput is against the interval. */
import { join } from 'node:path';
import type { SoakSeries, SoakSummary } from '../../contracts/soak.js';
import { captureEnvironment } from '../environment.js';
import { runSoak, type SoakContext, type SoakOptions } from './soak.js';
import { replaceSeries } from './soak-files.js';

/** One soak of a series. */
export type SeriesSoak = SoakOptions & { readonly faultEveryMs: number };

export interface SeriesContext extends Omit<SoakContext, 'options'> {
  /** At least one; they differ in strategy and interval only. */
  readonly soaks: readonly [SeriesSoak, ...SeriesSoak[]];
  /** Called before each soak. */
  readonly onSoak: (soak: SeriesSoak, index: number) => void;
}

/**
 * Each soak has result files of its own in a folder below; `soak-series.json` is replaced after each.
 *
 * @param run makes one soak, and its folder
 * @throws Error when a process of a soak cannot be started or fails
 */
export async function runSoakSeries(
  context: SeriesContext,
  run: (context: SoakContext) => Promise<SoakSummary> = runSoak,
): Promise<SoakSeries> {
  const { soaks, folder, rawOptions, signal, onSoak } = context;
  let series = emptySeries(context);
  for (const [index, options] of soaks.entries()) {
    if (signal.aborted) break;
    onSoak(options, index);
    const { faultEveryMs, strategy } = options;
    const name = `${strategy.plugin.id}-${faultEveryMs}ms`;
    const summary = await run({
      ...context,
      options,
      folder: join(folder, name),
      rawOptions: { ...rawOptions, strategies: strategy.specifier, faultEveryMs },
    });
    series = { ...series, soaks: [...series.soaks, soakOf(summary, faultEveryMs, name)] };
    const complete = series.soaks.length === soaks.length && series.soaks.every((soak) => soak.complete);
    series = { ...series, complete };
    replaceSeries(folder, series);
  }
  return series;
}

function emptySeries({ soaks: [first], command, rawOptions }: SeriesContext): SoakSeries {
  return {
    schemaVersion: 1,
    complete: false,
    startedAt: new Date().toISOString(),
    seed: first.seed,
    command,
    options: { ...rawOptions },
    environment: captureEnvironment(),
    workload: first.workload.specifier,
    faults: first.faults.map(({ id }) => id),
    soaks: [],
  };
}

function soakOf(summary: SoakSummary, faultEveryMs: number, folder: string): SoakSeries['soaks'][number] {
  const { strategy, complete, faults, goodput, requests, longestInterruptionMs, violations } = summary;
  return {
    strategy,
    faultEveryMs,
    folder,
    complete,
    injected: faults.reduce((sum, { injected }) => sum + injected, 0),
    disturbed: faults.reduce((sum, { disturbed }) => sum + disturbed, 0),
    goodput: goodput ?? null,
    requests,
    longestInterruptionMs,
    violations,
  };
}
