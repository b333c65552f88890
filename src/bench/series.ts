/** What charts need of one cell, from the same samples as its summary. */
import { type CellSeries, MAX_SAMPLES } from '../contracts/report.js';
import type { CellSamples } from './cell-samples.js';

/** Curves of a cell; null when it has no completed trial. */
export function cellSeries(
  name: Pick<CellSeries, 'strategy' | 'workload' | 'fault'>,
  samples: CellSamples,
): CellSeries | null {
  const curve = samples.throughputCurve();
  if (curve === null) return null;
  return {
    ...name,
    recoveryTimesMs: thin(samples.recoveryTimesMs(), MAX_SAMPLES),
    throughput: { binMs: curve.binMs, firstBin: curve.firstBin, repliesPerSecond: curve.perSecond },
    phases: samples.phases(),
  };
}

/**
 * At most `most` (>= 2) of the ascending values, evenly spaced by rank; the first and the last are always kept, so that the
 * range stays right.
 */
export function thin(sorted: ArrayLike<number>, most: number): number[] {
  const values = Array.from(sorted);
  if (values.length <= most) return values;
  const step = (values.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => values[Math.round(i * step)] ?? Number.NaN);
}
