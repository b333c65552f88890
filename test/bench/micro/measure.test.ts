import { describe, expect, it } from 'vitest';
import { measureSteps, ROUNDS } from '../../../src/bench/micro/measure.js';
import type { CallStep, TurnsStep } from '../../../src/bench/micro/step.js';

const IGNORED = { measuring() {} };

function callStep(id: string, call: () => void, operations = 1): CallStep {
  return { kind: 'call', id, group: 'group', title: id, operations, call, verify() {} };
}

/** Takes the time that its stopwatch is told, not that of the machine. */
function fixedStep(elapsedUs: () => number, operations: number): TurnsStep {
  return {
    kind: 'turns',
    id: 'fixed',
    group: 'group',
    title: 'fixed',
    operations,
    run: async (stopwatch) => {
      const value = elapsedUs();
      Object.defineProperties(stopwatch, { elapsedUs: { value }, cpuUs: { value: value * 2 } });
    },
    verify: async () => {},
  };
}

describe('measuring', () => {
  it('goes round all steps, one round after the other', async () => {
    const seen: string[] = [];
    await measureSteps([callStep('a', () => {}), callStep('b', () => {})], 1, {
      measuring: ({ id }, { round, index }) => seen.push(`${id}${index}${round}`),
    });
    const rounds = Array.from({ length: ROUNDS }, (_, round) => [`a0${round}`, `b1${round}`]);
    expect(seen).toEqual(rounds.flat());
  });

  it('gives the cost of one operation, not of a batch', async () => {
    const [step] = await measureSteps([fixedStep(() => 500, 50)], 1, IGNORED);
    expect(step?.timeUs.median).toBeCloseTo(10, 6);
    expect(step?.timeUs.low).toBeCloseTo(10, 6);
    expect(step?.timeUs.high).toBeCloseTo(10, 6);
    expect(step?.cpuUs).toBeCloseTo(20, 6);
    expect(step?.samples).toBeGreaterThanOrEqual(3 * ROUNDS);
  });

  it('puts the median in its interval, which shows what differs', async () => {
    let call = 0;
    const elapsedUs = (): number => {
      call += 1;
      return 100 + (call % 7);
    };
    const [step] = await measureSteps([fixedStep(elapsedUs, 1)], 5, IGNORED);
    const { median, low, high } = step?.timeUs ?? { median: 0, low: 0, high: 0 };
    expect(low).toBeGreaterThanOrEqual(100);
    expect(median).toBeGreaterThanOrEqual(low);
    expect(high).toBeGreaterThanOrEqual(median);
    expect(high).toBeLessThanOrEqual(106);
  });

  it('repeats a short call until it can be measured', async () => {
    let calls = 0;
    const count = (): void => {
      calls += 1;
    };
    const [step] = await measureSteps([callStep('short', count)], 1, IGNORED);
    expect(calls).toBeGreaterThan(10 * (step?.samples ?? 0));
  });

  it('fails with the step that fails', async () => {
    const failing = callStep('failing', () => {
      throw new Error('cannot');
    });
    await expect(measureSteps([failing], 1, IGNORED)).rejects.toThrow('cannot');
  });
});
