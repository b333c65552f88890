/**
 * Holds the matrix of workloads, strategies and faults against trials: each combination is run once, small, and what became of
 * its connections is compared with what the matrix says.
 *
 * `node dist/bench/combinations/main.js [--all] [--part K/N] [--at-a-time N]`: every pair of a workload, a strategy and a fault, or
 * every combination; the K-th of N parts of them. Exit code 1 when a trial did something else.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { type Combination, coverage, coveringPairs } from '../../src/bench/coverage.js';
import { FAULTS } from '../../src/cluster/faults/index.js';
import { STRATEGIES } from '../../strategies/index.js';
import { WORKLOADS } from '../../workloads/index.js';
import { differences, runCombination } from './combination.js';

interface Settings {
  readonly all: boolean;
  /** From 1. */
  readonly part: number;
  readonly parts: number;
  readonly atATime: number;
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      all: { type: 'boolean', default: false },
      part: { type: 'string', default: '1/1' },
      // Most of a trial is waiting.
      'at-a-time': { type: 'string', default: String(availableParallelism()) },
    },
  });
  const [, part, parts] = /^(\d+)\/(\d+)$/.exec(values.part)?.map(Number) ?? [];
  const atATime = Number(values['at-a-time']);
  if (!part || !parts || part > parts || !(atATime >= 1)) {
    throw new Error('usage: main.js [--all] [--part K/N] [--at-a-time N]');
  }
  return { all: values.all, part, parts, atATime };
}

function chosen({ all, part, parts }: Settings): Combination[] {
  const every = coverage({ workloads: WORKLOADS, strategies: STRATEGIES, faults: FAULTS, replicas: 2 });
  return (all ? every : coveringPairs(every)).filter((_, index) => index % parts === part - 1);
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

const settings = readSettings();
process.exitCode = (await runAll(chosen(settings), settings.atATime)) === 0 ? 0 : 1;
