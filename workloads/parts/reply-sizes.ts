import type { Prng } from '../../src/contracts/workload.js';

/**
 * Shape of the tail. Crovella and Bestavros (Self-Similarity in World Wide Web Traffic, IEEE/ACM Transactions on
 * Networking 5(6), 1997) found 1.1 to 1.3 for the sizes of files sent over the web: a mean that exists, and a variance that
 * the largest ones make.
 */
const ALPHA = 1.2;

/** Bytes from a bounded Pareto distribution on [low, high], by inversion: most are near `low`, few carry most of the bytes. */
export function drawParetoBytes(low: number, high: number, prng: Prng): number {
  const kept = 1 - (low / high) ** ALPHA;
  return Math.min(high, Math.floor(low / (1 - prng.uniform() * kept) ** (1 / ALPHA)));
}

/** Log-uniform on [low, high]: each doubling of the length is equally likely. */
export function drawLogUniformBytes(low: number, high: number, prng: Prng): number {
  return Math.round(low * (high / low) ** prng.uniform());
}
