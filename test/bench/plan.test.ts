import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planTrials } from '../../src/bench/plan.js';
import { parseRunOptions, type RunOptions } from '../../src/bench/run-options.js';
import type { TrialSpec } from '../../src/contracts/results.js';

const STRATEGIES = 4;
const WORKLOADS = 3;

const defaults = await parseRunOptions({}, 1);

function plan(changes: Partial<RunOptions> = {}): TrialSpec[] {
  return planTrials({ ...defaults, ...changes });
}

function cellOf({ strategy, workload, fault }: TrialSpec): string {
  return `${strategy} / ${workload} / ${fault}`;
}

function blocksOf(specs: readonly TrialSpec[]): TrialSpec[][] {
  const blocks: TrialSpec[][] = [];
  for (const spec of specs) {
    blocks[spec.block] ??= [];
    blocks[spec.block]?.push(spec);
  }
  return blocks;
}

describe('planTrials', () => {
  it('names the phase that the fault waits for, where it waits for one', () => {
    for (const spec of plan({ faultPhase: 'mid-response' })) expect(spec.faultPhase).toBe('mid-response');
    for (const spec of plan()) expect(spec).not.toHaveProperty('faultPhase');
  });

  it('numbers the trials in the order of execution', () => {
    const specs = plan();
    expect(specs).toHaveLength(defaults.trials * STRATEGIES * WORKLOADS);
    expect(specs.map(({ index }) => index)).toEqual(specs.map((_, index) => index));
  });

  it('runs every cell once in each block, one block after the other', () => {
    const specs = plan();
    const cells = blocksOf(specs).map((block) => block.map(cellOf).sort());
    expect(cells).toHaveLength(defaults.trials);
    for (const block of cells) {
      expect(block).toEqual(cells[0]);
      expect(new Set(block).size).toBe(STRATEGIES * WORKLOADS);
    }
    const order = specs.map(({ block }) => block);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  });

  it('plans as many blocks as a run that is not precise enough may take', () => {
    const precise = plan({ precision: { share: 0.1, maxTrials: 9 } });
    expect(blocksOf(precise)).toHaveLength(9);
    expect(precise.slice(0, plan().length)).toEqual(plan());
  });

  it('gives the same plan for the same seed, whatever it is', () => {
    const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(fc.property(seeds, (seed) => void expect(plan({ seed })).toEqual(plan({ seed }))));
  });

  it('orders the blocks of a run, and runs of different seeds, differently', () => {
    const orders = blocksOf(plan()).map((block) => block.map(cellOf).join());
    expect(new Set(orders).size).toBe(orders.length);
    expect(plan({ seed: 1 }).map(cellOf)).not.toEqual(plan({ seed: 2 }).map(cellOf));
  });

  it('lets each strategy be the first one at times', () => {
    const first = new Set(blocksOf(plan({ trials: 50 })).map(([spec]) => spec?.strategy));
    expect(first.size).toBe(STRATEGIES);
  });

  it('seeds the workload alike for all strategies of a block, and differently elsewhere', () => {
    const seeds = new Map<string, Set<number>>();
    for (const { block, workload, seed } of plan()) {
      const key = `${block} ${workload}`;
      seeds.set(key, (seeds.get(key) ?? new Set()).add(seed));
    }
    expect([...seeds.values()].map(({ size }) => size)).toEqual(
      new Array(defaults.trials * WORKLOADS).fill(1),
    );
    const distinct = new Set([...seeds.values()].flatMap((each) => [...each]));
    expect(distinct.size).toBe(defaults.trials * WORKLOADS);
  });

  it('keeps the seed of a trial when other strategies or workloads take part', () => {
    const [strategy] = defaults.strategies;
    const [, workload] = defaults.workloads;
    if (strategy === undefined || workload === undefined) throw new Error('the registries are empty');
    const alone = plan({ strategies: [strategy], workloads: [workload] });
    const among = plan().filter(
      (spec) => cellOf(spec) === `${strategy.plugin.id} / ${workload.plugin.id} / kill`,
    );
    expect(alone.map(({ seed }) => seed)).toEqual(among.map(({ seed }) => seed));
  });

  it('takes connections and arrivals of each workload, unless they are given', () => {
    for (const spec of plan()) {
      const workload = defaults.workloads.find(({ plugin }) => plugin.id === spec.workload)?.plugin;
      expect(spec.connections).toBe(workload?.defaultConnections);
      expect(spec.arrivals).toBe(workload?.arrivals);
    }
    for (const spec of plan({ connections: 7, arrivals: 'open' })) {
      expect(spec).toMatchObject({ connections: 7, arrivals: 'open' });
    }
  });

  it('gives more time to more connections and to longer round trips, within bounds', () => {
    const longest = (changes: Partial<RunOptions>) =>
      Math.max(...plan(changes).map(({ afterMs }) => afterMs));
    expect(longest({ connections: 500 })).toBeGreaterThan(longest({ connections: 5 }));
    expect(longest({ connections: 5, rttMs: 50 })).toBeGreaterThan(longest({ connections: 5 }));
    expect(longest({ connections: 5, rttMs: 50, jitterMs: 20 })).toBeGreaterThan(
      longest({ connections: 5, rttMs: 50 }),
    );
    expect(longest({ connections: 100_000 })).toBe(10_000);
  });

  it('gives a fault that is seen late the time that it takes, whatever the bounds are', async () => {
    const { faults } = await parseRunOptions({ faults: 'kill,hang' }, 1);
    const detector = { intervalMs: 30, missedLimit: 7 };
    for (const connections of [5, 100_000]) {
      const specs = plan({ faults, detector, connections });
      const afterMs = (id: string) => specs.find(({ fault }) => fault === id)?.afterMs ?? Number.NaN;
      const [kill, hang] = faults;
      expect(hang?.durationMs(210, 2)).toBeGreaterThan(210);
      expect(afterMs('hang') - afterMs('kill')).toBe(
        (hang?.durationMs(210, 2) ?? 0) - (kill?.durationMs(210, 2) ?? 0),
      );
    }
    expect(plan({ faults, detector })[0]?.heartbeats).toEqual(detector);
  });

  it('tells each trial how it is to be run', async () => {
    const options = await parseRunOptions(
      { tls: '1.2', suite: 'aes-256-gcm', key: 'rsa-2048', rttMs: 5, replicas: 3, quick: true },
      1,
    );
    expect(planTrials(options)[0]).toMatchObject({
      tls: { version: '1.2', suite: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384', key: 'rsa-2048' },
      engine: 'adopted',
      rttMs: 5,
      replicas: 3,
    });
  });

  it('says what the link is like, and nothing of what was not asked for', () => {
    expect(plan({ jitterMs: 3, bandwidthMbit: 50 })[0]).toMatchObject({ jitterMs: 3, bandwidthMbit: 50 });
    const [spec] = plan();
    expect(spec).not.toHaveProperty('jitterMs');
    expect(spec).not.toHaveProperty('bandwidthMbit');
  });

  it('says how long the warm-up is where that was asked for, none included', () => {
    expect(plan({ warmUpMs: 0 })[0]).toMatchObject({ warmUpMs: 0 });
    expect(plan()[0]).not.toHaveProperty('warmUpMs');
  });
});
