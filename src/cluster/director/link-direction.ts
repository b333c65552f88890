/** When what is sent over a link arrives: one direction of the path between a client and the director. Pure. */
import type { Prng } from '../../contracts/workload.js';

/** A path between client and director, the same for all clients. */
export interface LinkShape {
  /** Round-trip time of an empty link, ms, >= 0; half of it in each direction. */
  readonly rttMs: number;
  /** By how much a direction may take longer, ms, >= 0: uniform, as queues on the path only ever add. Absent: 0. */
  readonly jitterMs?: number | undefined;
  /** Of each direction of the link of each client, Mbit/s (10^6 bits), > 0. Absent: no limit. */
  readonly bandwidthMbit?: number | undefined;
}

/** The least that is sent as one, bytes: a full segment of an Ethernet. */
const SEGMENT_BYTES = 1460;
/** What leaves within the resolution of timers leaves as one. */
const SEGMENT_MS = 1;

/** The longest that a round trip takes on an empty link, ms. */
export function longestRoundTripMs({ rttMs, jitterMs = 0 }: Pick<LinkShape, 'rttMs' | 'jitterMs'>): number {
  return rttMs + 2 * jitterMs;
}

/** Whether a link of this shape does anything at all. */
export function isShaped({ rttMs, jitterMs = 0, bandwidthMbit }: LinkShape): boolean {
  return rttMs > 0 || jitterMs > 0 || bandwidthMbit !== undefined;
}

export class LinkDirection {
  /** `Infinity` when what is sent need not be cut. */
  readonly segmentBytes: number;
  readonly #delayMs: number;
  readonly #jitterMs: number;
  /** `Infinity` without a limit. */
  readonly #bytesPerMs: number;
  readonly #prng: Prng;
  /** The link is busy until then with what was sent before. */
  #busyUntilMs = Number.NEGATIVE_INFINITY;
  #lastArrivalMs = Number.NEGATIVE_INFINITY;

  /** @param prng of this flow and direction alone: jitter does not depend on what other flows do */
  constructor({ rttMs, jitterMs = 0, bandwidthMbit = Number.POSITIVE_INFINITY }: LinkShape, prng: Prng) {
    this.#delayMs = rttMs / 2;
    this.#jitterMs = jitterMs;
    // 10^6 bits per second are 125 bytes per ms.
    this.#bytesPerMs = bandwidthMbit * 125;
    this.segmentBytes = Math.max(SEGMENT_BYTES, Math.floor(this.#bytesPerMs * SEGMENT_MS));
    this.#prng = prng;
  }

  /** What the path adds to something that is sent now and has no length, ms. Draws. */
  drawDelayMs(): number {
    return this.#delayMs + (this.#jitterMs > 0 ? this.#jitterMs * this.#prng.uniform() : 0);
  }

  /**
   * When the last bit of what is sent now is there, ms: behind all that was sent before, as TCP keeps the order. The link
   * takes it in at its bandwidth; what it cannot take at once waits.
   *
   * @param nowMs does not go back
   * @param delayMs from {@link drawDelayMs}
   */
  send(nowMs: number, bytes: number, delayMs: number): number {
    this.#busyUntilMs = Math.max(nowMs, this.#busyUntilMs) + bytes / this.#bytesPerMs;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.#busyUntilMs + delayMs);
    return this.#lastArrivalMs;
  }
}
