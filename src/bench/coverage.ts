/** What becomes of connections in every combination of workload, strategy and fault, as the contracts say. Pure. */
import type { Fault } from '../contracts/fault.js';
import type { RecoveryStrategy } from '../contracts/strategy.js';
import { notKeptReason } from '../contracts/support.js';
import type { Workload } from '../contracts/workload.js';

export interface Combination {
  readonly workload: string;
  readonly strategy: string;
  readonly fault: string;
  /**
   * `kept`: the same TCP connection before and after. `reconnected`: the strategy's clients connect again. `reset`: the
   * strategy keeps connections, but cannot here; clients connect again. `untouched`: nothing fails. `ended`: nobody is left.
   */
  readonly connections: 'kept' | 'reconnected' | 'reset' | 'untouched' | 'ended';
  /** Why what the strategy promises is not supported here; null when it is. */
  readonly reason: string | null;
}

interface Parts {
  readonly workloads: readonly Pick<Workload, 'id' | 'protocol'>[];
  readonly strategies: readonly Pick<RecoveryStrategy, 'id' | 'expects'>[];
  readonly faults: readonly Pick<Fault, 'id' | 'outcome'>[];
  /** Number of replicas, >= 2. */
  readonly replicas: number;
}

/** By workload, then strategy, then fault, in the given orders. */
export function coverage({ workloads, strategies, faults, replicas }: Parts): Combination[] {
  return workloads.flatMap((workload) =>
    strategies.flatMap((strategy) =>
      faults.map((fault) => ({
        workload: workload.id,
        strategy: strategy.id,
        fault: fault.id,
        ...fateOf(workload, strategy, fault, replicas),
      })),
    ),
  );
}

function fateOf(
  workload: Parts['workloads'][number],
  strategy: Parts['strategies'][number],
  fault: Parts['faults'][number],
  replicas: number,
): Pick<Combination, 'connections' | 'reason'> {
  const { connections, service, reason } = fault.outcome(replicas);
  if (connections === 'untouched') return { connections, reason: null };
  if (service === 'ends') return { connections: 'ended', reason };
  if (strategy.expects.transport === 'reconnected') return { connections: 'reconnected', reason: null };
  if (connections === 'reset') return { connections, reason };
  const notKept = notKeptReason(strategy, workload);
  return notKept === undefined ? { connections, reason: null } : { connections: 'reset', reason: notKept };
}

/**
 * Few combinations in which each pair of a workload and a strategy, of a workload and a fault, and of a strategy and a
 * fault is there: greedy, the same for the same input.
 */
export function coveringPairs(all: readonly Combination[]): Combination[] {
  const missing = new Set(all.flatMap(pairsOf));
  const chosen: Combination[] = [];
  while (missing.size > 0) {
    const best = mostNew(all, missing);
    if (best === undefined) return chosen;
    chosen.push(best);
    for (const pair of pairsOf(best)) missing.delete(pair);
  }
  return chosen;
}

function mostNew(all: readonly Combination[], missing: ReadonlySet<string>): Combination | undefined {
  let best: Combination | undefined;
  let bestCount = 0;
  for (const candidate of all) {
    const count = pairsOf(candidate).filter((pair) => missing.has(pair)).length;
    if (count <= bestCount) continue;
    best = candidate;
    bestCount = count;
  }
  return best;
}

function pairsOf({ workload, strategy, fault }: Combination): string[] {
  return [
    JSON.stringify({ workload, strategy }),
    JSON.stringify({ workload, fault }),
    JSON.stringify({ strategy, fault }),
  ];
}
