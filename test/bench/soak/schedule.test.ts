import { describe, expect, it } from 'vitest';
import { createPrng } from '../../../src/base/prng.js';
import {
  aloneTimeMs,
  nextFaultMs,
  pauseBeforeFault,
  type SoakRound,
  soakSchedule,
} from '../../../src/bench/soak/schedule.js';
import { double } from '../../../src/cluster/faults/double.js';
import { hang } from '../../../src/cluster/faults/hang.js';
import { FAULTS } from '../../../src/cluster/faults/index.js';
import { kill } from '../../../src/cluster/faults/kill.js';

const BUSY_SECOND = [
  { index: 0, incarnation: 3, alive: true, serves: 2, keeps: 1 },
  { index: 1, incarnation: 0, alive: true, serves: 9, keeps: 0 },
  { index: 2, incarnation: 1, alive: true, serves: 0, keeps: 9 },
];

function rounds(seed: number, count: number, faults = FAULTS): SoakRound[] {
  const found: SoakRound[] = [];
  for (const round of soakSchedule(faults, 3, createPrng(seed))) {
    found.push(round);
    if (found.length === count) break;
  }
  return found;
}

function planOf(seed: number) {
  return rounds(seed, 30).map((round) => ({
    fault: round.fault.id,
    pauseMs: round.pauseMs,
    aloneMs: round.aloneMs,
    roles: round.roles(BUSY_SECOND),
    script: round.prng.uniform(),
  }));
}

describe('the schedule of a soak', () => {
  it('is the same from the same seed, and another from another', () => {
    expect(planOf(7)).toEqual(planOf(7));
    expect(planOf(7)).not.toEqual(planOf(8));
  });

  it('takes the faults in turn', () => {
    const inTurn = rounds(1, 4, [kill, hang]).map(({ fault }) => fault.id);
    expect(inTurn).toEqual(['kill', 'hang', 'kill', 'hang']);
    expect(rounds(1, 2, [double]).map(({ fault }) => fault.id)).toEqual(['double', 'double']);
  });

  it('takes those after which no connection is left more rarely: each is taken over many times before', () => {
    const ids = rounds(1, 18, [kill, double, hang]).map(({ fault }) => fault.id);
    const period = [...new Array(4).fill(['kill', 'hang']).flat(), 'double'];
    expect(ids).toEqual([...period, ...period]);
  });

  it('mostly strikes who serves most, sometimes another, and never takes one replica for both roles', () => {
    const primaries = rounds(3, 200).map((round) => round.roles(BUSY_SECOND));
    const busiest = primaries.filter(({ primary }) => primary === 1).length;
    expect(busiest).toBeGreaterThan(100);
    expect(new Set(primaries.map(({ primary }) => primary))).toEqual(new Set([0, 1, 2]));
    for (const { primary, backup, replicas } of primaries) {
      expect(backup).not.toBe(primary);
      expect(replicas).toBe(3);
    }
    expect(primaries.find(({ primary }) => primary === 1)?.backup).toBe(2);
  });

  it('at a fixed interval counts from fault to fault, so that one that took longer shifts those behind it', () => {
    const times = { everyMs: 500, firstMs: 3000 };
    expect(nextFaultMs({ ...times, lastMs: undefined })).toBe(3000);
    expect(nextFaultMs({ ...times, lastMs: 3000 })).toBe(3500);
    expect(nextFaultMs({ ...times, lastMs: 4200 })).toBe(4700);
  });

  it('has no fault that the load does not live to see', () => {
    expect(pauseBeforeFault(400, 401)).toBe(400);
    expect(pauseBeforeFault(400, 400)).toBeUndefined();
    expect(pauseBeforeFault(-50, 1)).toBe(0);
    expect(pauseBeforeFault(-50, 0)).toBeUndefined();
  });

  it('at a fixed interval leaves most of it for the cluster to be made whole', () => {
    for (const round of rounds(5, 20)) {
      expect(aloneTimeMs(round, undefined)).toBe(round.aloneMs);
      expect(aloneTimeMs(round, 500)).toBe(50);
      expect(aloneTimeMs(round, 60_000)).toBe(round.aloneMs);
    }
  });

  it('draws pauses, so that faults do not beat time with the load', () => {
    const pauses = rounds(5, 50).map(({ pauseMs }) => pauseMs);
    expect(new Set(pauses).size).toBe(50);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(300);
  });
});
