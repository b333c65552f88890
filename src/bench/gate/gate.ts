/** The regression gate: a run against a baseline. Pure. */
import { UsageError } from '../../base/errors.js';
import { createPrng } from '../../base/prng.js';
import {
  type Baseline,
  type Calibration,
  type Fingerprint,
  GATE_SCHEMA_VERSION,
  type GateResult,
  type Judgement,
  type MetricKind,
} from '../../contracts/gate.js';
import { MIN_PAIRS_FOR_INTERVAL } from '../../stats/bootstrap.js';
import { type Contest, judgeAll } from './judge.js';
import { keyOf, type MetricName } from './metrics.js';
import type { Conditions, StoredCell, StoredRun } from './stored-run.js';
import { requireDetectable, type Thresholds, whyNoTail } from './thresholds.js';

export interface GateInput {
  readonly baseline: Baseline;
  readonly run: StoredRun;
  readonly thresholds: Thresholds;
  readonly calibration?: Calibration | undefined;
}

/** Holm's correction is made within each kind: they answer different questions. */
const KINDS: readonly MetricKind[] = ['ratio', 'count', 'time'];

/**
 * Compares each metric of the baseline with the run's. Violations come before everything else; times are compared only
 * where both come from the same machine and software.
 *
 * @throws UsageError when the run was made under other conditions than the baseline, when a cell of the baseline is not
 *   in the run, when the calibration is not for this comparison, or when a threshold is below what it could detect
 */
export function gate({ baseline, run, thresholds, calibration }: GateInput): GateResult {
  requireSameReference(baseline, run);
  requireSameConditions('baseline', baseline.conditions, run.conditions);
  const differing = differingFields(baseline.fingerprint, run.fingerprint);
  const gated = baseline.metrics.filter(
    (metric) => thresholds.of(metric) !== 'off' && (metric.kind !== 'time' || differing.length === 0),
  );
  requireSameCells(gated, run);
  if (calibration !== undefined) requireUsable(calibration, run, thresholds, gated);
  const contests = contestsOf(gated, run, thresholds);
  const prng = createPrng(baseline.seed).fork('gate');
  const judgements = KINDS.flatMap((kind) =>
    judgeAll(
      contests.filter((contest) => contest.kind === kind),
      prng,
    ),
  ).map((judgement) => withBrokenCell(judgement, run));
  return {
    schemaVersion: GATE_SCHEMA_VERSION,
    verdict: overall(judgements, run.violations),
    judgements,
    violations: [...run.violations],
    notes: notesOf(baseline, run, differing, calibration),
  };
}

function overall(judgements: readonly Judgement[], violations: readonly string[]): GateResult['verdict'] {
  if (violations.length > 0) return 'violation';
  if (judgements.some(({ verdict }) => verdict === 'regressed')) return 'regression';
  return judgements.some(({ verdict }) => verdict === 'inconclusive') ? 'inconclusive' : 'pass';
}

/**
 * A strategy none of whose trials does what it claims any more cannot be measured, but that is no noise: it has regressed.
 * Of fewer trials than an interval takes, chance may have spoiled each.
 */
function withBrokenCell(judgement: Judgement, { cells }: StoredRun): Judgement {
  const { completed = 0, invalid = 0, inconclusive = 0 } = findCell(cells, judgement)?.trials ?? {};
  if (completed + inconclusive > 0 || invalid < MIN_PAIRS_FOR_INTERVAL) return judgement;
  return { ...judgement, verdict: 'regressed', reason: `all ${invalid} trials of the run are invalid` };
}

function contestsOf(gated: Baseline['metrics'], run: StoredRun, thresholds: Thresholds): Contest[] {
  const samples = new Map(run.samples.map((sample) => [keyOf(sample), sample.samples]));
  return gated.map(({ kind, metric, strategy, workload, fault, samples: ofBaseline }) => {
    const name = { kind, metric, strategy, workload, fault };
    const threshold = thresholds.of(name);
    return {
      ...name,
      baseline: ofBaseline,
      run: samples.get(keyOf(name)) ?? [],
      threshold: typeof threshold === 'number' ? threshold : null,
    };
  });
}

function requireSameReference({ reference }: Baseline, { summary }: StoredRun): void {
  if (reference === summary.reference) return;
  throw new UsageError(
    `the baseline has ratios to ${reference}, the run to ${summary.reference}: run with the strategies of the baseline`,
  );
}

/** Workloads that only the run has are left alone. */
function requireSameConditions(what: string, expected: Conditions, found: Conditions): void {
  for (const { workload, fault, options } of expected) {
    const other = found.find((entry) => entry.workload === workload && entry.fault === fault);
    if (other === undefined) {
      throw new UsageError(
        `the ${what} has ${workload} / ${fault}, the run has not: run with the same options`,
      );
    }
    const [name] = differingFields(options, other.options);
    if (name === undefined) continue;
    const shown = [options[name], other.options[name]].map((value) => JSON.stringify(value) ?? 'nothing');
    throw new UsageError(
      `${workload} / ${fault}: the ${what} has ${name} ${shown[0]}, the run ${shown[1]}: these do not compare`,
    );
  }
}

function requireSameCells(gated: readonly MetricName[], { cells }: StoredRun): void {
  for (const metric of gated) {
    if (findCell(cells, metric) !== undefined) continue;
    const { strategy, workload, fault } = metric;
    throw new UsageError(`the baseline has ${strategy} / ${workload} / ${fault}, the run has not`);
  }
}

function findCell(cells: readonly StoredCell[], name: Omit<StoredCell, 'trials'>): StoredCell | undefined {
  return cells.find(
    ({ strategy, workload, fault }) =>
      strategy === name.strategy && workload === name.workload && fault === name.fault,
  );
}

function requireUsable(
  calibration: Calibration,
  run: StoredRun,
  thresholds: Thresholds,
  gated: readonly MetricName[],
): void {
  const [field] = differingFields(calibration.fingerprint, run.fingerprint);
  if (field !== undefined) {
    throw new UsageError(
      `the calibration was made elsewhere: its ${field} is not that of the run; calibrate here`,
    );
  }
  const shared = calibration.conditions.filter((condition) =>
    run.conditions.some(
      ({ workload, fault }) => workload === condition.workload && fault === condition.fault,
    ),
  );
  requireSameConditions('calibration', shared, run.conditions);
  requireDetectable(thresholds, gated, calibration);
}

function notesOf(
  baseline: Baseline,
  run: StoredRun,
  differing: readonly string[],
  calibration: Calibration | undefined,
): string[] {
  const notes = [...run.rejected];
  if (!run.summary.complete) notes.push('the run was cut short: only its finished trials are compared');
  if (differing.length > 0) {
    notes.push(
      `times are not compared: the baseline is of another machine or software (${differing.join(', ')})`,
    );
  }
  if (calibration === undefined) notes.push('not calibrated: what this machine can detect is not known');
  const known = new Set(baseline.metrics.map(({ strategy }) => strategy));
  for (const { id } of run.summary.strategies) {
    if (!known.has(id)) notes.push(`${id} is not in the baseline and not compared`);
  }
  return [...notes, whyNoTail()];
}

/** Names of the fields that are not the same; of nested values the whole field. */
function differingFields(a: Readonly<Fingerprint | Record<string, unknown>>, b: typeof a): string[] {
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))];
  return [...new Set([...left.keys(), ...right.keys()])].filter(
    (name) => canonical(left.get(name)) !== canonical(right.get(name)),
  );
}

/** JSON with the names of objects in order. */
function canonical(value: unknown): string | undefined {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
