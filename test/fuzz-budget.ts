/**
 * How much the property tests try. Every one of them runs as often as fast-check does by default (100 times), or as it
 * says with {@link fuzzRuns}; the environment variable FUZZ_BUDGET multiplies that, FUZZ_SEED makes it repeatable.
 */

/** As fast-check's own. */
export const DEFAULT_RUNS = 100;
/** A thousand times the default takes hours: more is a mistake. */
const MAX_BUDGET = 1000;
/** Seeds of fast-check are 32-bit integers with a sign. */
const MAX_SEED = 2 ** 31 - 1;

export interface FuzzOptions {
  /** Factor of all run counts, 1 to 1000. */
  readonly budget: number;
  /** Undefined for one by chance, which a failure tells. */
  readonly seed: number | undefined;
}

/** @throws RangeError when a variable is set to what it cannot be. */
export function fuzzOptions(env: Readonly<Record<string, string | undefined>> = process.env): FuzzOptions {
  const { FUZZ_BUDGET: budget = '', FUZZ_SEED: seed = '' } = env;
  return {
    budget: budget === '' ? 1 : integer('FUZZ_BUDGET', budget, 1, MAX_BUDGET),
    seed: seed === '' ? undefined : integer('FUZZ_SEED', seed, -MAX_SEED - 1, MAX_SEED),
  };
}

/** Runs of a property for which the default is too many or too few: `base` times the budget. */
export function fuzzRuns(base: number, { budget } = fuzzOptions()): number {
  return base * budget;
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${name}=${text}, must be an integer of ${min} to ${max}`);
}
