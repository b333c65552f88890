import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_RUNS, fuzzOptions, fuzzRuns } from './fuzz-budget.js';

describe('the fuzz budget', () => {
  it('is one and has no seed where nothing is set', () => {
    for (const env of [{}, { FUZZ_BUDGET: '', FUZZ_SEED: '' }]) {
      expect(fuzzOptions(env)).toEqual({ budget: 1, seed: undefined });
    }
  });

  it('multiplies the runs', () => {
    expect(fuzzRuns(15, fuzzOptions({ FUZZ_BUDGET: '20' }))).toBe(300);
  });

  it.each(['0', '1.5', '1001', 'many'])('is not %s', (budget) => {
    expect(() => fuzzOptions({ FUZZ_BUDGET: budget })).toThrow(
      `FUZZ_BUDGET=${budget}, must be an integer of 1 to 1000`,
    );
  });

  it('takes a seed, negative ones too', () => {
    expect(fuzzOptions({ FUZZ_SEED: '-7' }).seed).toBe(-7);
    expect(() => fuzzOptions({ FUZZ_SEED: '2147483648' })).toThrow('FUZZ_SEED=2147483648');
  });

  it('is in force, also where a property says nothing', () => {
    let runs = 0;
    fc.assert(
      fc.property(fc.nat(), () => {
        runs += 1;
      }),
    );
    expect(runs).toBe(fuzzRuns(DEFAULT_RUNS));
  });
});

describe('a property that fails', () => {
  /** The message of a failure, and the values that were tried before it. */
  function fail(seed: number | undefined): { message: string; tried: readonly number[] } {
    const tried: number[] = [];
    const property = fc.property(fc.nat(), (value) => {
      tried.push(value);
      return value < 1000;
    });
    try {
      fc.assert(property, seed === undefined ? {} : { seed });
    } catch (error) {
      return { message: String(error), tried };
    }
    throw new Error('the property holds');
  }

  it('tells how to repeat it, and that repeats it', () => {
    const first = fail(undefined);
    const seed = /repeat with FUZZ_BUDGET=\d+ FUZZ_SEED=(-?\d+)/.exec(first.message)?.[1];
    expect(fail(Number(seed)).tried).toEqual(first.tried);
  });
});
