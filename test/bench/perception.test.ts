import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addPerceived,
  NOTHING_PERCEIVED,
  perceivedConnections,
  perceivedRequests,
} from '../../src/bench/perception.js';
import type { RequestColumns, RequestOutcome } from '../../src/contracts/load.js';
import type { ConnectionOutcome } from '../../src/contracts/results.js';

interface Request {
  readonly intendedMs: number;
  readonly repliedMs: number;
  readonly outcome?: RequestOutcome;
  readonly closing?: boolean;
}

function columns(requests: readonly Request[]): RequestColumns {
  return {
    connection: new Uint32Array(requests.length),
    id: requests.map((_, index) => `0-${index}`),
    method: requests.map(() => 'GET'),
    intendedMs: Float64Array.from(requests, ({ intendedMs }) => intendedMs),
    sentMs: Float64Array.from(requests, ({ intendedMs }) => intendedMs),
    begunMs: Float64Array.from(requests, ({ repliedMs }) => repliedMs),
    repliedMs: Float64Array.from(requests, ({ repliedMs }) => repliedMs),
    outcome: requests.map(({ outcome }) => outcome ?? 'ok'),
    closing: requests.map(({ closing }) => closing ?? false),
  };
}

function connection(changes: Partial<ConnectionOutcome>): ConnectionOutcome {
  return {
    index: 0,
    fate: 'kept',
    cause: null,
    handshakes: { full: 0, resumed: 0 },
    recoveryTimeMs: null,
    interruptionMs: null,
    phases: null,
    ...changes,
  };
}

describe('perceivedRequests', () => {
  it('counts requests of the outage and after it, from their intended times', () => {
    const requests = columns([
      { intendedMs: 900, repliedMs: 950 },
      { intendedMs: 950, repliedMs: 1049 },
      { intendedMs: 950, repliedMs: 1050 },
      { intendedMs: 1000, repliedMs: 5999 },
      { intendedMs: 1000, repliedMs: 12_000 },
      { intendedMs: 2000, repliedMs: 2010, closing: true },
    ]);
    expect(perceivedRequests(requests, 1000)).toEqual({
      total: 4,
      under100Ms: 1,
      under1S: 2,
      under5S: 3,
      under11S: 3,
    });
  });

  it('takes a reply that never came, or was wrong, for one that took for ever', () => {
    const requests = columns([
      { intendedMs: 1000, repliedMs: Number.NaN, outcome: 'failed' },
      { intendedMs: 1000, repliedMs: Number.NaN, outcome: 'unknown' },
      { intendedMs: 1000, repliedMs: 1001, outcome: 'failed' },
    ]);
    expect(perceivedRequests(requests, 1000)).toEqual({ ...NOTHING_PERCEIVED, total: 3 });
  });
});

describe('perceivedConnections', () => {
  it('counts by interruption, by recovery where nothing was answered before, and lost ones as never', () => {
    const outcomes = [
      connection({ interruptionMs: 99.9, recoveryTimeMs: 20 }),
      connection({ interruptionMs: 100, recoveryTimeMs: 20 }),
      connection({ recoveryTimeMs: 4999 }),
      connection({ fate: 'lost' }),
    ];
    expect(perceivedConnections(outcomes)).toEqual({
      total: 4,
      under100Ms: 1,
      under1S: 2,
      under5S: 3,
      under11S: 3,
    });
  });

  it('leaves out connections that had nothing to wait for', () => {
    expect(perceivedConnections([connection({})])).toEqual(NOTHING_PERCEIVED);
  });

  it('never counts more within a shorter limit, and adds up over trials', () => {
    const times = fc.array(fc.integer({ min: 0, max: 20_000 }));
    fc.assert(
      fc.property(times, times, (a, b) => {
        const count = (list: readonly number[]) =>
          perceivedConnections(list.map((interruptionMs) => connection({ interruptionMs })));
        const all = count([...a, ...b]);
        expect(addPerceived(count(a), count(b))).toEqual(all);
        const { total, under100Ms, under1S, under5S, under11S } = all;
        expect([under100Ms, under1S, under5S, under11S, total]).toEqual(
          [under100Ms, under1S, under5S, under11S, total].sort((x, y) => x - y),
        );
      }),
    );
  });
});
