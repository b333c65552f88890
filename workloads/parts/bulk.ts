/** What the workloads with long requests and long replies have in common. */
import type { Prng } from '../../src/contracts/workload.js';
import type { NumberSettings } from './parameters.js';
import { drawLogUniformBytes } from './reply-sizes.js';

/** Long against a record (16 KiB) and a checkpoint, so that faults strike in the middle. */
const MIB = 1024 * 1024;

/** 16 MiB take a few seconds at most, with all connections at it. */
export const BULK_SETTINGS = {
  maxMib: {
    meaning: 'longest content, MiB; each doubling from 1 MiB on is equally likely',
    low: 1,
    high: 1024,
    whole: false,
    default: 16,
  },
} as const satisfies NumberSettings<string>;

/** Length of long content, bytes. */
export function drawBulkBytes(maxMib: number, prng: Prng): number {
  return drawLogUniformBytes(MIB, maxMib * MIB, prng);
}
