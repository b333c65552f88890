/** Content that client and replica generate alike from a seed, so that every byte of a reply can be checked. */
import { createCipheriv, createHash } from 'node:crypto';
import type { SeededBytes } from '../contracts/workload.js';

/**
 * Length of the table that all sequences are cut from: 1 MiB, which stays in a cache, and 4099 bytes, a prime, so that
 * the length is no multiple of a record (16 KiB), a page or a piece of a reply. Lost or doubled records then never meet
 * the same bytes again by wrapping round.
 */
const TABLE_BYTES = 1024 * 1024 + 4099;

/** A whole AES block of zeros: each seed has a key of its own, so that one counter start serves all. */
const COUNTER_START = Buffer.alloc(16);

/** FNV-1a, 32 bits: fast for short keys, and keys that differ in one digit start far apart in the table. */
const FNV_OFFSET_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** Seeded bytes for `seed`: the same on every machine. Costs one table of about 1 MiB per call. */
export function createSeededBytes(seed: number): SeededBytes {
  return new TableBytes(generateTable(seed));
}

class TableBytes implements SeededBytes {
  readonly #table: Buffer;

  constructor(table: Buffer) {
    this.#table = table;
  }

  slice(key: string, offset: number, length: number): Buffer {
    if (!(offset >= 0 && length >= 1)) {
      throw new RangeError(
        `bytes ${offset}+${length} of "${key}": the offset must be >= 0 and the length >= 1`,
      );
    }
    const start = (fnv1a(key) + offset) % TABLE_BYTES;
    return this.#table.subarray(start, Math.min(start + length, TABLE_BYTES));
  }
}

function generateTable(seed: number): Buffer {
  const key = createHash('sha256').update(`seeded bytes ${seed}`).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, COUNTER_START).update(Buffer.alloc(TABLE_BYTES));
}

function fnv1a(key: string): number {
  let hash = FNV_OFFSET_BASIS;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), FNV_PRIME);
  return hash >>> 0;
}
