/** What charts need of one cell, from the same samples as its summary. */
import { type CellSeries, MAX_SAMPLES } from '../contracts/report.js';
import { thin } from '../stats/thin.js';
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
    survivorCpu: samples.survivorCpu(),
    faultEvents: samples.faultEvents(),
    example: samples.example(),
  };
}
