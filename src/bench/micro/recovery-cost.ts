/**
 * What the recoveries of a run cost, held against the sum of their steps. Both are processor time of replicas: the run's
 * as the system counted it between the fault and the last recovery, the steps' as `micro` measured them alone.
 */
import { STRATEGIES } from '../../../strategies/index.js';
import type { CostTerm, MicroResult, MicroStep, RecoveryCost } from '../../contracts/micro.js';
import type { Environment, Measurements, TrialResult, TrialSpec } from '../../contracts/results.js';
import { median } from '../../stats/average.js';
import { CIPHER_SUITES } from '../../tls/cipher-suites.js';
import { suiteId, versionId } from './suites.js';

/** Their requests and replies are those of the step `request`, but for one POST in ten of the first. */
const SMALL_REPLY_WORKLOADS: readonly string[] = ['request-reply', 'idle-fleet'];
const MEASURED_AEAD = 'aes-128-gcm';
/** What steps depend on. */
const MACHINE = [
  'platform',
  'cpuModel',
  'cores',
  'node',
  'openssl',
] as const satisfies readonly (keyof Environment)[];
const US_PER_MS = 1000;

/** Per recovered connection, in one trial. */
interface TrialCost {
  readonly cpuUs: number;
  readonly replies: number;
  readonly handshakes: number;
  readonly resumed: boolean;
  /** Connections that were kept, whether they had anything to recover or not. */
  readonly kept: number;
  /** Median phase of the connections that were kept, us; null without any. */
  readonly cryptoUs: number | null;
}

interface CellCosts {
  readonly spec: TrialSpec;
  readonly trials: TrialCost[];
}

/** Keeps a few numbers of each completed trial. */
export class RecoveryCosts {
  readonly #cells = new Map<string, CellCosts>();

  add(trial: TrialResult): void {
    if (trial.status !== 'completed') return;
    const cost = trialCost(trial.measurements);
    if (cost === null) return;
    const { strategy, workload, fault } = trial.spec;
    const key = JSON.stringify([strategy, workload, fault]);
    const cell = this.#cells.get(key) ?? { spec: trial.spec, trials: [] };
    cell.trials.push(cost);
    this.#cells.set(key, cell);
  }

  /** @param environment of the run */
  against(micro: Pick<MicroResult, 'steps' | 'environment'>, environment: Environment): RecoveryCost[] {
    const costs = [...this.#cells.values()].map((cell) => recoveryCost(cell, micro, environment));
    return costs.sort((a, b) => caseOf(a).localeCompare(caseOf(b), 'en'));
  }
}

function caseOf({ workload, fault, strategy }: RecoveryCost): string {
  return `${workload} ${fault} ${strategy}`;
}

function trialCost({ connections, replicaCpuMsPerRecovery, ...measured }: Measurements): TrialCost | null {
  const recovered = connections.filter(({ recoveryTimeMs }) => recoveryTimeMs !== null).length;
  if (replicaCpuMsPerRecovery === null || recovered === 0) return null;
  const { full, resumed } = measured.handshakesAfterFault;
  const kept = connections.filter(({ fate }) => fate === 'kept');
  const cryptoMs = median(kept.flatMap(({ phases }) => phases?.cryptoMs ?? []));
  return {
    cpuUs: replicaCpuMsPerRecovery * US_PER_MS,
    replies: repliesUntilRecovered(measured) / recovered,
    handshakes: (full + resumed) / recovered,
    resumed: resumed > full,
    kept: kept.length / recovered,
    cryptoUs: cryptoMs === null ? null : cryptoMs * US_PER_MS,
  };
}

/** Replies from the fault to the last recovery; of the bin in which that lies, the part before it. */
function repliesUntilRecovered({
  throughput: { binMs, firstBin, replies },
  faultInjectedMs,
  lastRecoveredMs,
}: Pick<Measurements, 'throughput' | 'faultInjectedMs' | 'lastRecoveredMs'>): number {
  const bins = ((lastRecoveredMs ?? faultInjectedMs) - faultInjectedMs) / binMs;
  return replies.reduce((sum, count, index) => {
    const covered = Math.min(1, Math.max(0, bins - (firstBin + index)));
    return firstBin + index < 0 ? sum : sum + count * covered;
  }, 0);
}

function recoveryCost(
  { spec, trials }: CellCosts,
  { steps, environment }: Pick<MicroResult, 'steps' | 'environment'>,
  environmentOfRun: Environment,
): RecoveryCost {
  const typical = (value: (trial: TrialCost) => number | null): number =>
    median(trials.flatMap((trial) => value(trial) ?? [])) ?? 0;
  const reason =
    otherMachine(environment, environmentOfRun) ?? notMeasured(spec) ?? missingStep(spec, trials, steps);
  const terms = reason === null ? costTerms(spec, trials, steps) : null;
  const crypto = trials.some(({ cryptoUs }) => cryptoUs !== null) && findStep(steps, deriveId(spec));
  return {
    strategy: spec.strategy,
    workload: spec.workload,
    fault: spec.fault,
    trials: trials.length,
    measuredUs: typical(({ cpuUs }) => cpuUs),
    repliesPerRecovery: typical(({ replies }) => replies),
    terms,
    reason,
    predictedUs: terms === null ? null : sumOf(terms),
    crypto:
      reason === null && crypto
        ? { measuredUs: typical(({ cryptoUs }) => cryptoUs), predictedUs: crypto.timeUs.median }
        : null,
  };
}

function sumOf(terms: readonly CostTerm[]): number {
  return terms.reduce((sum, { count, us }) => sum + count * us, 0);
}

function otherMachine(micro: Environment, run: Environment): string | null {
  const [field] = MACHINE.filter((name) => micro[name] !== run[name]);
  if (field === undefined) return null;
  return `the steps were measured elsewhere: ${field} is ${micro[field]}, that of the run ${run[field]}`;
}

/** What no step stands for. */
function notMeasured({ workload, tls, engine, rekey, audit }: TrialSpec): string | null {
  if (!SMALL_REPLY_WORKLOADS.includes(workload)) return `no step answers as the workload ${workload} does`;
  if (engine === 'native') return 'no step answers requests by plain node:tls';
  if (rekey === true) return 'no step takes over with --rekey';
  if (audit === true) return 'no step seals with --audit';
  const suite = CIPHER_SUITES.find(({ name }) => name === tls.suite);
  if (suite?.aead !== MEASURED_AEAD) return `no takeover is measured with ${tls.suite}`;
  return null;
}

function missingStep(
  spec: TrialSpec,
  trials: readonly TrialCost[],
  steps: readonly MicroStep[],
): string | null {
  const [missing] = stepIds(spec, trials).filter((id) => findStep(steps, id) === undefined);
  return missing === undefined ? null : `the step ${missing} was not measured`;
}

function stepIds(spec: TrialSpec, trials: readonly TrialCost[]): string[] {
  const version = versionId(spec.tls.version);
  const common = [`takeover.idle.${version}`, `takeover.busy.${version}`, `request.${version}`];
  return trials.some(({ handshakes }) => handshakes > 0)
    ? [...common, handshakeId(spec, trials)]
    : [...common, deriveId(spec)];
}

function handshakeId({ tls }: TrialSpec, trials: readonly TrialCost[]): string {
  const kind = trials.some(({ resumed }) => resumed) ? 'resumed' : 'full';
  return `handshake.${kind}.${versionId(tls.version)}.${tls.key}.adopted`;
}

function deriveId({ tls }: TrialSpec): string {
  return `derive.${suiteId({ version: tls.version, aead: MEASURED_AEAD })}`;
}

/**
 * A connection is taken over, or made anew; its first request finds neither keys nor a parser yet; the others, those of
 * recovered connections that go on while the last ones recover included, are answered as ever.
 */
function costTerms(spec: TrialSpec, trials: readonly TrialCost[], steps: readonly MicroStep[]): CostTerm[] {
  const of = (id: string): number => findStep(steps, id)?.cpuUs ?? 0;
  const version = versionId(spec.tls.version);
  const idle = `takeover.idle.${version}`;
  const busy = `takeover.busy.${version}`;
  const request = `request.${version}`;
  const replies = median(trials.map((trial) => trial.replies)) ?? 0;
  const handshakes = median(trials.map((trial) => trial.handshakes)) ?? 0;
  const anew: CostTerm[] = [
    {
      step: handshakeId(spec, trials),
      title: 'handshake, and adoption',
      count: handshakes,
      us: of(handshakeId(spec, trials)),
    },
  ];
  const taken: CostTerm[] = [
    { step: idle, title: 'take a flow over', count: takeovers(spec, trials), us: of(idle) },
  ];
  return [
    ...(handshakes > 0 ? anew : taken),
    {
      step: `${busy} - ${idle}`,
      title: 'first request of a connection, with its keys',
      count: 1,
      us: Math.max(0, of(busy) - of(idle)),
    },
    { step: request, title: 'request and its reply', count: Math.max(0, replies - 1), us: of(request) },
  ];
}

/** A lazy strategy leaves alone what has nothing to say. */
function takeovers({ strategy }: TrialSpec, trials: readonly TrialCost[]): number {
  const lazy = STRATEGIES.find(({ id }) => id === strategy)?.backup?.idleFlows === 'lazy';
  return lazy ? 1 : (median(trials.map(({ kept }) => kept)) ?? 1);
}

function findStep(steps: readonly MicroStep[], id: string): MicroStep | undefined {
  return steps.find((step) => step.id === id);
}
