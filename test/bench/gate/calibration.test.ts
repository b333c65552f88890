import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createPrng } from '../../../src/base/prng.js';
import { calibrateMetrics, readCalibration } from '../../../src/bench/gate/calibration.js';
import { renderCalibration } from '../../../src/bench/gate/calibration-text.js';
import { judge } from '../../../src/bench/gate/judge.js';
import type { MetricSample } from '../../../src/bench/gate/metrics.js';
import { Thresholds } from '../../../src/bench/gate/thresholds.js';
import { type CalibratedMetric, type Calibration, calibrationSchema } from '../../../src/contracts/gate.js';
import { temporaryFolder } from '../../system/support/folder.js';

const NAME = {
  kind: 'ratio' as const,
  metric: 'recoveryTimeMs',
  strategy: 'spr',
  workload: 'request-reply',
  fault: 'kill',
};
const TRIALS = 6;
/** Each is 4,000 resamples. */
const WINDOWS = 20;

/** Values that spread evenly by `spread` on either side of `centre`, in logarithms. */
function sample(seed: number, count: number, spread: number, centre = 0.3): number[] {
  const prng = createPrng(seed);
  return Array.from({ length: count }, () => centre * Math.exp(spread * (2 * prng.uniform() - 1)));
}

function calibrateWith(
  originals: readonly number[],
  twins: readonly number[],
  changes: Partial<MetricSample> = {},
  trials = TRIALS,
  thresholds = new Thresholds(),
  windows = WINDOWS,
): CalibratedMetric[] {
  return calibrateMetrics(
    {
      originals: [{ ...NAME, ...changes, samples: originals }],
      twins: [{ ...NAME, ...changes, samples: twins }],
      trials,
      windows,
      thresholds,
    },
    createPrng(7),
  );
}

function only(metrics: readonly CalibratedMetric[]): CalibratedMetric {
  const [metric] = metrics;
  if (metric === undefined || metrics.length > 1)
    throw new Error(`one metric is expected, not ${metrics.length}`);
  return metric;
}

describe('calibrateMetrics', () => {
  it('finds no alarm in noise that the threshold tolerates', () => {
    const metric = only(calibrateWith(sample(1, 24, 0.15), sample(2, 24, 0.15)));
    expect(metric).toMatchObject({
      ...NAME,
      windows: WINDOWS,
      threshold: 0.25,
      falseAlarms: 0,
      inconclusive: 0,
    });
    expect(metric.smallestDetectableChange).toBeGreaterThan(0.02);
    expect(metric.smallestDetectableChange).toBeLessThan(0.3);
  });

  it('finds nothing where nothing varies', () => {
    const flat = only(calibrateWith(sample(1, 24, 1e-6), sample(2, 24, 1e-6)));
    expect(flat).toMatchObject({ falseAlarms: 0, inconclusive: 0 });
    expect(flat.smallestDetectableChange).toBeLessThan(1e-5);
  });

  it('counts the alarms that an interval of 95 % raises, when nothing is tolerated', () => {
    const thresholds = new Thresholds({ thresholds: { ratio: { recoveryTimeMs: 1e-9 } } });
    const metric = only(calibrateWith(sample(1, 40, 0.2), sample(2, 40, 0.2), {}, TRIALS, thresholds, 150));
    // 2.5 % are alarms by design, and somewhat more with so few trials.
    expect(metric.falseAlarms).toBeGreaterThan(0);
    expect(metric.falseAlarms).toBeLessThan(0.15 * metric.windows);
  });

  it('says inconclusive of noise that the threshold cannot tell', () => {
    const metric = only(calibrateWith(sample(1, 24, 1.5), sample(2, 24, 1.5)));
    expect(metric.inconclusive).toBeGreaterThan(WINDOWS / 2);
  });

  it('names the change that about four of five runs detect', () => {
    const { smallestDetectableChange } = only(calibrateWith(sample(1, 24, 0.15), sample(2, 24, 0.15)));
    const rounds = 100;
    let detected = 0;
    for (let round = 0; round < rounds; round++) {
      const baseline = sample(1000 + round, TRIALS, 0.15);
      const run = sample(5000 + round, TRIALS, 0.15).map((value) => value * (1 + smallestDetectableChange));
      const { change } = judge({ ...NAME, threshold: 0.25, baseline, run }, createPrng(round));
      if (change !== null && change.low > 1) detected++;
    }
    // 24 blocks do not stand for the whole distribution.
    expect(detected / rounds).toBeGreaterThan(0.6);
    expect(detected / rounds).toBeLessThan(0.97);
  });

  it('takes less for worse where more is better', () => {
    const better = { metric: 'throughputBeforePerSecond' };
    const [originals, twins] = [sample(1, 24, 0.1), sample(2, 24, 0.1)];
    const inverse = (values: readonly number[]): number[] => values.map((value) => 1 / value);
    const throughput = only(calibrateWith(inverse(originals), inverse(twins), better));
    const time = only(calibrateWith(originals, twins));
    expect(throughput.smallestDetectableChange).toBeCloseTo(time.smallestDetectableChange, 1);
  });

  it('needs smaller changes with more trials', () => {
    const [originals, twins] = [sample(1, 48, 0.3), sample(2, 48, 0.3)];
    const few = only(calibrateWith(originals, twins, {}, 6));
    const many = only(calibrateWith(originals, twins, {}, 24));
    expect(many.smallestDetectableChange).toBeLessThan(few.smallestDetectableChange);
  });

  it('leaves out what has no noise to calibrate, or too few samples for two windows', () => {
    const exact = { kind: 'count' as const, metric: 'replicatedBytesPerConnection' };
    expect(calibrateWith(sample(1, 24, 0.1), sample(2, 24, 0.1), exact)).toEqual([]);
    expect(calibrateWith(sample(1, 11, 0.1), sample(2, 24, 0.1))).toEqual([]);
    expect(calibrateWith([0, ...sample(1, 23, 0.1)], sample(2, 24, 0.1))).toEqual([]);
  });
});

describe('the file of a calibration', () => {
  const calibration: Calibration = {
    schemaVersion: 1,
    sprBench: '0.1.0',
    startedAt: '2026-03-02T09:00:00.000Z',
    seed: 1,
    command: 'spr-bench calibrate --seed 1',
    fingerprint: {
      platform: 'linux-x64',
      kernel: '6.1.0',
      cpuModel: 'Example CPU',
      cores: 2,
      node: '20.20.2',
      openssl: '3.0.17',
    },
    conditions: [{ workload: 'request-reply', fault: 'kill', options: { rttMs: 0 } }],
    trials: TRIALS,
    blocks: 24,
    metrics: calibrateWith(sample(1, 24, 0.15), sample(2, 24, 0.15)),
  };

  it('is read as it was written, and refused when it is something else', () => {
    const path = join(temporaryFolder(), 'calibration.json');
    writeFileSync(path, JSON.stringify(calibration));
    expect(readCalibration(path)).toEqual(calibration);
    expect(calibrationSchema.safeParse(calibration).error).toBeUndefined();
    writeFileSync(path, JSON.stringify({ ...calibration, trials: 'six' }));
    expect(() => readCalibration(path)).toThrow('not a calibration: trials');
  });

  it('shows rates with their number of windows', () => {
    const text = renderCalibration(calibration);
    expect(text).toContain('request-reply, kill  spr  recoveryTimeMs (ratio)');
    expect(text).toContain(`0/${WINDOWS}`);
    expect(text).toContain('a baseline and a run of 6 trials, drawn from 24 blocks');
  });
});
