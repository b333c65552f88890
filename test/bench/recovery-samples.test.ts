import { describe, expect, it } from 'vitest';
import { createPrng } from '../../src/base/prng.js';
import { RecoverySamples } from '../../src/bench/recovery-samples.js';
import type { ConnectionOutcome } from '../../src/contracts/results.js';
import { fixtureTrial } from '../fixtures/results.js';

const PHASES = { detectionMs: 1, redirectMs: 1, stateMs: 0, cryptoMs: 1, firstReplyMs: 1 };

function connection(index: number, recoveryTimeMs: number | null): ConnectionOutcome {
  const phases = recoveryTimeMs === null ? null : PHASES;
  const handshakes = { full: 0, resumed: 0 };
  return { index, fate: 'kept', cause: null, handshakes, recoveryTimeMs, interruptionMs: null, phases };
}

/** Trials with the given recovery times. */
function samplesOf(...trials: readonly (readonly (number | null)[])[]): RecoverySamples {
  const samples = new RecoverySamples();
  trials.forEach((times, index) => {
    samples.addTrial(
      { ...fixtureTrial().spec, index },
      times.map((ms, i) => connection(i, ms)),
    );
  });
  return samples;
}

describe('RecoverySamples', () => {
  it('has the recovery times of all trials, ascending', () => {
    expect([...samplesOf([3, null, 1], [2]).sorted()]).toEqual([1, 2, 3]);
  });

  it('gives an interval from six trials of each cell on', () => {
    const six = samplesOf([1], [2], [3], [4], [5], [6]);
    const interval = six.medianInterval(createPrng(1));
    expect(interval?.low).toBeLessThan(interval?.high ?? 0);
    expect(samplesOf([1], [2], [3], [4], [5]).medianInterval(createPrng(1))).toBeNull();
    expect(new RecoverySamples().medianInterval(createPrng(1))).toBeNull();
    const pooled = new RecoverySamples();
    pooled.merge(six);
    expect(pooled.medianInterval(createPrng(1))).toEqual(interval);
    pooled.merge(samplesOf([1]));
    expect(pooled.medianInterval(createPrng(1))).toBeNull();
  });

  it('shows the median connection of the trial that is most like all of them', () => {
    const example = samplesOf([100, 101, 102], [9, null, 10, 11], [1, 2, 3]).example();
    expect(example).toMatchObject({ trial: 1, connection: 2, recoveryTimeMs: 10, phases: PHASES });
  });

  it('has no example where nothing recovered', () => {
    expect(samplesOf([null, null]).example()).toBeNull();
  });
});
