/** Whether one metric of a run is worse than the baseline's: the rule, and nothing but the rule. */
import type { Judgement, Verdict } from '../../contracts/gate.js';
import type { Prng } from '../../contracts/workload.js';
import { median } from '../../stats/average.js';
import {
  bootstrapRatioOfMedians,
  MIN_PAIRS_FOR_INTERVAL,
  type RatioInterval,
} from '../../stats/bootstrap.js';
import { holm } from '../../stats/holm.js';
import { mannWhitney } from '../../stats/mann-whitney.js';
import { outlierIndices } from '../../stats/outliers.js';
import { isLargerBetter, keyOf, type MetricName } from './metrics.js';

/** A metric of the baseline and of the run. */
export interface Contest extends MetricName {
  readonly baseline: readonly number[];
  /** Empty when the run has no completed trial of it. */
  readonly run: readonly number[];
  /** Change that is tolerated; null to compare exactly. */
  readonly threshold: number | null;
}

/** Level of the whole answer: the probability of any false alarm among the metrics of one kind. */
const LEVEL = 0.05;

/**
 * Judges all metrics of one kind.
 *
 * A metric has *regressed* when the whole bootstrap 95 % interval of run / baseline is beyond the threshold, on the bad
 * side, and a Mann-Whitney test of the same, adjusted for the number of metrics (Holm), does not call it chance. It has
 * *improved* when the whole interval is beyond the threshold on the good side. It is *inconclusive* with fewer than six
 * values on either side, or when the interval is so wide that a change of twice the threshold could hide in it. Else it is
 * the *same*. Values that are compared exactly take one trial, and no statistics.
 */
export function judgeAll(contests: readonly Contest[], prng: Prng): Judgement[] {
  const judged = contests.map((contest) => judge(contest, prng.fork(keyOf(contest))));
  const tested = judged.flatMap(({ pValue }, index) => (pValue === null ? [] : [{ pValue, index }]));
  const adjusted = holm(tested.map(({ pValue }) => pValue));
  tested.forEach(({ index }, rank) => {
    const judgement = judged[index];
    const pValue = adjusted[rank];
    if (judgement !== undefined && pValue !== undefined)
      judged[index] = correct(judgement, pValue, tested.length);
  });
  return judged;
}

/** Judges one metric by itself; `pValue` is not adjusted. */
export function judge(contest: Contest, prng: Prng): Judgement {
  const { kind, metric, strategy, workload, fault, baseline, run, threshold } = contest;
  const common = {
    ...{ kind, metric, strategy, workload, fault },
    threshold: threshold ?? 0,
    baseline: { median: median(baseline) ?? 0, samples: baseline.length },
    run: { median: median(run), samples: run.length },
    outliers: { baseline: outlierIndices(baseline), run: outlierIndices(run) },
  };
  const none = { change: null, pValue: null, cliffsDelta: null };
  if (run.length === 0) {
    return { ...common, ...none, verdict: 'inconclusive', reason: 'the run has no completed trial of it' };
  }
  if (threshold === null) return { ...common, ...none, ...compareExactly(contest) };
  const fewest = Math.min(baseline.length, run.length);
  if (fewest < MIN_PAIRS_FOR_INTERVAL) {
    const reason = `${fewest} values are too few: from ${MIN_PAIRS_FOR_INTERVAL} on an interval can be given`;
    return { ...common, ...none, verdict: 'inconclusive', reason };
  }
  if ([...baseline, ...run].some((value) => value <= 0)) {
    return { ...common, ...none, verdict: 'inconclusive', reason: 'a value of 0 has no ratio' };
  }
  return { ...common, ...compareByInterval(contest, threshold, prng) };
}

/** Every value must be the baseline's. */
function compareExactly({ metric, baseline, run }: Contest): Pick<Judgement, 'verdict' | 'reason'> {
  const expected = baseline[0] ?? Number.NaN;
  const different = run.filter((value) => value !== expected);
  if (different.length === 0) return { verdict: 'same', reason: null };
  const isWorse = different.some((value) => value > expected !== isLargerBetter(metric));
  const shown = [...new Set(different)].slice(0, 3).map(round).join(', ');
  const reason = `${different.length} of ${run.length} trials: ${shown} instead of ${round(expected)} in all`;
  return { verdict: isWorse ? 'regressed' : 'improved', reason };
}

function compareByInterval(
  contest: Contest,
  threshold: number,
  prng: Prng,
): Pick<Judgement, 'verdict' | 'reason' | 'change' | 'pValue' | 'cliffsDelta'> {
  const { metric, baseline, run } = contest;
  const change = bootstrapRatioOfMedians(run, baseline, prng);
  const worsening = isLargerBetter(metric) ? invert(change) : change;
  return {
    ...verdictOf(worsening, threshold),
    change,
    pValue: probabilityOfChance(contest, threshold),
    cliffsDelta: mannWhitney(run, baseline).cliffsDelta,
  };
}

/** @param worsening more than 1 is worse */
function verdictOf(
  { low, high }: RatioInterval,
  threshold: number,
): { readonly verdict: Verdict; readonly reason: string | null } {
  const limit = 1 + threshold;
  if (low > limit) {
    return { verdict: 'regressed', reason: `worse by ${percent(low - 1)} at least` };
  }
  if (high < 1 / limit) {
    return { verdict: 'improved', reason: `better by ${percent(1 - high)} at least` };
  }
  if (high > limit * limit) {
    const reason = `it could be worse by up to ${percent(high - 1)}: more trials would tell`;
    return { verdict: 'inconclusive', reason };
  }
  return { verdict: 'same', reason: null };
}

/** Of values as bad as the run's, if nothing were worse than the threshold allows. */
function probabilityOfChance({ metric, baseline, run }: Contest, threshold: number): number {
  const limit = 1 + threshold;
  return isLargerBetter(metric)
    ? mannWhitney(
        baseline.map((value) => value / limit),
        run,
      ).pGreater
    : mannWhitney(
        run,
        baseline.map((value) => value * limit),
      ).pGreater;
}

/** The verdict with the p-value adjusted for `tests` metrics: an alarm that chance explains is none. */
function correct(judgement: Judgement, pValue: number, tests: number): Judgement {
  if (judgement.verdict !== 'regressed' || pValue <= LEVEL) return { ...judgement, pValue };
  const reason = `${judgement.reason}, but among ${tests} metrics chance explains it (p = ${pValue.toPrecision(2)})`;
  return { ...judgement, verdict: 'inconclusive', reason, pValue };
}

function invert({ ratio, low, high }: RatioInterval): RatioInterval {
  return { ratio: 1 / ratio, low: 1 / high, high: 1 / low };
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(2))} %`;
}

function round(value: number): number {
  return Number(value.toPrecision(6));
}
