import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIRST_FAULT_MS, GoodputAccount } from '../../../src/bench/soak/goodput.js';
import type { RequestColumns, RequestOutcome } from '../../../src/contracts/load.js';

const LOAD_START_MS = 500;
/** A second of the load does not count. */
const COUNTED_FROM_MS = LOAD_START_MS + 1000;
const FIRST_MS = LOAD_START_MS + FIRST_FAULT_MS;

function replies(timesMs: readonly number[], outcome: RequestOutcome = 'ok'): RequestColumns {
  return {
    connection: new Uint32Array(timesMs.length),
    id: timesMs.map((_, index) => `0-${index}`),
    method: timesMs.map(() => 'GET'),
    intendedMs: Float64Array.from(timesMs),
    sentMs: Float64Array.from(timesMs),
    begunMs: Float64Array.from(timesMs),
    repliedMs: Float64Array.from(timesMs),
    outcome: timesMs.map(() => outcome),
    closing: timesMs.map(() => false),
  };
}

function every(ms: number, fromMs: number, toMs: number): number[] {
  return Array.from({ length: Math.round((toMs - fromMs) / ms) }, (_, index) => fromMs + index * ms);
}

describe('the goodput of a soak', () => {
  it('is the rate from the first fault to the last, as a share of that before', () => {
    const account = new GoodputAccount(LOAD_START_MS);
    // 100 per second before, 50 per second after; handed over some time after each fault.
    account.add(
      replies([...every(10, LOAD_START_MS, FIRST_MS), ...every(20, FIRST_MS, FIRST_MS + 300)]),
      FIRST_MS,
    );
    expect(account.goodput()).toBeNull();
    account.add(replies(every(20, FIRST_MS + 300, FIRST_MS + 1400)), FIRST_MS + 1000);
    account.add(replies(every(20, FIRST_MS + 1400, FIRST_MS + 3000)), FIRST_MS + 3000);
    expect(account.goodput()).toEqual({
      intervals: 2,
      meanIntervalMs: 1500,
      beforePerSecond: 100,
      perSecond: 50,
      share: 0.5,
    });
  });

  it('counts verified replies only, and none of the start', () => {
    const account = new GoodputAccount(LOAD_START_MS);
    account.add(replies([LOAD_START_MS, COUNTED_FROM_MS - 1, COUNTED_FROM_MS, FIRST_MS - 1]), FIRST_MS);
    account.add(replies([FIRST_MS + 10, Number.NaN], 'failed'), FIRST_MS + 1000);
    expect(account.goodput()).toMatchObject({ beforePerSecond: 1, perSecond: 0, share: 0 });
  });

  it('is unknown where there was nothing before', () => {
    const account = new GoodputAccount(LOAD_START_MS);
    account.add(replies([FIRST_MS + 1]), FIRST_MS);
    account.add(replies([FIRST_MS + 1001]), FIRST_MS + 1000);
    expect(account.goodput()).toBeNull();
  });

  it('is the same however the replies are handed over: early or late, they count in the interval they came in', () => {
    const times = every(7, LOAD_START_MS, FIRST_MS + 2500);
    const goodputOf = (lateMs: number) => {
      const account = new GoodputAccount(LOAD_START_MS);
      let fromMs = Number.NEGATIVE_INFINITY;
      for (const faultMs of [FIRST_MS, FIRST_MS + 1000, FIRST_MS + 2000]) {
        const toMs = faultMs + lateMs;
        account.add(replies(times.filter((atMs) => atMs >= fromMs && atMs < toMs)), faultMs);
        fromMs = toMs;
      }
      return account.goodput();
    };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 499 }), (lateMs) => {
        expect(goodputOf(lateMs)).toEqual(goodputOf(0));
      }),
    );
  });
});
