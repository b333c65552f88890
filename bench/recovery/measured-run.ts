/** One run through the library, and what the goals need of it. */
import { join } from 'node:path';
import { parseRunOptions, runAll, type Summary, type TrialResult } from '../../src/index.js';

/** Options as on the command line of `compare`, in camel case. */
export type RunSettings = Readonly<Record<string, unknown>>;

/** Servers that fail have run for a while: behind this their hot code is compiled, and more of it changes little. */
const WARM_UP_MS = 3000;

export interface MeasuredRun {
  readonly summary: Summary;
  /** In the order in which they ran, those that do not count included. */
  readonly trials: readonly TrialResult[];
}

export type CompletedTrial = Extract<TrialResult, { status: 'completed' }>;

export interface RunPlace {
  /** Of the result files. */
  readonly folder: string;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Called for what a trial violated, and for why it does not count. */
  readonly note: (kind: 'violation' | 'rejected', text: string) => void;
}

/** Runs all trials, a line of progress for each. Rejects when a process cannot be started, or the signal has come. */
export async function measureRun(
  name: string,
  settings: RunSettings,
  { folder, seed, signal, note }: RunPlace,
): Promise<MeasuredRun> {
  const options = await parseRunOptions({ seed, warmUpMs: WARM_UP_MS, ...settings }, seed);
  const trials: TrialResult[] = [];
  const { summary } = await runAll(
    { options, folder: join(folder, name), command: 'npm run bench:recovery', rawOptions: settings, signal },
    {
      trialStarted: () => {},
      trialEnded: (result) => {
        trials.push(result);
        const what = `${name}: ${trialText(result)}`;
        process.stderr.write(`${what}\n`);
        if (result.status !== 'completed') note('rejected', `${what}: ${result.reasons.join('; ')}`);
        for (const violation of result.violations) note('violation', `${what}: ${violation}`);
      },
    },
  );
  signal.throwIfAborted();
  return { summary, trials };
}

function trialText({ status, spec }: TrialResult): string {
  return `trial ${spec.index + 1}, ${spec.strategy}, ${spec.workload}, ${spec.connections} connections: ${status}`;
}

export function completed(trials: readonly TrialResult[], strategy: string): CompletedTrial[] {
  return trials.filter(
    (trial): trial is CompletedTrial => trial.status === 'completed' && trial.spec.strategy === strategy,
  );
}
