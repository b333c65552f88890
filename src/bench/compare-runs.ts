/**
 * Several stored runs side by side. Trials with the same seed under the same conditions are the same experiment, and are
 * compared in pairs; otherwise the medians of two independent samples are, which takes a larger difference to be seen.
 */
import { createPrng } from '../base/prng.js';
import type { Environment, Summary } from '../contracts/results.js';
import {
  type Change,
  type ComparedMetric,
  RUN_COMPARISON_SCHEMA_VERSION,
  type RunComparison,
  type RunMetric,
} from '../contracts/run-comparison.js';
import type { Prng } from '../contracts/workload.js';
import { median } from '../stats/average.js';
import { bootstrapMedianLogRatio, bootstrapRatioOfMedians } from '../stats/bootstrap.js';
import { fingerprintOf } from './gate/stored-run.js';
import { type CellName, type CellValues, type Conditions, keyOf, type RunValues } from './run-values.js';

/** A run that has been read. */
export interface ComparedRun {
  /** As the user named it. */
  readonly folder: string;
  readonly summary: Summary;
  readonly values: RunValues;
}

/** A run with its cells by key. */
interface IndexedRun extends ComparedRun {
  readonly cells: ReadonlyMap<string, CellValues>;
}

type Difference = RunComparison['differences'][number];

/** Compared by ratio, in the order in which they are shown. */
const RATIO_METRICS: readonly RunMetric[] = [
  'recoveryTimeMs',
  'recoveryTimeToReference',
  'replicaCpuMsPerRecovery',
  'throughputBeforePerSecond',
  'latencyBeforeP50Ms',
  'replicatedBytesPerConnection',
  'replicatedBytesPerRequest',
];

/** Only shown: a ratio of counts that should be 0 says nothing. */
const COUNT_METRICS: readonly (readonly [RunMetric, (cell: Summary['cells'][number]) => number])[] = [
  ['connectionsLost', ({ connections }) => connections.lost],
  ['requestsFailed', ({ requests }) => requests.failed],
  ['corruptedBytes', ({ corruptedBytes }) => corruptedBytes],
];

/** @param runs at least two; the first is the base */
export function compareRuns(runs: readonly ComparedRun[]): RunComparison {
  const indexed = runs.map(indexCells);
  const names = cellNames(indexed);
  const differences = [...environmentDifferences(runs), ...conditionDifferences(indexed, names)];
  return {
    schemaVersion: RUN_COMPARISON_SCHEMA_VERSION,
    runs: runs.map(describeRun),
    differences,
    timesNotComparable: differences.filter((one) => spoilsTimes(one, runs)).map(({ name }) => name),
    cells: names
      .filter((name) => runsWith(indexed, name).length > 1)
      .map((name) => ({ ...name, metrics: compareCell(indexed, name) })),
    partial: names
      .map((name) => ({ ...name, runs: runsWith(indexed, name) }))
      .filter((cell) => cell.runs.length < runs.length),
  };
}

function indexCells(run: ComparedRun): IndexedRun {
  const cells = run.values.cells(run.summary.reference).map((cell) => [keyOf(cell.name), cell] as const);
  return { ...run, cells: new Map(cells) };
}

/** In the order of the summaries: first those of the base. */
function cellNames(runs: readonly IndexedRun[]): CellName[] {
  const names = runs.flatMap(({ summary }) =>
    summary.cells.map(({ strategy, workload, fault }) => ({ strategy, workload, fault })),
  );
  return [...new Map(names.map((name) => [keyOf(name), name])).values()];
}

function runsWith(runs: readonly IndexedRun[], name: CellName): number[] {
  return runs.flatMap(({ cells }, index) => (cells.has(keyOf(name)) ? [index] : []));
}

function describeRun({ folder, summary }: ComparedRun): RunComparison['runs'][number] {
  const trials = { completed: 0, invalid: 0, inconclusive: 0 };
  for (const cell of summary.cells) {
    trials.completed += cell.trials.completed;
    trials.invalid += cell.trials.invalid;
    trials.inconclusive += cell.trials.inconclusive;
  }
  const { startedAt, seed, complete, reference, violations } = summary;
  return { folder, startedAt, seed, complete, reference, trials, violations: violations.length };
}

/** The load average is left out: it is never the same. */
function environmentDifferences(runs: readonly ComparedRun[]): Difference[] {
  const names = [
    'cpuModel',
    'cores',
    'memoryMiB',
    'platform',
    'kernel',
    'node',
    'openssl',
    'sprBench',
  ] as const;
  const found = names.map(
    (name: keyof Environment): Difference => ({
      kind: 'environment',
      name,
      values: runs.map(({ summary }) => String(summary.environment[name])),
    }),
  );
  return found.filter(isDifference);
}

/** Of the cells that all runs have: the values of each option, over those cells. */
function conditionDifferences(runs: readonly IndexedRun[], names: readonly CellName[]): Difference[] {
  const shared = names.filter((name) => runsWith(runs, name).length === runs.length);
  const options = runs.map(({ cells }) => {
    const found = shared.flatMap((name) => cells.get(keyOf(name))?.conditions ?? []);
    return optionValues(found);
  });
  const optionNames = [...new Set(options.flatMap((values) => [...values.keys()]))];
  return [
    { kind: 'condition' as const, name: 'reference', values: runs.map(({ summary }) => summary.reference) },
    ...optionNames.map(
      (name): Difference => ({
        kind: 'condition',
        name,
        values: options.map((values) => [...(values.get(name) ?? ['none'])].sort().join(', ')),
      }),
    ),
  ].filter(isDifference);
}

/** Every value of each option, by the path of the option: `tls.version`. */
function optionValues(conditions: readonly Conditions[]): Map<string, Set<string>> {
  const values = new Map<string, Set<string>>();
  for (const [name, value] of conditions.flatMap((one) => leaves(one))) {
    values.set(name, (values.get(name) ?? new Set()).add(value));
  }
  return values;
}

function leaves(value: object, prefix = ''): [name: string, value: string][] {
  return Object.entries(value).flatMap(([name, part]: [string, unknown]) =>
    typeof part === 'object' && part !== null
      ? leaves(part, `${prefix}${name}.`)
      : [[`${prefix}${name}`, String(part)] as [string, string]],
  );
}

function isDifference({ values }: Difference): boolean {
  return new Set(values).size > 1;
}

/** The reference is part of no absolute time, and only the hard part of an environment is. */
function spoilsTimes({ kind, name }: Difference, runs: readonly ComparedRun[]): boolean {
  if (kind === 'condition') return name !== 'reference';
  return runs.some(({ summary }) => name in fingerprintOf(summary.environment));
}

function compareCell(runs: readonly IndexedRun[], name: CellName): ComparedMetric[] {
  const cells = runs.map((run) => run.cells.get(keyOf(name)));
  const ratios = RATIO_METRICS.map((metric) => compareMetric(runs, cells, metric));
  const counts = COUNT_METRICS.map(([metric, count]): ComparedMetric => {
    const values = runs.map(({ summary }, index) => {
      const cell = summary.cells.find((one) => keyOf(one) === keyOf(name));
      return cell === undefined || cells[index] === undefined ? null : count(cell);
    });
    return { metric, values, changes: runs.map(() => null) };
  });
  return [...ratios, ...counts].filter(({ values }) => values.some((value) => value !== null));
}

function compareMetric(
  runs: readonly IndexedRun[],
  cells: readonly (CellValues | undefined)[],
  metric: RunMetric,
): ComparedMetric {
  const [base] = cells;
  const values = cells.map((cell) => median([...(cell?.values.get(metric)?.values() ?? [])]));
  const changes = cells.map((cell, index): Change | null => {
    if (index === 0 || base === undefined || cell === undefined) return null;
    if (metric === 'recoveryTimeToReference' && !sameReference(runs, index)) return null;
    // A generator of its own makes an interval independent of which other ones there are.
    const prng = createPrng(runs[0]?.summary.seed ?? 0).fork(
      JSON.stringify([keyOf(cell.name), metric, index]),
    );
    return change(cell, base, metric, prng);
  });
  return { metric, values, changes };
}

/** Ratios to different references are different quantities. */
function sameReference(runs: readonly IndexedRun[], index: number): boolean {
  return runs[index]?.summary.reference === runs[0]?.summary.reference;
}

function change(cell: CellValues, base: CellValues, metric: RunMetric, prng: Prng): Change | null {
  const values = cell.values.get(metric);
  const references = base.values.get(metric);
  if (values === undefined || references === undefined) return null;
  const pairs = [...values]
    .sort(([a], [b]) => a - b)
    .flatMap(([seed, value]) => {
      const reference = references.get(seed);
      return reference === undefined ? [] : [{ value, reference }];
    });
  if (pairs.length > 0 && sameConditions(cell, base)) {
    const trials = { run: pairs.length, base: pairs.length };
    return { ...bootstrapMedianLogRatio(pairs, prng), paired: true, trials };
  }
  const interval = bootstrapRatioOfMedians([...values.values()], [...references.values()], prng);
  return { ...interval, paired: false, trials: { run: values.size, base: references.size } };
}

function sameConditions(cell: CellValues, base: CellValues): boolean {
  return JSON.stringify(cell.conditions) === JSON.stringify(base.conditions) && cell.conditions.length === 1;
}
