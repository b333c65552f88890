/** Waiting for something that another process does. */
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

/** Resolves when `condition` holds. Rejects with `problem` after `timeoutMs`. */
export async function until(
  condition: () => boolean,
  problem: () => string,
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(problem());
    await sleep(POLL_MS);
  }
}
