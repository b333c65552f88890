import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LoadTimer } from '../../src/bench/load-timer.js';

/** The clock that vitest moves. */
const clock = () => Date.now();

/** Finer than the timer, and exact when added to a time. */
const QUARTER_MS = fc.integer({ min: 0, max: 400 }).map((quarters) => quarters / 4);

describe('LoadTimer', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('wakes each connection at its time, in order, and never early', () => {
    fc.assert(
      fc.property(fc.array(QUARTER_MS, { maxLength: 50 }), (delays) => {
        const startMs = clock();
        const woken: { connection: number; nowMs: number }[] = [];
        const timer = new LoadTimer(clock, (connection) =>
          woken.push({ connection, nowMs: clock() - startMs }),
        );
        for (const [connection, delayMs] of delays.entries()) timer.schedule(connection, startMs + delayMs);
        vi.advanceTimersByTime(102);
        expect(woken.map(({ connection }) => connection).sort()).toEqual([...delays.keys()].sort());
        for (const [index, { connection, nowMs }] of woken.entries()) {
          expect(nowMs).toBeGreaterThanOrEqual(delays[connection] ?? Number.NaN);
          const before = woken[index - 1];
          if (before !== undefined) {
            expect(delays[before.connection]).toBeLessThanOrEqual(delays[connection] ?? Number.NaN);
          }
        }
      }),
    );
  });

  it('takes a new time while it wakes, also an earlier one', () => {
    const woken: string[] = [];
    const timer: LoadTimer = new LoadTimer(clock, (connection) => {
      woken.push(`${connection}@${clock()}`);
      if (connection === 0) {
        timer.schedule(1, clock());
        timer.schedule(2, clock() + 5);
      }
    });
    timer.schedule(3, 50);
    timer.schedule(0, 10);
    vi.advanceTimersByTime(100);
    expect(woken).toEqual(['0@10', '1@10', '2@15', '3@50']);
  });

  it('forgets all when cleared', () => {
    const woken = vi.fn();
    const timer = new LoadTimer(clock, woken);
    timer.schedule(0, 10);
    timer.clear();
    vi.advanceTimersByTime(100);
    expect(woken).not.toHaveBeenCalled();
    timer.schedule(1, 120);
    vi.advanceTimersByTime(100);
    expect(woken.mock.calls).toEqual([[1]]);
  });
});
