/**
 * Holds the matrix of workloads, strategies and faults against trials: each combination is run once, small, and what became of
 * its connections is compared with what the matrix says.
 *
 * `node dist/bench/combinations/main.js [--all] [--at-a-time N] [--workloads ...] [--strategies ...] [--faults ...]`:
 * every pair of a workload, a strategy and a fault, or every combination; only some of them. Exit
 * code 1 when a trial did something else, 2 on wrong usage.
 */
import { type Combination, coverage, coveringPairs } from '../../src/bench/coverage.js';
import { FAULTS } from '../../src/cluster/faults/index.js';
import { STRATEGIES } from '../../strategies/index.js';
import { WORKLOADS } from '../../workloads/index.js';
import { endOnInterrupt, runProgram } from '../program.js';
import { differences, runCombination } from './combination.js';
import { readSettings, type Settings, USAGE } from './settings.js';

const REPLICAS = 2;

async function main(args: readonly string[]): Promise<number> {
  const settings = readSettings(args, {
    workloads: WORKLOADS.map(({ id }) => id),
    strategies: STRATEGIES.map(({ id }) => id),
    faults: FAULTS.map(({ id }) => id),
  });
  return (await runAll(chosen(settings), settings.atATime)) === 0 ? 0 : 1;
}

/** Pairs cover what is named, and no more. */
function chosen({ all, workloads, strategies, faults }: Settings): Combination[] {
  const every = coverage({
    workloads: WORKLOADS,
    strategies: STRATEGIES,
    faults: FAULTS,
    replicas: REPLICAS,
  });
  const named = every.filter(
    (each) =>
      (workloads?.includes(each.workload) ?? true) &&
      (strategies?.includes(each.strategy) ?? true) &&
      (faults?.includes(each.fault) ?? true),
  );
  return all ? named : coveringPairs(named);
}

/** @returns how many combinations did something else than the matrix says */
async function runAll(combinations: readonly Combination[], atATime: number): Promise<number> {
  const waiting = combinations.entries();
  let wrong = 0;
  let inconclusive = 0;
  const worker = async (): Promise<void> => {
    for (const [index, combination] of waiting) {
      const { status, problems } = await runCombination(combination, index + 1).then(
        (result) => ({ status: result.status as string, problems: differences(combination, result) }),
        (error: unknown) => ({ status: 'failed', problems: [String(error)] }),
      );
      if (problems.length > 0) wrong += 1;
      if (status === 'inconclusive') inconclusive += 1;
      const { workload, strategy, fault, connections } = combination;
      const verdict = problems.length === 0 ? 'ok' : `NOT AS SAID: ${problems.join('; ')}`;
      console.log(`${workload}, ${strategy}, ${fault}: ${connections}, ${status}: ${verdict}`);
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  console.log(`${combinations.length} combinations, ${wrong} not as said, ${inconclusive} inconclusive`);
  return wrong;
}

endOnInterrupt();
process.exitCode = await runProgram({ usage: USAGE, main });
