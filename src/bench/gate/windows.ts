/** Windows: a baseline and a run of some trials each, drawn from the blocks of one long run. Pure. */
import type { Prng } from '../../contracts/workload.js';

/** Two windows, for a baseline and a run, and as many again: fewer, and all windows would be made of the same trials. */
export const BLOCKS_PER_TRIAL = 4;

/** Places of blocks; no block is in both. */
export interface Window {
  readonly baseline: readonly number[];
  readonly run: readonly number[];
}

/** @param blocks to draw from, at least twice `trials` */
export function drawWindow(blocks: number, trials: number, prng: Prng): Window {
  const order = Array.from({ length: blocks }, (_, block) => ({ block, rank: prng.uniform() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ block }) => block);
  return { baseline: order.slice(0, trials), run: order.slice(trials, 2 * trials) };
}
