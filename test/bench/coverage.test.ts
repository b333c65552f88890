import { describe, expect, it } from 'vitest';
import { type Combination, coverage, coveringPairs } from '../../src/bench/coverage.js';
import { FAULTS } from '../../src/cluster/faults/index.js';
import { STRATEGIES } from '../../strategies/index.js';
import { WORKLOADS } from '../../workloads/index.js';

function all(replicas = 2): Combination[] {
  return coverage({ workloads: WORKLOADS, strategies: STRATEGIES, faults: FAULTS, replicas });
}

function find(workload: string, strategy: string, fault: string, replicas = 2): Combination | undefined {
  return all(replicas).find((each) => {
    return each.workload === workload && each.strategy === strategy && each.fault === fault;
  });
}

describe('coverage', () => {
  it('has every combination once', () => {
    const names = all().map(({ workload, strategy, fault }) => `${workload} ${strategy} ${fault}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toHaveLength(WORKLOADS.length * STRATEGIES.length * FAULTS.length);
  });

  it('gives a reason where a promise of the strategy cannot be kept, and only there', () => {
    for (const { connections, reason, strategy } of all()) {
      const { expects } = STRATEGIES.find(({ id }) => id === strategy) ?? {};
      const isBroken = connections === 'ended' || (connections === 'reset' && expects?.transport === 'kept');
      expect(reason !== null && reason.length > 10, `${strategy}: ${connections}`).toBe(isBroken);
      if (expects?.transport === 'reconnected') expect(connections).not.toBe('kept');
    }
  });

  it.each([
    ['request-reply', 'spr', 'kill', 'kept', null],
    ['request-reply', 'full-handshake', 'kill', 'reconnected', null],
    ['request-reply', 'spr', 'double', 'ended', /no replica is left/],
    ['http2', 'spr', 'kill', 'reset', /HTTP\/2/],
    ['http2', 'session-resumption', 'kill', 'reconnected', null],
  ])('says of %s with %s under %s: %s', (workload, strategy, fault, connections, reason) => {
    const found = find(workload, strategy, fault);
    expect(found?.connections).toBe(connections);
    if (reason === null) expect(found?.reason).toBeNull();
    else expect(found?.reason).toMatch(reason);
  });

  it('depends on how many replicas there are', () => {
    expect(find('request-reply', 'spr', 'double', 3)).toMatchObject({ connections: 'reset' });
  });
});

describe('coveringPairs', () => {
  const chosen = coveringPairs(all());

  it('leaves no pair of a workload, a strategy and a fault out', () => {
    const pairs = (list: readonly Combination[]) =>
      new Set(
        list.flatMap(({ workload, strategy, fault }) => [
          `${workload} with ${strategy}`,
          `${workload} under ${fault}`,
          `${strategy} against ${fault}`,
        ]),
      );
    expect(pairs(chosen)).toEqual(pairs(all()));
  });

  it('needs few: hardly more than there are pairs of the two longest lists', () => {
    const least = WORKLOADS.length * Math.max(FAULTS.length, STRATEGIES.length);
    expect(chosen.length).toBeLessThanOrEqual(1.3 * least);
  });
});
