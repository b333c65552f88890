/**
 * Full handshakes with a flaw that was put in on purpose, for the self-test of the gate: a survivor stands still when the
 * first client of a fault is back. A module of its own, because the processes of a trial load strategies by address; the
 * query of the address says for how long.
 */
import { fullHandshake } from '../../../strategies/full-handshake.js';
import type { RecoveryStrategy } from '../../contracts/strategy.js';

/** Handshakes further apart than this have different causes: the load lasts longer than that before its fault. */
const BURST_MS = 500;

/** Where a replica loads the strategy from that loses `delayMs` in each recovery. */
export function slowedFullHandshakeAddress(delayMs: number): string {
  const url = new URL(import.meta.url);
  url.search = new URLSearchParams({ delayMs: String(delayMs) }).toString();
  return url.href;
}

/** `strategy`, but the first handshake after each fault waits before its reply, and all that come after it wait with it. */
export function slowDown(
  strategy: RecoveryStrategy,
  wait: () => void,
  nowMs: () => number,
): RecoveryStrategy {
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    ...strategy,
    // Replicates nothing: the role is there to see handshakes end.
    primary: {
      decide: ({ moment }) => {
        if (moment !== 'established') return {};
        if (nowMs() - lastMs > BURST_MS) wait();
        lastMs = nowMs();
        return {};
      },
    },
  };
}

/** Stands still: nothing else runs in this process meanwhile, as when the handshake itself took longer. */
function standStill(delayMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delayMs);
}

const delayMs = Number(new URL(import.meta.url).searchParams.get('delayMs') ?? 0);

export default slowDown(
  fullHandshake,
  () => standStill(delayMs),
  () => performance.now(),
);
