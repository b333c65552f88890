import { describe, expect, it } from 'vitest';
import {
  RECONNECT_MS_PER_CONNECTION,
  type SettlingConnection,
  untilSettled,
} from '../../src/bench/settling.js';

const GRACE_MS = 100;

/** Runs to the end with a clock that only waiting advances; `away` says how many are without a connection at a time. */
async function settle(total: number, away: (nowMs: number) => number, settled = true): Promise<number> {
  let nowMs = 0;
  const connections = Array.from(
    { length: total },
    (_, index): SettlingConnection => ({
      get connected() {
        return index >= away(nowMs);
      },
      settled,
    }),
  );
  await untilSettled(connections, {
    graceMs: GRACE_MS,
    clock: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
  });
  return nowMs;
}

describe('the end of the load', () => {
  it('does not wait when nothing is outstanding', async () => {
    expect(await settle(3, () => 0)).toBe(0);
  });

  it('waits for replies no longer than their grace', async () => {
    expect(await settle(3, () => 0, false)).toBe(GRACE_MS);
  });

  it('waits for connections as long as some come through', async () => {
    // One in 90 ms: far more than the grace in all.
    expect(await settle(100, (nowMs) => Math.max(0, 10 - Math.floor(nowMs / 90)))).toBe(900);
  });

  it('gives up those that nobody lets in', async () => {
    expect(await settle(100, (nowMs) => (nowMs < 50 ? 10 : 9))).toBe(50 + GRACE_MS);
  });

  it('does not take connections that come and go for progress', async () => {
    expect(await settle(100, (nowMs) => 9 + (Math.floor(nowMs / 10) % 2))).toBe(GRACE_MS);
  });

  it('has an end, however slowly they come through', async () => {
    expect(await settle(10, (nowMs) => Math.max(1, 10 - Math.floor(nowMs / 90)))).toBe(
      GRACE_MS + 10 * RECONNECT_MS_PER_CONNECTION,
    );
  });
});
