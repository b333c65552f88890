/** The options of `spr-bench soak`, parsed into those of one soak, or of the soaks of a series. */
import { randomInt } from 'node:crypto';
import { loadWorkload } from '../../../workloads/index.js';
import { UsageError } from '../../base/errors.js';
import { type Loaded, parseRunOptions, type RunOptions } from '../../bench/run-options.js';
import { FIRST_FAULT_MS } from '../../bench/soak/goodput.js';
import type { SeriesSoak } from '../../bench/soak/series.js';
import type { SoakOptions } from '../../bench/soak/soak.js';
import type { RecoveryStrategy } from '../../contracts/strategy.js';
import { notKeptReason } from '../../contracts/support.js';
import type { Workload } from '../../contracts/workload.js';
import { MAX_RANDOM_SEED } from './run-arguments.js';

const DEFAULT_STRATEGY = 'spr';
const DEFAULT_WORKLOADS = 'request-reply,bulk-download,idle-fleet';
/**
 * For goodput: replies of one kind, and connections that ask again when they have been answered, so that an outage costs
 * replies. The think time keeps the load below what one core serves: goodput would else be that of the machine.
 */
const DEFAULT_GOODPUT_WORKLOADS = 'request-reply:think-ms=20';
/** A week: a mistyped one should not take a year. */
const MAX_DURATION_S = 604_800;
/** No process ends and starts again in less. */
const MIN_FAULT_EVERY_MS = 100;
const MAX_FAULT_EVERY_MS = 3_600_000;
/** One interval is whatever happened in it; the second one shows that it was no accident. */
const MIN_INTERVALS = 2;
const MS_PER_S = 1000;

/** As commander gives them; what is absent was not given. */
export interface SoakArguments {
  readonly strategy?: string;
  readonly strategies?: string;
  readonly workloads?: string;
  readonly faults: string;
  readonly faultEveryMs?: string;
  readonly arrivals?: string;
  readonly connections: string;
  readonly replicas: string;
  readonly durationS: string;
  readonly seed?: string;
  readonly tls: string;
  readonly suite: string;
  readonly key: string;
  readonly heartbeatIntervalMs: string;
  readonly heartbeatMissed: string;
  readonly rekey?: boolean;
  readonly audit?: boolean;
}

export type SoakPlan =
  | { readonly kind: 'soak'; readonly options: SoakOptions }
  /** In the order in which they run: all strategies with the first interval first. */
  | { readonly kind: 'series'; readonly soaks: readonly [SeriesSoak, ...SeriesSoak[]] };

/**
 * One soak, or one for each strategy and interval.
 *
 * @throws UsageError naming the option, its value and what is allowed
 */
export async function parseSoakOptions(given: SoakArguments): Promise<SoakPlan> {
  const { strategy, strategies: several, workloads, durationS, faultEveryMs, ...rest } = given;
  const intervals = parseIntervals(faultEveryMs);
  const specifier = workloads ?? (faultEveryMs === undefined ? DEFAULT_WORKLOADS : DEFAULT_GOODPUT_WORKLOADS);
  const workload = { specifier, plugin: await loadWorkload(specifier) };
  const run = await parseRunOptions({ ...rest, strategies: strategiesOf(given) }, randomInt(MAX_RANDOM_SEED));
  if (several === undefined && run.strategies.length > 1) {
    throw new UsageError(`--strategy ${strategy}: soak takes one strategy, or --strategies`);
  }
  if (run.strategies.length > 1 && faultEveryMs === undefined) {
    throw new UsageError(
      `--strategies ${several}: several are compared with --fault-every-ms, which is missing`,
    );
  }
  for (const { plugin } of run.strategies) requireKept(plugin, workload);
  const durationMs = parseDurationMs(durationS);
  requireIntervals(durationMs, intervals);
  const [loaded] = run.strategies;
  if (loaded === undefined) throw new UsageError(`--strategies ${several}: names none`);
  const single = soakOf(run, { strategy: loaded, workload, durationMs, faultEveryMs: intervals[0] });
  const [first, ...others] = intervals.flatMap((everyMs) =>
    run.strategies.map((each) => ({ ...single, strategy: each, faultEveryMs: everyMs })),
  );
  if (first === undefined || others.length === 0) return { kind: 'soak', options: single };
  return { kind: 'series', soaks: [first, ...others] };
}

function strategiesOf({ strategy, strategies }: SoakArguments): string[] {
  if (strategy !== undefined && strategies !== undefined) {
    throw new UsageError(`--strategy ${strategy}: --strategies is given as well`);
  }
  return (strategies ?? strategy ?? DEFAULT_STRATEGY).split(',');
}

function soakOf(
  { faults, connections = 0, replicas, seed, suite, key, detector, rekey, audit, arrivals }: RunOptions,
  own: Pick<SoakOptions, 'strategy' | 'workload' | 'durationMs' | 'faultEveryMs'>,
): SoakOptions {
  return {
    ...own,
    arrivals: arrivals ?? (own.faultEveryMs === undefined ? 'open' : 'closed'),
    faults,
    connections,
    replicas,
    seed,
    suite,
    key,
    detector,
    rekey,
    audit,
  };
}

function requireKept(strategy: RecoveryStrategy, { specifier, plugin }: Loaded<Workload>): void {
  const notKept = notKeptReason(strategy, plugin);
  if (notKept === undefined) return;
  throw new UsageError(`--workloads ${specifier}: ${strategy.id} cannot keep its connections: ${notKept}`);
}

function parseDurationMs(text: string): number {
  const seconds = text.trim() === '' ? Number.NaN : Number(text);
  if (seconds >= 1 && seconds <= MAX_DURATION_S) return seconds * MS_PER_S;
  throw new UsageError(`--duration-s ${text}: must be a number from 1 to ${MAX_DURATION_S}`);
}

/** None where pauses are drawn. */
function parseIntervals(text: string | undefined): readonly number[] {
  if (text === undefined) return [];
  const intervals = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const allowed = intervals.every(
    (ms) => Number.isInteger(ms) && ms >= MIN_FAULT_EVERY_MS && ms <= MAX_FAULT_EVERY_MS,
  );
  if (!allowed) {
    throw new UsageError(
      `--fault-every-ms ${text}: must be whole numbers from ${MIN_FAULT_EVERY_MS} to ${MAX_FAULT_EVERY_MS}, separated by commas`,
    );
  }
  if (new Set(intervals).size < intervals.length) {
    throw new UsageError(`--fault-every-ms ${text}: has a value twice`);
  }
  return intervals;
}

function requireIntervals(durationMs: number, intervals: readonly number[]): void {
  const longest = Math.max(0, ...intervals);
  const neededMs = FIRST_FAULT_MS + MIN_INTERVALS * longest;
  if (longest === 0 || durationMs > neededMs) return;
  throw new UsageError(
    `--duration-s ${durationMs / MS_PER_S}: a fault every ${longest} ms takes more than ${neededMs / MS_PER_S} s: ${FIRST_FAULT_MS / MS_PER_S} s before the first one, and ${MIN_INTERVALS} intervals`,
  );
}
