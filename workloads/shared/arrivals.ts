import type { Prng } from '../../src/contracts/workload.js';

/**
 * The time of the next request of a Poisson process, ms, given that of the one before it.
 *
 * @param ratePerSecond mean number of requests per second, > 0
 */
export function nextArrivalMs(previousMs: number, ratePerSecond: number, prng: Prng): number {
  // 1 - u is in (0, 1]: the logarithm stays finite.
  return previousMs - (Math.log(1 - prng.uniform()) / ratePerSecond) * 1000;
}
