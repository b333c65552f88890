/** The same strategy under a second name, so that a run can compare it with itself. */
import type { TrialResult } from '../../contracts/results.js';
import type { RecoveryStrategy } from '../../contracts/strategy.js';
import type { Loaded } from '../run-options.js';

/** No id of a strategy has a dot: a name with one is no strategy's own. */
const MARK = '.';

/**
 * The strategy under the name `ID.label`. Trials are planned, stored and summarized by name; the processes of a trial load
 * the strategy from where the original comes from, so that nothing but the name differs.
 */
export function twinOf(
  { specifier, plugin }: Loaded<RecoveryStrategy>,
  label: string,
): Loaded<RecoveryStrategy> {
  return { specifier, plugin: { ...plugin, id: `${plugin.id}${MARK}${label}` } };
}

/** The trials of the twins with this label, under the names of the originals. */
export function trialsOfTwins(trials: readonly TrialResult[], label: string): TrialResult[] {
  const suffix = `${MARK}${label}`;
  return trials
    .filter(({ spec }) => spec.strategy.endsWith(suffix))
    .map((trial) => renamed(trial, trial.spec.strategy.slice(0, -suffix.length)));
}

/** The trials of strategies under their own names. */
export function trialsOfOriginals(trials: readonly TrialResult[]): TrialResult[] {
  return trials.filter(({ spec }) => !spec.strategy.includes(MARK));
}

function renamed(trial: TrialResult, strategy: string): TrialResult {
  return { ...trial, spec: { ...trial.spec, strategy } };
}
