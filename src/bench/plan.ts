/** The trials of a run, in the order of their execution. */
import { createPrng } from '../base/prng.js';
import type { TrialSpec } from '../contracts/results.js';
import type { Prng } from '../contracts/workload.js';
import type { RunOptions } from './run-options.js';

/**
 * Blocks one after the other; within a block every cell once, in an order drawn from the seed, so that a drift of the
 * machine meets all strategies alike. All strategies of a block have the same workload seed: they are compared in pairs.
 */
export function planTrials(options: RunOptions): TrialSpec[] {
  const prng = createPrng(options.seed).fork('order');
  const specs: TrialSpec[] = [];
  for (let block = 0; block < options.trials; block++) {
    for (const cell of shuffled(cells(options), prng)) {
      specs.push({
        index: specs.length,
        block,
        ...cell,
        seed: seedOf(options.seed, block, cell),
        ...common(options),
      });
    }
  }
  return specs;
}

type CellSpec = Pick<TrialSpec, 'strategy' | 'workload' | 'fault' | 'connections' | 'arrivals'>;

function cells(options: RunOptions): CellSpec[] {
  return options.workloads.flatMap(({ plugin: workload }) =>
    options.faults.flatMap((fault) =>
      options.strategies.map(({ plugin: strategy }) => ({
        strategy: strategy.id,
        workload: workload.id,
        fault: fault.id,
        connections: options.connections ?? workload.defaultConnections,
        arrivals: options.arrivals ?? workload.arrivals,
      })),
    ),
  );
}

function common({ suite, key, engine, replicas, rttMs, beforeMs, afterMs }: RunOptions) {
  const tls = { version: suite.version, suite: suite.name, key };
  return { tls, engine, replicas, rttMs, beforeMs, afterMs };
}

/** 31 bits: safe wherever a seed is stored. */
const MAX_SEED = 2 ** 31 - 1;

function seedOf(seed: number, block: number, { workload, fault }: CellSpec): number {
  return createPrng(seed).fork(`${block} ${workload} ${fault}`).integer(0, MAX_SEED);
}

/** Sorting by a random rank: every order is equally likely. */
function shuffled<T>(items: readonly T[], prng: Prng): T[] {
  const order = items.map((item) => ({ item, rank: prng.uniform() }));
  return order.sort((a, b) => a.rank - b.rank).map(({ item }) => item);
}
