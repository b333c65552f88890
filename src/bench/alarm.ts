/** What wakes the load client at a time. */
import type { Clock } from '../base/clock.js';

export interface Alarm {
  /** Rings once, at `dueMs` of the clock or after it, and not when it was set to ring before. */
  set(dueMs: number): void;
  /** Does not ring any more, until it is set again. */
  clear(): void;
}

export type CreateAlarm = (clock: Clock, ring: () => void) => Alarm;

/** By `setTimeout`, which counts in milliseconds: late by 0.8 ms in the middle. */
export const createTimeoutAlarm: CreateAlarm = (clock, ring) => {
  let timeout: NodeJS.Timeout | undefined;
  return {
    set: (dueMs) => {
      clearTimeout(timeout);
      timeout = setTimeout(ring, Math.ceil(dueMs - clock()));
    },
    clear: () => clearTimeout(timeout),
  };
};
