/** `spr-bench micro`: what the steps of a recovery cost, each measured alone. */
import type { Clock } from '../../base/clock.js';
import { MICRO_SCHEMA_VERSION, type MicroResult, type MicroStep } from '../../contracts/micro.js';
import { captureEnvironment } from '../environment.js';
import { allSteps, matches, requireMatch } from './catalogue.js';
import { coldTakeoverNames, measureColdTakeovers, PROCESSES } from './cold-takeover.js';
import { METHOD, measureSteps, ROUNDS } from './measure.js';
import type { Step } from './step.js';

export interface MicroOptions {
  /** Of each step, > 0 ms. */
  readonly timeMs: number;
  /** Only steps whose name it occurs in. */
  readonly filter: string | undefined;
  readonly command: string;
}

/** So much of the work is done, 0 to 1, and what comes next. */
export type OnMicroProgress = (share: number, what: string) => void;

/** Each process counts as so many rounds of a step. */
const PROCESS_WEIGHT = 4;

/**
 * Checks that each step does what its name says, then measures. Nothing else should run on the machine.
 *
 * @throws UsageError when the filter leaves nothing
 * @throws Error when a step does not do what it should
 */
export async function runMicro(
  { timeMs, filter, command }: MicroOptions,
  clock: Clock,
  onProgress: OnMicroProgress,
): Promise<MicroResult> {
  const all = allSteps(clock);
  const cold = coldTakeoverNames();
  requireMatch([...all, ...cold], filter);
  const steps = all.filter((step) => matches(step, filter));
  const wantsCold = cold.some((name) => matches(name, filter));
  const environment = captureEnvironment();
  const startedAt = new Date().toISOString();
  const warm = await measureWarm(steps, timeMs, (rounds, what) =>
    onProgress(rounds / (steps.length * ROUNDS + (wantsCold ? COLD_ROUNDS : 0)), what),
  );
  const first = wantsCold
    ? await measureColdTakeovers((started) =>
        onProgress(
          (steps.length * ROUNDS + started * PROCESS_WEIGHT) / (steps.length * ROUNDS + COLD_ROUNDS),
          'first takeovers, each in a process of its own',
        ),
      )
    : [];
  return {
    schemaVersion: MICRO_SCHEMA_VERSION,
    startedAt,
    command,
    options: { timeMs, filter: filter ?? null },
    method: METHOD,
    environment,
    steps: [...warm, ...first.filter((step) => matches(step, filter))],
  };
}

/** Two kinds of processes. */
const COLD_ROUNDS = 2 * PROCESSES * PROCESS_WEIGHT;

async function measureWarm(
  steps: readonly Step[],
  timeMs: number,
  onRounds: (rounds: number, what: string) => void,
): Promise<MicroStep[]> {
  try {
    for (const step of steps) {
      onRounds(0, `checking: ${step.title}`);
      await step.verify();
    }
    return await measureSteps(steps, timeMs, {
      measuring: ({ group, title }, { index, round }) =>
        onRounds(round * steps.length + index, `${group}: ${title}`),
    });
  } finally {
    for (const step of steps) if (step.kind === 'turns') step.close?.();
  }
}
