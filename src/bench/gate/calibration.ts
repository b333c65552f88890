/** What the gate can tell on this machine: its rule, tried on runs in which nothing has changed. Pure. */
import { type CalibratedMetric, type Calibration, calibrationSchema } from '../../contracts/gate.js';
import type { Prng } from '../../contracts/workload.js';
import { ascending, quantile } from '../../stats/quantile.js';
import { readDocument } from '../results-file.js';
import { judge } from './judge.js';
import { isLargerBetter, keyOf, type MetricName, type MetricSample } from './metrics.js';
import type { Thresholds } from './thresholds.js';
import { drawWindow } from './windows.js';

export interface CalibrationInput {
  /** Samples of all blocks, of the strategies and of their twins under the same names. */
  readonly originals: readonly MetricSample[];
  readonly twins: readonly MetricSample[];
  /** Trials of a baseline, and of a run. */
  readonly trials: number;
  readonly windows: number;
  readonly thresholds: Thresholds;
}

/** The power that is usually asked of a test (J. Cohen, "Statistical Power Analysis", 2nd edition, 1988, 2.4). */
const POWER = 0.8;

/**
 * Judges windows: each draws `trials` blocks for a baseline and as many others for a run, and of each block the sample of
 * the original or of its twin, by the toss of a coin: nothing differs between the two but the name, so that every alarm is
 * a false one. Metrics that are compared exactly have no noise and are left out, as are those with fewer blocks than a
 * window takes.
 *
 * A bound moves with its values, so that the change that would just have been told from none is known for each window:
 * that of 80 % of them is the smallest detectable one.
 */
export function calibrateMetrics(input: CalibrationInput, prng: Prng): CalibratedMetric[] {
  const twins = new Map(input.twins.map((sample) => [keyOf(sample), sample.samples]));
  return input.originals.flatMap(({ samples, ...name }) => {
    const ofTwins = twins.get(keyOf(name)) ?? [];
    const threshold = input.thresholds.of(name);
    const usable = Math.min(samples.length, ofTwins.length);
    if (typeof threshold !== 'number' || usable < 2 * input.trials) return [];
    if ([...samples, ...ofTwins].some((value) => value <= 0)) return [];
    return [calibrateMetric({ ...input, name, threshold, samples, ofTwins }, prng.fork(keyOf(name)))];
  });
}

/** @throws UsageError naming the file and the reason when it cannot be read or is not a calibration */
export function readCalibration(path: string): Calibration {
  return readDocument(calibrationSchema, path, 'calibration');
}

interface MetricInput extends CalibrationInput {
  readonly name: MetricName;
  readonly threshold: number;
  readonly samples: readonly number[];
  readonly ofTwins: readonly number[];
}

function calibrateMetric(input: MetricInput, prng: Prng): CalibratedMetric {
  const { name, threshold, samples, ofTwins, trials, windows } = input;
  const counts = { falseAlarms: 0, inconclusive: 0 };
  const detectable: number[] = [];
  for (let window = 0; window < windows; window++) {
    const drawn = drawWindow(Math.min(samples.length, ofTwins.length), trials, prng);
    const toss = (block: number): number =>
      (prng.integer(0, 1) === 0 ? samples : ofTwins)[block] ?? Number.NaN;
    const [baseline, run] = [drawn.baseline.map(toss), drawn.run.map(toss)];
    const { verdict, change } = judge({ ...name, threshold, baseline, run }, prng.fork(`window ${window}`));
    if (verdict === 'regressed') counts.falseAlarms++;
    if (verdict === 'inconclusive') counts.inconclusive++;
    if (change === null) continue;
    detectable.push(Math.max(0, isLargerBetter(name.metric) ? change.high - 1 : 1 / change.low - 1));
  }
  return {
    ...{ kind: name.kind, metric: name.metric },
    ...{ strategy: name.strategy, workload: name.workload, fault: name.fault },
    windows,
    threshold,
    ...counts,
    smallestDetectableChange: round(detectable.length === 0 ? 0 : quantile(ascending(detectable), POWER)),
  };
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
