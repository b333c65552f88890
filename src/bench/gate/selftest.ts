/** Whether the gate can be relied upon here: it must find a slow-down that is there, and none where there is none. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fullHandshake } from '../../../strategies/full-handshake.js';
import { createPrng } from '../../base/prng.js';
import type { Judgement, Verdict } from '../../contracts/gate.js';
import type { Summary, TrialResult } from '../../contracts/results.js';
import type { RecoveryStrategy } from '../../contracts/strategy.js';
import { median } from '../../stats/average.js';
import { type RunHandler, runAll } from '../run.js';
import { type Loaded, parseRunOptions, type RunOptions } from '../run-options.js';
import { makeBaseline } from './baseline.js';
import { gate } from './gate.js';
import { judge } from './judge.js';
import { MetricCollector, type MetricName, type MetricSample } from './metrics.js';
import { slowedFullHandshakeAddress } from './slowed-full-handshake.js';
import { type StoredRun, storedRunOf } from './stored-run.js';
import { Thresholds } from './thresholds.js';
import { trialsOfOriginals, trialsOfTwins, twinOf } from './twins.js';
import { BLOCKS_PER_TRIAL, drawWindow } from './windows.js';

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
  /** How often which verdict was given; null unless windows were asked for. */
  readonly windows: WindowVerdicts | null;
}

/** Verdicts on windows, by twin. */
export interface WindowVerdicts {
  /** Of each window, on either side. */
  readonly trials: number;
  /** That windows are drawn from. */
  readonly blocks: number;
  readonly same: Readonly<Record<Verdict, number>>;
  readonly slowed: Readonly<Record<Verdict, number>>;
}

export interface SelftestContext {
  readonly trials: number;
  /** 0 to judge the trials once; else that many times, in windows drawn from more trials. */
  readonly windows: number;
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
export function selftestTrials(plan: Pick<SelftestContext, 'trials' | 'windows'>): number {
  return PILOT_TRIALS + (1 + Object.keys(LABELS).length) * blocksOf(plan);
}

function blocksOf({ trials, windows }: Pick<SelftestContext, 'trials' | 'windows'>): number {
  return windows === 0 ? trials : BLOCKS_PER_TRIAL * trials;
}

/** Undefined when the signal ended it. */
export async function runSelftest(context: SelftestContext): Promise<SelftestResult | undefined> {
  const { trials, windows, seed } = context;
  const options = await parseRunOptions(
    {
      ...{ strategies: [STRATEGY.id], workloads: ['request-reply'], connections: CONNECTIONS, rttMs: RTT_MS },
      trials: blocksOf(context),
    },
    seed,
  );
  const pilot = await runInTemporaryFolder({ ...options, trials: PILOT_TRIALS }, context);
  if (pilot === undefined) return undefined;
  const recoveryTimeMs = medianRecoveryTimeMs(pilot.trials);
  const delayMs = recoveryTimeMs * SLOW_DOWN;
  const run = await runInTemporaryFolder(selftestOptions(options, delayMs), context);
  if (run === undefined) return undefined;
  return {
    ...{ trials: blocksOf(context), recoveryTimeMs, delayMs, ...judgeSelftest(run.summary, run.trials) },
    windows: windows === 0 ? null : judgeWindows(run.summary, run.trials, { trials, windows, seed }),
  };
}

/** The trials of the twins, each gated against the first twin's as any run is. */
export function judgeSelftest(
  summary: Summary,
  trials: readonly TrialResult[],
): Pick<SelftestResult, 'verdict' | 'same' | 'slowed'> {
  const all = makeBaseline(runOfTwin(LABELS.baseline, summary, trials));
  const baseline = { ...all, metrics: all.metrics.filter(isRecoveryRatio) };
  const thresholds = new Thresholds({ thresholds: { ratio: { recoveryTimeMs: THRESHOLD } } });
  const judgeTwin = (label: string): Judgement => {
    const [judgement] = gate({ baseline, run: runOfTwin(label, summary, trials), thresholds }).judgements;
    if (judgement === undefined) throw new Error('no trial of the self-test was completed');
    return judgement;
  };
  const [same, slowed] = [judgeTwin(LABELS.same), judgeTwin(LABELS.slowed)];
  const isFalseAlarm = same.verdict === 'regressed' || same.verdict === 'improved';
  const verdict = isFalseAlarm ? 'false-alarm' : slowed.verdict === 'regressed' ? 'pass' : 'missed';
  return { verdict, same, slowed };
}

/**
 * Judges windows as a calibration does: the baseline from some blocks, the run of either twin from others.
 *
 * @throws Error when fewer trials were completed than two windows take
 */
export function judgeWindows(
  summary: Summary,
  trials: readonly TrialResult[],
  plan: Pick<SelftestContext, 'trials' | 'windows' | 'seed'>,
): WindowVerdicts {
  const prng = createPrng(plan.seed).fork('self-test windows');
  const ratioOf = (label: string): MetricSample => recoveryRatioOf(runOfTwin(label, summary, trials).samples);
  const [baseline, same, slowed] = [ratioOf(LABELS.baseline), ratioOf(LABELS.same), ratioOf(LABELS.slowed)];
  const blocks = Math.min(...[baseline, same, slowed].map(({ samples }) => samples.length));
  if (blocks < 2 * plan.trials) throw new Error(`${blocks} blocks were completed: too few for windows`);
  const counts = { same: noVerdicts(), slowed: noVerdicts() };
  for (let window = 0; window < plan.windows; window++) {
    const drawn = drawWindow(blocks, plan.trials, prng);
    const verdictOn = (twin: MetricSample): Verdict =>
      judge(
        {
          ...{ ...baseline, threshold: THRESHOLD },
          baseline: valuesAt(drawn.baseline, baseline),
          run: valuesAt(drawn.run, twin),
        },
        prng.fork(`window ${window}`),
      ).verdict;
    counts.same[verdictOn(same)]++;
    counts.slowed[verdictOn(slowed)]++;
  }
  return { trials: plan.trials, blocks, ...counts };
}

function noVerdicts(): Record<Verdict, number> {
  return { regressed: 0, improved: 0, same: 0, inconclusive: 0 };
}

function valuesAt(blocks: readonly number[], { samples }: MetricSample): number[] {
  return blocks.map((block) => samples[block] ?? Number.NaN);
}

/** One twin as a run of its own, beside the strategy that its ratios refer to. */
function runOfTwin(label: string, summary: Summary, trials: readonly TrialResult[]): StoredRun {
  return storedRunOf({ ...summary, reference: STRATEGY.id }, [
    ...trialsOfOriginals(trials),
    // One name for all of them, or they would be other metrics.
    ...trialsOfTwins(trials, label).map((trial) => ({
      ...trial,
      spec: { ...trial.spec, strategy: `${STRATEGY.id} twin` },
    })),
  ]);
}

function recoveryRatioOf(samples: readonly MetricSample[]): MetricSample {
  const found = samples.find(isRecoveryRatio);
  if (found === undefined) throw new Error('no trial of the self-test was completed');
  return found;
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
