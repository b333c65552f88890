/**
 * SPR with a flaw that was put in on purpose, for the self-test of the gate: its backup stands still when a fault is to be
 * recovered from. A module of its own, because the processes of a trial load strategies by address; the query of the
 * address says for how long.
 */
import { spr } from '../../../strategies/spr.js';
import type { RecoveryStrategy } from '../../contracts/strategy.js';

/**
 * Takeovers further apart than this have different causes: a replica also rehearses one when it starts, and before the
 * fault there are a warm-up and a load of more than half a second.
 */
const BURST_MS = 500;

/** Where a replica loads the strategy from that loses `delayMs` in each recovery. */
export function slowedSprAddress(delayMs: number): string {
  const url = new URL(import.meta.url);
  url.search = new URLSearchParams({ delayMs: String(delayMs) }).toString();
  return url.href;
}

/** `strategy`, but the first takeover of each fault waits first, and all that come after it wait with it. */
export function slowDown(
  strategy: RecoveryStrategy,
  wait: () => void,
  nowMs: () => number,
): RecoveryStrategy {
  const { backup } = strategy;
  if (backup === undefined) return strategy;
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    ...strategy,
    backup: {
      ...backup,
      takeOver: (kept, evidence) => {
        if (nowMs() - lastMs > BURST_MS) wait();
        lastMs = nowMs();
        return backup.takeOver(kept, evidence);
      },
    },
  };
}

/** Stands still: nothing else runs in this process meanwhile, as when the takeover itself took longer. */
function standStill(delayMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delayMs);
}

const delayMs = Number(new URL(import.meta.url).searchParams.get('delayMs') ?? 0);

export default slowDown(
  spr,
  () => standStill(delayMs),
  () => performance.now(),
);
