/**
 * A sample in bounded memory: exact up to {@link MAX_EXACT} values, a sketch beyond. The sketch counts values in buckets
 * whose width grows with the value, so that every value is known with the same relative error and two sketches can be
 * merged: C. Masson, J. E. Rim and H. K. Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error
 * guarantees", PVLDB 12(12), 2019.
 */
import { ascending } from './quantile.js';

/**
 * 128 KiB. With more values the quantiles that are reported (up to p99) move by less than 0.1 % of the ranks by chance,
 * which is what the sketch adds in value.
 */
export const MAX_EXACT = 16_384;

/** Of each value in the sketch: 0.1 %. */
export const RELATIVE_ERROR = 0.001;

/** What is smaller counts as 0, what is larger as this: with 0.1 % at most 20,700 buckets. In ms a picosecond and 30 years. */
const LEAST = 1e-6;
const MOST = 1e12;

const GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR);
const LOG_GAMMA = Math.log(GAMMA);

export class Sample {
  #exact = new Float64Array(16);
  #count = 0;
  #sketch: Sketch | undefined;

  /** Values added so far, those in the sketch included. */
  get count(): number {
    return this.#count;
  }

  /** @param value finite; the sketch is for times and sizes, it takes a negative one for 0 */
  add(value: number): void {
    if (!Number.isFinite(value)) throw new RangeError(`sample: ${value} cannot be added, it is not finite`);
    if (this.#sketch === undefined && this.#count === MAX_EXACT) this.#toSketch();
    if (this.#sketch === undefined) this.#append(value);
    else this.#sketch.add(value);
    this.#count++;
  }

  /** Adds all values of another sample. */
  merge(other: Sample): void {
    if (other.#sketch === undefined) {
      for (const value of other.#exact.subarray(0, other.#count)) this.add(value);
      return;
    }
    const sketch = this.#sketch ?? this.#toSketch();
    sketch.merge(other.#sketch);
    this.#count += other.#count;
  }

  /**
   * Ascending: all values while there are at most {@link MAX_EXACT}; of more, that many, evenly spaced by rank, each within
   * {@link RELATIVE_ERROR} of a value of the sample. The first and the last are exact.
   */
  sorted(): Float64Array {
    if (this.#sketch === undefined) return ascending(this.#exact.subarray(0, this.#count));
    return this.#sketch.evenly(MAX_EXACT, this.#count);
  }

  #append(value: number): void {
    if (this.#count === this.#exact.length) {
      const longer = new Float64Array(Math.min(MAX_EXACT, 2 * this.#count));
      longer.set(this.#exact);
      this.#exact = longer;
    }
    this.#exact[this.#count] = value;
  }

  #toSketch(): Sketch {
    const sketch = new Sketch();
    for (const value of this.#exact.subarray(0, this.#count)) sketch.add(value);
    this.#exact = new Float64Array(0);
    this.#sketch = sketch;
    return sketch;
  }
}

/** Counts by bucket: bucket i holds (GAMMA^(i-1), GAMMA^i]. */
class Sketch {
  readonly #counts = new Map<number, number>();
  #min = Infinity;
  #max = -Infinity;

  add(value: number): void {
    this.#addTo(bucketOf(value), 1);
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  merge(other: Sketch): void {
    for (const [bucket, count] of other.#counts) this.#addTo(bucket, count);
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** `most` values of the `count` in the sketch, ascending, evenly spaced by rank. */
  evenly(most: number, count: number): Float64Array {
    const buckets = [...this.#counts].sort(([a], [b]) => a - b);
    const step = (count - 1) / (most - 1);
    const values = new Float64Array(most);
    let index = 0;
    let upTo = 0;
    for (const [bucket, inBucket] of buckets) {
      upTo += inBucket;
      const value = Math.min(this.#max, Math.max(this.#min, middleOf(bucket)));
      for (; index < most && Math.round(index * step) < upTo; index++) values[index] = value;
    }
    values[0] = this.#min;
    values[most - 1] = this.#max;
    return values;
  }

  #addTo(bucket: number, count: number): void {
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
  }
}

/** -Infinity for what counts as 0. */
function bucketOf(value: number): number {
  return value < LEAST ? -Infinity : Math.ceil(Math.log(Math.min(value, MOST)) / LOG_GAMMA);
}

/** The value that is within the relative error of all values of the bucket. */
function middleOf(bucket: number): number {
  return bucket === -Infinity ? 0 : (2 * GAMMA ** bucket) / (GAMMA + 1);
}
