/**
 * Failure detection by missed heartbeats (after TigerBeetle's fault detector): pure, time is an argument. It sees
 * what an end of stream does not show: a peer that hangs, or that can no longer be reached.
 */

export interface DetectorOptions {
  /** Time between two heartbeats, ms. */
  readonly intervalMs: number;
  /** Heartbeats that may be missing in a row before the peer counts as failed, >= 1. */
  readonly missedLimit: number;
}

/**
 * 100 ms x 20: a replica on a loaded two-core machine may be off the processor, or busy with a burst of RSA
 * handshakes, for several hundred ms; a false alarm costs every flow, a late one costs only the hanging ones.
 */
export const DEFAULT_DETECTOR_OPTIONS: DetectorOptions = { intervalMs: 100, missedLimit: 20 };

export type PeerState = 'alive' | 'failed';

export class FailureDetector {
  readonly #options: DetectorOptions;
  #lastHeardMs: number;
  #lastCheckMs: number;
  #failed = false;

  constructor(options: DetectorOptions, nowMs: number) {
    this.#options = options;
    this.#lastHeardMs = nowMs;
    this.#lastCheckMs = nowMs;
  }

  /** Anything arrived from the peer. */
  heard(nowMs: number): void {
    this.#lastHeardMs = nowMs;
  }

  /**
   * To be called once per interval. A check that itself comes late (this process did not run) proves nothing about
   * the peer: the time that was lost is not held against it.
   */
  check(nowMs: number): PeerState {
    const lateMs = nowMs - this.#lastCheckMs - 2 * this.#options.intervalMs;
    if (lateMs > 0) this.#lastHeardMs += lateMs;
    this.#lastCheckMs = nowMs;
    const silentMs = nowMs - this.#lastHeardMs;
    if (silentMs > this.#options.intervalMs * this.#options.missedLimit) this.#failed = true;
    return this.#failed ? 'failed' : 'alive';
  }
}
