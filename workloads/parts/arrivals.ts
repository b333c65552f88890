import type { Arrivals, Prng } from '../../src/contracts/workload.js';

/**
 * The time of the next request of a Poisson process, ms, given that of the one before it.
 *
 * @param ratePerSecond mean number of requests per second, > 0
 */
export function nextArrivalMs(previousMs: number, ratePerSecond: number, prng: Prng): number {
  return previousMs + drawThinkMs(1000 / ratePerSecond, prng);
}

/** A time of an exponential distribution, ms: how long somebody waits who decides anew at each moment. */
export function drawThinkMs(meanMs: number, prng: Prng): number {
  // 1 - u is in (0, 1]: the logarithm stays finite.
  return -Math.log(1 - prng.uniform()) * meanMs;
}

/** Longer than a round trip to most places, short against the time before a fault. */
const FIRST_REQUESTS_MS = 100;

/**
 * What the first request of a connection counts from, ms. Clients that send one request after the other do not begin at
 * one moment: they would go on in step, and how long a recovery takes would depend on where in that step the fault struck.
 */
export function drawFirstMs(arrivals: Arrivals, prng: Prng): number {
  return arrivals === 'closed' ? prng.uniform() * FIRST_REQUESTS_MS : 0;
}
