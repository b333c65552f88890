/** The one clock of the measurements: it is comparable between the processes of one host. */

/** Milliseconds, with a fraction, since the start that all processes of a trial share. */
export type Clock = () => number;

const NS_PER_MS = 1e6;

/**
 * A clock that shows 0 when `process.hrtime.bigint()` is `startNs`. It is CLOCK_MONOTONIC on Linux, thus the same in all
 * processes; `performance.now()` counts from the start of its own process.
 */
export function createClock(startNs: bigint): Clock {
  return () => Number(process.hrtime.bigint() - startNs) / NS_PER_MS;
}
