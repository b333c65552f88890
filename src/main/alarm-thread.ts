/** A thread of the load client that does nothing but sleep until the time that it was told last, and ring. */
import { parentPort, workerData } from 'node:worker_threads';
import { createClock } from '../base/clock.js';
import type { AlarmMemory } from '../bench/fine-alarm.js';

const hostClock = createClock(0n);

/** Does not return: the thread is ended from outside. */
function serve({ settings, dueMs }: AlarmMemory, ring: () => void): never {
  for (let seen = 0; ; ) {
    // Until it is set for the first time, or again.
    Atomics.wait(settings, 0, seen);
    do seen = Atomics.load(settings, 0);
    while (!sleepUntil(dueMs[0] ?? 0, settings, seen));
    ring();
  }
}

/** @returns false when another time has been told meanwhile */
function sleepUntil(dueMs: number, settings: Int32Array, seen: number): boolean {
  const leftMs = dueMs - hostClock();
  return leftMs <= 0 || Atomics.wait(settings, 0, seen, leftMs) === 'timed-out';
}

serve(workerData as AlarmMemory, () => parentPort?.postMessage(undefined));
