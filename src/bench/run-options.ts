/** Options of a run, as the command line and a configuration file give them: parsed once, into readonly values. */
import { z } from 'zod';
import { loadStrategy, STRATEGIES } from '../../strategies/index.js';
import { loadWorkload, WORKLOADS } from '../../workloads/index.js';
import { UsageError } from '../base/errors.js';
import { DEFAULT_DETECTOR_OPTIONS, type DetectorOptions } from '../cluster/director/failure-detector.js';
import { STOP_SIGNALS } from '../cluster/external/stop-signals.js';
import { loadFault } from '../cluster/faults/index.js';
import type { Fault } from '../contracts/fault.js';
import { PHASES_AT_FAULT, type PhaseAtFault } from '../contracts/results.js';
import type { RecoveryStrategy } from '../contracts/strategy.js';
import type { Workload } from '../contracts/workload.js';
import { type CipherSuite, findSuite } from '../tls/cipher-suites.js';
import {
  type ExternalOptions,
  OWN_SERVER_WORKLOAD,
  parseExternalOptions,
  possibleStrategies,
  refuseImpossible,
  runsOnOwnServer,
} from './external-options.js';
import {
  nameSwept,
  parseSweep,
  requireSetting,
  type Sweep,
  type SweepPoint,
  type SweptWorkload,
} from './sweep-options.js';

/** A plugin and where it was loaded from: child processes load it again from there. */
export interface Loaded<P> {
  readonly specifier: string;
  readonly plugin: P;
}

export interface Precision {
  /** Half of the width of the intervals, as a share of the ratio. */
  readonly share: number;
  /** Trials of each cell after which it ends all the same. */
  readonly maxTrials: number;
}

export interface RunOptions {
  readonly strategies: readonly Loaded<RecoveryStrategy>[];
  readonly workloads: readonly Loaded<Workload>[];
  readonly faults: readonly Fault[];
  /** Undefined: each workload's own. */
  readonly connections: number | undefined;
  readonly arrivals: 'open' | 'closed' | undefined;
  /** Of each cell; at least, where a precision is asked for. */
  readonly trials: number;
  /** Run on until the recovery ratios are this precise; undefined to run `trials` and no more. */
  readonly precision: Precision | undefined;
  readonly seed: number;
  readonly suite: CipherSuite;
  readonly key: 'ecdsa-p256' | 'rsa-2048' | 'rsa-4096';
  readonly engine: 'adopted' | 'native';
  /** Whether a takeover begins with a new key, or with nonces of its own. */
  readonly rekey: boolean;
  /** Whether every nonce that leaves towards clients is checked. */
  readonly audit: boolean;
  readonly rttMs: number;
  /** By how much each direction between client and director may take longer, ms. */
  readonly jitterMs: number;
  /** Of each direction of each client's link, Mbit/s; undefined for no limit. */
  readonly bandwidthMbit: number | undefined;
  /** Load on all replicas before the connections of a trial are opened, ms; undefined for what compiles their code once. */
  readonly warmUpMs: number | undefined;
  /** Load before the fault, ms; undefined for as long as a rate takes. */
  readonly sessionAgeMs: number | undefined;
  /** What a connection is to be doing when the fault strikes; undefined to strike without looking. */
  readonly faultPhase: PhaseAtFault | undefined;
  /** One parameter with several values; undefined when nothing is varied. `workloads` then holds those of all values. */
  readonly sweep: Sweep | undefined;
  readonly replicas: number;
  readonly detector: DetectorOptions;
  /** A server of the user's own, for the strategies that reconnect; undefined to run all on ours. */
  readonly external: ExternalOptions | undefined;
}

/** Pairs of trials that a 95 % interval of their ratio takes; see `MIN_PAIRS_FOR_INTERVAL`. */
const DEFAULT_TRIALS = 6;
const QUICK_TRIALS = 2;
/** Four times as many trials halve an interval: more than five times as many as usual mend little. */
const DEFAULT_MAX_TRIALS = 30;
const DEFAULT_WORKLOADS = ['request-reply', 'bulk-download', 'idle-fleet'];
const QUICK_WORKLOADS = ['request-reply'];
/** One byte of an index is on the wire, and 255 means none. */
const MAX_REPLICAS = 16;
const MAX_CONNECTIONS = 100_000;
/** A fault that is seen by missed heartbeats takes their product: a minute each is more than anybody waits for. */
const MAX_HEARTBEAT_INTERVAL_MS = 60_000;
const MAX_HEARTBEATS_MISSED = 1000;
/** Above every path on Earth; trials would take minutes each. */
const MAX_RTT_MS = 10_000;
/** A modem takes seconds for a certificate: handshakes would not end in their time. */
const MIN_BANDWIDTH_MBIT = 0.1;
/** More than loopback carries. */
const MAX_BANDWIDTH_MBIT = 100_000;
/** A few bins of the throughput curve, from which the rate before the fault is read. */
const MIN_SESSION_AGE_MS = 100;
const MAX_SESSION_AGE_MS = 3_600_000;
/** As long as that of a benchmark of servers takes; longer gains nothing. */
const MAX_WARM_UP_MS = 600_000;

const list = z.union(
  [z.string().transform((text) => text.split(',')), z.array(z.string())],
  'must be names separated by commas',
);

/** Text from the command line, or a number from a configuration file. Nothing is not zero. */
function numeric(bounds: z.ZodNumber) {
  return z.preprocess(
    (value) => (typeof value === 'string' && value.trim() !== '' ? Number(value) : value),
    bounds,
  );
}

function integer(low: number, high: number) {
  const error = `must be a whole number from ${low} to ${high}`;
  return numeric(z.number(error).int(error).min(low, error).max(high, error));
}

function decimal(low: number, high: number) {
  const error = `must be a number from ${low} to ${high}`;
  return numeric(z.number(error).min(low, error).max(high, error));
}

function choice<const V extends readonly [string, ...string[]]>(...allowed: V) {
  const values = z.enum(allowed, `must be one of ${allowed.join(', ')}`);
  // A version may be a number in a configuration file.
  return z.preprocess((value) => (typeof value === 'number' ? String(value) : value), values);
}

const flag = z.boolean('must be true or false');

/** Names are those of the command line's options, in camel case. */
const rawSchema = z
  .object({
    strategies: list.default(['all']),
    strategy: list.default([]),
    workloads: list.optional(),
    faults: list.default(['kill']),
    connections: integer(1, MAX_CONNECTIONS).optional(),
    arrivals: choice('open', 'closed').optional(),
    trials: integer(1, 1000).optional(),
    precision: decimal(0.01, 1).optional(),
    maxTrials: integer(1, 1000).optional(),
    seed: integer(0, Number.MAX_SAFE_INTEGER).optional(),
    tls: choice('1.3', '1.2').default('1.3'),
    suite: z.string('must be a name').default('aes-128-gcm'),
    key: choice('ecdsa-p256', 'rsa-2048', 'rsa-4096').default('ecdsa-p256'),
    engine: choice('adopted', 'native').default('adopted'),
    rekey: flag.default(false),
    audit: flag.default(false),
    rttMs: decimal(0, MAX_RTT_MS).default(0),
    jitterMs: decimal(0, MAX_RTT_MS).default(0),
    bandwidthMbit: decimal(MIN_BANDWIDTH_MBIT, MAX_BANDWIDTH_MBIT).optional(),
    warmUpMs: decimal(0, MAX_WARM_UP_MS).optional(),
    sessionAgeMs: decimal(MIN_SESSION_AGE_MS, MAX_SESSION_AGE_MS).optional(),
    faultPhase: choice(...PHASES_AT_FAULT).optional(),
    sweep: z.string('must be a parameter and its values').optional(),
    replicas: integer(2, MAX_REPLICAS).default(2),
    heartbeatIntervalMs: integer(1, MAX_HEARTBEAT_INTERVAL_MS).default(DEFAULT_DETECTOR_OPTIONS.intervalMs),
    heartbeatMissed: integer(1, MAX_HEARTBEATS_MISSED).default(DEFAULT_DETECTOR_OPTIONS.missedLimit),
    replicaCommand: z.string('must be a command line').optional(),
    replicaShell: flag.default(false),
    proxyProtocol: flag.default(false),
    replicaStopSignal: choice(...STOP_SIGNALS).optional(),
    paths: list.optional(),
    quick: flag.default(false),
  })
  .strict();

export type RawRunOptions = Readonly<Record<string, unknown>>;

/**
 * @param raw options that were given, by name; what is absent has its default
 * @param randomSeed taken when no seed is given
 * @throws UsageError naming the option, its value and what is allowed
 */
export async function parseRunOptions(raw: RawRunOptions, randomSeed: number): Promise<RunOptions> {
  const options = await parseOne(raw, randomSeed);
  if (typeof raw.sweep !== 'string') return options;
  const sweep = await loadSweep(
    raw.sweep,
    options,
    (changes) => parseOne({ ...raw, ...changes }, options.seed),
    raw,
  );
  return { ...options, sweep, workloads: sweep.points.flatMap(({ workloads }) => workloads) };
}

/** @param parse the options of the run with changes */
async function loadSweep(
  text: string,
  { workloads }: RunOptions,
  parse: (changes: RawRunOptions) => Promise<RunOptions>,
  raw: RawRunOptions,
): Promise<Sweep> {
  const { parameter, values, optionOf } = parseSweep(text);
  if (optionOf === undefined) requireSetting(workloads, parameter);
  const given = Object.keys(optionOf?.(0) ?? {}).find((name) => raw[name] !== undefined);
  if (given !== undefined) throw new UsageError(`--sweep ${text}: --${parameter} is given as well`);
  const points: SweepPoint[] = [];
  for (const value of values) {
    const { connections, rttMs, jitterMs, bandwidthMbit, detector, warmUpMs, sessionAgeMs } = await parse(
      optionOf?.(value) ?? {},
    );
    points.push({
      value,
      changes: { connections, rttMs, jitterMs, bandwidthMbit, detector, warmUpMs, sessionAgeMs },
      workloads:
        optionOf === undefined
          ? await Promise.all(workloads.map((each) => withSetting(each, parameter, value)))
          : nameSwept(workloads, parameter, value),
    });
  }
  return { parameter, points };
}

async function withSetting(
  { specifier, plugin }: Loaded<Workload>,
  parameter: string,
  value: number,
): Promise<SweptWorkload> {
  const swept = `${specifier}:${parameter}=${value}`;
  const { id, ...rest } = await loadWorkload(swept);
  // A value that is the default is not in the id; here it has to be, or its results would pass for those of another run.
  const named = id === plugin.id ? `${id}:${parameter}=${value}` : id;
  return { specifier: swept, base: plugin.id, plugin: { ...rest, id: named } };
}

async function parseOne(raw: RawRunOptions, randomSeed: number): Promise<RunOptions> {
  const parsed = rawSchema.safeParse(raw);
  if (!parsed.success) throw new UsageError(describeIssue(raw, parsed.error.issues[0]));
  const options = parsed.data;
  const external = parseExternalOptions(options, { ...options, engine: raw.engine?.toString() });
  const workloads = workloadsOf(options, external);
  const strategies = ownServerTitles(
    await loadStrategies(options.strategies, options.strategy, external),
    external,
  );
  const faults = await loadFaults(options.faults);
  if (options.engine === 'native') refuseKeptTransports(strategies);
  if (external !== undefined) {
    refuseImpossible(
      external,
      strategies.map(({ plugin }) => plugin),
    );
  }
  const trials = options.trials ?? (options.quick ? QUICK_TRIALS : DEFAULT_TRIALS);
  return {
    strategies,
    workloads: await loadWorkloads(workloads),
    faults,
    connections: options.connections,
    arrivals: options.arrivals,
    trials,
    precision: parsePrecision(options, trials, strategies.length),
    seed: options.seed ?? randomSeed,
    suite: findSuite({
      version: options.tls,
      name: options.suite,
      authentication: options.key === 'ecdsa-p256' ? 'ecdsa' : 'rsa',
    }),
    key: options.key,
    engine: options.engine,
    rekey: options.rekey,
    audit: options.audit,
    rttMs: options.rttMs,
    jitterMs: options.jitterMs,
    bandwidthMbit: options.bandwidthMbit,
    warmUpMs: options.warmUpMs,
    sessionAgeMs: options.sessionAgeMs,
    faultPhase: options.faultPhase,
    sweep: undefined,
    replicas: options.replicas,
    detector: { intervalMs: options.heartbeatIntervalMs, missedLimit: options.heartbeatMissed },
    external,
  };
}

function parsePrecision(
  { precision, maxTrials }: { precision?: number | undefined; maxTrials?: number | undefined },
  trials: number,
  strategies: number,
): Precision | undefined {
  if (precision === undefined) {
    if (maxTrials === undefined) return undefined;
    throw new UsageError(`--max-trials ${maxTrials}: is the end of a run with --precision, which is missing`);
  }
  if (strategies < 2) throw new UsageError(`--precision ${precision}: a ratio takes two strategies at least`);
  if (maxTrials !== undefined && maxTrials < trials) {
    throw new UsageError(
      `--max-trials ${maxTrials}: must not be less than the ${trials} trials to begin with`,
    );
  }
  return { share: precision, maxTrials: maxTrials ?? Math.max(trials, DEFAULT_MAX_TRIALS) };
}

function workloadsOf(
  { workloads, quick }: { readonly workloads?: string[] | undefined; readonly quick: boolean },
  external: ExternalOptions | undefined,
): readonly string[] {
  if (external !== undefined) return [OWN_SERVER_WORKLOAD];
  return workloads ?? (quick ? QUICK_WORKLOADS : DEFAULT_WORKLOADS);
}

/** Reports have to say on which server a strategy ran. */
function ownServerTitles(
  strategies: readonly Loaded<RecoveryStrategy>[],
  external: ExternalOptions | undefined,
): readonly Loaded<RecoveryStrategy>[] {
  if (external === undefined) return strategies;
  return strategies.map(({ specifier, plugin }) =>
    runsOnOwnServer(plugin)
      ? { specifier, plugin: { ...plugin, title: `${plugin.title} (own server)` } }
      : { specifier, plugin },
  );
}

async function loadStrategies(
  ids: readonly string[],
  files: readonly string[],
  external: ExternalOptions | undefined,
): Promise<Loaded<RecoveryStrategy>[]> {
  const all = external === undefined ? STRATEGIES.map(({ id }) => id) : possibleStrategies(external);
  const named = ids.flatMap((id) => (id.trim() === 'all' ? all : id));
  const loaded = await Promise.all(
    namesOf('strategies', [...named, ...files]).map(async (specifier) => ({
      specifier,
      plugin: await loadStrategy(specifier),
    })),
  );
  const seen = new Set<string>();
  for (const { specifier, plugin } of loaded) {
    if (seen.has(plugin.id)) throw new UsageError(`--strategy ${specifier}: the id "${plugin.id}" is taken`);
    seen.add(plugin.id);
  }
  return loaded;
}

async function loadWorkloads(specifiers: readonly string[]): Promise<Loaded<Workload>[]> {
  const named = specifiers.flatMap((id) => (id.trim() === 'all' ? WORKLOADS.map((entry) => entry.id) : id));
  const loaded = await Promise.all(
    namesOf('workloads', named).map(async (specifier) => ({
      specifier,
      plugin: await loadWorkload(specifier),
    })),
  );
  refuseTakenId('workloads', loaded);
  return loaded;
}

function refuseKeptTransports(strategies: readonly Loaded<RecoveryStrategy>[]): void {
  const kept = strategies.find(({ plugin }) => plugin.expects.transport === 'kept');
  if (kept === undefined) return;
  throw new UsageError(
    `--engine native serves only strategies that reconnect: ${kept.plugin.id} keeps connections, which node:tls cannot hand over`,
  );
}

async function loadFaults(specifiers: readonly string[]): Promise<Fault[]> {
  const faults = await Promise.all(namesOf('faults', specifiers).map(loadFault));
  refuseTakenId(
    'faults',
    faults.map((plugin) => ({ plugin })),
  );
  return faults;
}

/** Results are stored by id. */
function refuseTakenId(
  option: string,
  loaded: readonly { readonly plugin: { readonly id: string } }[],
): void {
  const ids = loaded.map(({ plugin }) => plugin.id);
  const taken = ids.find((id, index) => ids.indexOf(id) !== index);
  if (taken !== undefined) throw new UsageError(`--${option}: the id "${taken}" is taken`);
}

/** Each name once. A run of nothing would end well and show nothing. */
function namesOf(option: string, values: readonly string[]): string[] {
  const names = [...new Set(values.map((value) => value.trim()).filter((value) => value !== ''))];
  if (names.length === 0) throw new UsageError(`--${option}: must name at least one`);
  return names;
}

function describeIssue(raw: RawRunOptions, issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'the options are not valid';
  if (issue.code === 'unrecognized_keys') {
    return `option "${issue.keys[0]}" is unknown, options of a run are ${Object.keys(rawSchema.shape).join(', ')}`;
  }
  const [name] = issue.path;
  if (typeof name !== 'string') return issue.message;
  const option = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return `${option} ${String(raw[name])}: ${issue.message}`;
}
