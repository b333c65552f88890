/** Seeded random numbers, the same on every machine. */
import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { Prng } from '../contracts/workload.js';

/**
 * A generator for `seed`, a safe integer.
 *
 * @throws RangeError for any other seed, because two seeds that round to the same number would look independent.
 */
export function createPrng(seed: number): Prng {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed must be a safe integer, not ${seed}`);
  return new HashSeededPrng(createHash('sha256').update(`prng ${seed}`).digest());
}

/**
 * xoroshiro128+ whose state is the head of a hash: neighbouring seeds and labels give unrelated sequences, and a fork
 * needs only the hash, not the state that the parent has reached.
 */
class HashSeededPrng implements Prng {
  readonly #key: Buffer;
  readonly #generator: ReturnType<typeof xoroshiro128plusFromState>;

  constructor(key: Buffer) {
    this.#key = key;
    this.#generator = xoroshiro128plusFromState([
      key.readInt32BE(0),
      key.readInt32BE(4),
      key.readInt32BE(8),
      key.readInt32BE(12),
    ]);
  }

  uniform(): number {
    return uniformFloat64(this.#generator);
  }

  integer(low: number, high: number): number {
    if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || low > high) {
      throw new RangeError(
        `an integer from [${low}, ${high}] is asked for: the bounds must be safe integers in order`,
      );
    }
    return uniformInt(this.#generator, low, high);
  }

  fork(label: string): Prng {
    return new HashSeededPrng(createHash('sha256').update(this.#key).update(label).digest());
  }
}
