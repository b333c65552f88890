/** Whether the gate can be relied upon here: it must find a slow-down that is there, and none where there is none. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fullHandshake } from '../../../strategies/full-handshake.js';
import type { Judgement } from '../../contracts/gate.js';
import type { Summary, TrialResult } from '../../contracts/results.js';
import type { RecoveryStrategy } from '../../contracts/strategy.js';
import { median } from '../../stats/average.js';
import { type RunHandler, runAll } from '../run.js';
import { type Loaded, parseRunOptions, type RunOptions } from '../run-options.js';
import { makeBaseline } from './baseline.js';
import { gate } from './gate.js';
import { MetricCollector, type MetricName } from './metrics.js';
import { slowedFullHandshakeAddress } from './slowed-full-handshake.js';
import { storedRunOf } from './stored-run.js';
import { Thresholds } from './thresholds.js';
import { trialsOfOriginals, trialsOfTwins, twinOf } from './twins.js';

/** Of the median recovery time. */
export const SLOW_DOWN = 0.15;
/**
 * Full handshakes, because all clients begin at the same moment, the fault, and wait for the same three round trips: there is
 * no steadier recovery time. With a round trip that long, the noise of some milliseconds is a small part of it.
 */
const STRATEGY = fullHandshake;
const RTT_MS = 50;
const CONNECTIONS = 20;
/** To find out how long a recovery takes here. */
const PILOT_TRIALS = 3;
/** A third of the slow-down: what is left of it must be seen above the noise. */
const THRESHOLD = 0.05;

const LABELS = { baseline: 'baseline', same: 'same', slowed: 'slowed' } as const;

export interface SelftestResult {
  /** `false-alarm`: found a change where there is none. `missed`: did not find the one that is there. */
  readonly verdict: 'pass' | 'false-alarm' | 'missed';
  readonly trials: number;
  /** Median recovery time, and the delay that was put into it. */
  readonly recoveryTimeMs: number;
  readonly delayMs: number;
  readonly same: Judgement;
  readonly slowed: Judgement;
}

export interface SelftestContext {
  readonly trials: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly handler: RunHandler;
}

/** Options of the trials that are judged: the strategy as the reference of its own twins, one of which is slowed down. */
export function selftestOptions(options: RunOptions, delayMs: number): RunOptions {
  const delayedBy = (ms: number): Loaded<RecoveryStrategy> => ({
    specifier: slowedFullHandshakeAddress(ms),
    plugin: STRATEGY,
  });
  return {
    ...options,
    strategies: [
      { specifier: STRATEGY.id, plugin: STRATEGY },
      // From the same module as the slowed one, so that nothing but the delay differs.
      twinOf(delayedBy(0), LABELS.baseline),
      twinOf(delayedBy(0), LABELS.same),
      twinOf(delayedBy(delayMs), LABELS.slowed),
    ],
  };
}

/** How many trials a self-test takes in all. */
export function selftestTrials(trials: number): number {
  return PILOT_TRIALS + (1 + Object.keys(LABELS).length) * trials;
}

/** Undefined when the signal ended it. */
export async function runSelftest(context: SelftestContext): Promise<SelftestResult | undefined> {
  const options = await parseRunOptions(
    {
      ...{ strategies: [STRATEGY.id], workloads: ['request-reply'], connections: CONNECTIONS, rttMs: RTT_MS },
      trials: context.trials,
    },
    context.seed,
  );
  const pilot = await runInTemporaryFolder({ ...options, trials: PILOT_TRIALS }, context);
  if (pilot === undefined) return undefined;
  const recoveryTimeMs = medianRecoveryTimeMs(pilot.trials);
  const delayMs = recoveryTimeMs * SLOW_DOWN;
  const run = await runInTemporaryFolder(selftestOptions(options, delayMs), context);
  return (
    run && { trials: context.trials, recoveryTimeMs, delayMs, ...judgeSelftest(run.summary, run.trials) }
  );
}

/** The trials of the twins, each gated against the first twin's as any run is. */
export function judgeSelftest(
  summary: Summary,
  trials: readonly TrialResult[],
): Pick<SelftestResult, 'verdict' | 'same' | 'slowed'> {
  const runOf = (label: string) =>
    storedRunOf({ ...summary, reference: STRATEGY.id }, [
      ...trialsOfOriginals(trials),
      // One name for all of them, or they would be other metrics.
      ...trialsOfTwins(trials, label).map((trial) => ({
        ...trial,
        spec: { ...trial.spec, strategy: `${STRATEGY.id} twin` },
      })),
    ]);
  const all = makeBaseline(runOf(LABELS.baseline));
  const baseline = { ...all, metrics: all.metrics.filter(isRecoveryRatio) };
  const thresholds = new Thresholds({ thresholds: { ratio: { recoveryTimeMs: THRESHOLD } } });
  const judge = (label: string): Judgement => {
    const [judgement] = gate({ baseline, run: runOf(label), thresholds }).judgements;
    if (judgement === undefined) throw new Error('no trial of the self-test was completed');
    return judgement;
  };
  const [same, slowed] = [judge(LABELS.same), judge(LABELS.slowed)];
  const isFalseAlarm = same.verdict === 'regressed' || same.verdict === 'improved';
  const verdict = isFalseAlarm ? 'false-alarm' : slowed.verdict === 'regressed' ? 'pass' : 'missed';
  return { verdict, same, slowed };
}

function isRecoveryRatio({ kind, metric }: MetricName): boolean {
  return kind === 'ratio' && metric === 'recoveryTimeMs';
}

function medianRecoveryTimeMs(trials: readonly TrialResult[]): number {
  const collector = new MetricCollector();
  for (const trial of trials) collector.add(trial);
  const sample = collector
    .samples(STRATEGY.id)
    .find(({ kind, metric }) => kind === 'time' && metric === 'recoveryTimeMs');
  const middle = median(sample?.samples ?? []);
  if (middle === null) throw new Error('no trial of the pilot was completed');
  return middle;
}

async function runInTemporaryFolder(
  options: RunOptions,
  { signal, handler }: SelftestContext,
): Promise<{ readonly summary: Summary; readonly trials: readonly TrialResult[] } | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'spr-bench-selftest-'));
  const trials: TrialResult[] = [];
  try {
    const { summary } = await runAll(
      { options, folder, command: 'spr-bench gate --selftest', rawOptions: {}, signal },
      {
        trialStarted: (spec) => handler.trialStarted(spec),
        trialEnded: (trial) => {
          trials.push(trial);
          handler.trialEnded(trial);
        },
      },
    );
    return summary.complete ? { summary, trials } : undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
