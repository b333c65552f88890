/**
 * One trial on real processes: starts a cluster and a load client, warms both up, injects the fault under load, and
 * collects what everybody saw.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, createClock } from '../base/clock.js';
import { createPrng } from '../base/prng.js';
import type { Identity } from '../cluster/certificates.js';
import { Cluster, type ClusterMemory, type ClusterOptions } from '../cluster/cluster.js';
import type { DirectorReport } from '../cluster/messages.js';
import { auditNonces } from '../cluster/nonce-audit.js';
import { processEntry } from '../cluster/process-entry.js';
import { countExecutions } from '../cluster/replica/ledger.js';
import type { Fault, FaultRoles } from '../contracts/fault.js';
import type { LoadCommand, LoadConfig, LoadEvent, LoadReport, Overdue } from '../contracts/load.js';
import type { TrialResult, TrialSpec } from '../contracts/results.js';
import type { RecoveryStrategy } from '../contracts/strategy.js';
import { notKeptReason, strategyFor } from '../contracts/support.js';
import type { Workload } from '../contracts/workload.js';
import { type ChildChannel, spawnChild } from '../net/message-channel.js';
import { CIPHER_SUITES } from '../tls/cipher-suites.js';
import { CLOSING_MS_PER_CONNECTION } from './closing-check.js';
import { evaluateTrial, type Observations } from './evaluate.js';
import type { ExternalOptions } from './external-options.js';
import { FalseAlarm, notBegun, unlessFalseAlarm } from './false-alarm.js';
import { FaultInjection, ReplicaDetections } from './fault-injection.js';
import { watchMachine } from './machine-load.js';
import { memoryPerConnection } from './memory-at-rest.js';
import { patienceMs } from './patience.js';
import { fateOf } from './replica-fate.js';
import type { Loaded } from './run-options.js';
import { RECONNECT_MS_PER_CONNECTION } from './settling.js';

/** The certificate is valid for it, and clients verify it. */
export const SERVERNAME = 'spr-bench.test';

/** New flows go to the first live replica, their state to the next one. */
const PRIMARY = 0;
const BACKUP = 1;
/** Survivors of a real fault have made many handshakes before: here as many as compile that path. */
const WARM_UP_CONNECTIONS_PER_REPLICA = 20;
const WARM_UP_MS = 250;
/** Then the connections are new ones: handshakes are to be as warm as what they lead to. */
const WARM_UP_ROUND_MS = 250;
/** The load starts when all connections have received the command. */
const START_DELAY_MS = 20;
/** The fault must not beat time with the workload. */
const MAX_FAULT_JITTER_MS = 50;
const ABANDON_TIMEOUT_MS = 10_000;
/** Their ends reach the replicas within milliseconds, on a machine that stands still for a while later. */
const ENDED_WITHIN_MS = 2000;
/** Of full handshakes at a time while the connections are opened. */
const CONNECT_CONCURRENCY = 32;
const OPEN_TIMEOUT_MS = 60_000;
/** Of a handshake, on a machine that is busy with others like it. */
const HANDSHAKE_MS = 20;
/** Grace and closing check of the load client take 7 s at most, and twice its patience. */
const REPORT_TIMEOUT_MS = 20_000;
/** A phase that no connection enters for so long is none of this load's. */
const PHASE_TIMEOUT_MS = 2000;
/** A failure that is not detected after twice the time it should take, and this, will not be. */
const DETECTION_GRACE_MS = 5000;

export interface TrialContext {
  readonly spec: TrialSpec;
  readonly strategy: Loaded<RecoveryStrategy>;
  readonly workload: Loaded<Workload>;
  readonly fault: Fault;
  readonly identity: Identity;
  /** Used where the engine of the trial is `external`. */
  readonly external?: ExternalOptions | undefined;
  /** Aborting ends all processes of the trial. */
  readonly signal: AbortSignal;
}

type LoadChannel = ChildChannel<LoadCommand, LoadEvent>;

interface Running {
  readonly context: TrialContext;
  readonly clock: Clock;
  readonly clockStartNs: bigint;
  readonly cluster: Cluster;
  readonly client: LoadChannel;
  readonly detections: ReplicaDetections;
}

/** @throws Error when a process cannot be started or fails; all of them are gone by then. */
export async function runTrial(context: TrialContext): Promise<TrialResult> {
  const folder = await mkdtemp(join(tmpdir(), 'spr-bench-'));
  const clockStartNs = process.hrtime.bigint();
  const client: LoadChannel = spawnChild({
    module: processEntry('client'),
    name: 'load client',
  });
  let cluster: Cluster | undefined;
  const end = async (): Promise<void> => {
    await Promise.all([client.end(), cluster?.end()]);
  };
  const onAbort = (): void => void end();
  context.signal.addEventListener('abort', onAbort);
  try {
    const detections = new ReplicaDetections();
    cluster = await startCluster(context, clockStartNs, folder, detections);
    context.signal.throwIfAborted();
    const clock = createClock(clockStartNs);
    return evaluateTrial(await observe({ context, clock, clockStartNs, cluster, client, detections }));
  } catch (error) {
    if (!(error instanceof FalseAlarm) || context.signal.aborted) throw error;
    return notBegun(context.spec, error, new Date());
  } finally {
    context.signal.removeEventListener('abort', onAbort);
    await end();
    await rm(folder, { recursive: true, force: true });
  }
}

function startCluster(
  context: TrialContext,
  clockStartNs: bigint,
  folder: string,
  detections: ReplicaDetections,
): Promise<Cluster> {
  const { spec, strategy, workload, identity, external } = context;
  return Cluster.start({
    clockStartNs,
    replicas: spec.replicas,
    strategy: strategyFor(strategy.plugin, workload.plugin),
    strategySpecifier: strategy.specifier,
    workloadSpecifier: workload.specifier,
    seed: spec.seed,
    ...engineOf(spec, external),
    rekey: spec.rekey ?? false,
    audit: spec.audit ?? false,
    tls: tlsOf(spec),
    identity,
    rttMs: spec.rttMs,
    jitterMs: spec.jitterMs,
    bandwidthMbit: spec.bandwidthMbit,
    folder,
    port: 0,
    detector: spec.heartbeats,
    onReplicaFailed: (replica, cause) => detections.failed(replica, cause),
  });
}

function engineOf(
  { engine }: TrialSpec,
  external: ExternalOptions | undefined,
): Pick<ClusterOptions, 'engine' | 'external'> {
  if (engine !== 'external') return { engine };
  if (external === undefined) throw new Error('a trial with an external server has no command for it');
  // No replica of ours runs: what its engine would be does not matter.
  return { engine: 'native', external: { ...external, servername: SERVERNAME } };
}

function tlsOf({ tls }: TrialSpec): { version: '1.3' | '1.2'; ciphers: string } {
  const suite = CIPHER_SUITES.find(({ name }) => name === tls.suite);
  if (suite === undefined) throw new Error(`unknown cipher suite ${tls.suite}`);
  return { version: tls.version, ciphers: suite.opensslName };
}

async function observe(running: Running): Promise<Observations> {
  const { context, clock, cluster, client } = running;
  const { spec, strategy, workload, fault } = context;
  const roles: FaultRoles = { primary: PRIMARY, backup: BACKUP, replicas: spec.replicas };
  const victims = fault.victims(roles);
  const startedAt = new Date().toISOString();
  const { memoryBefore, memoryIdle } = await openLoad(running);
  const loadStartMs = clock() + START_DELAY_MS;
  const endWatch = watchMachine();
  client.send({ kind: 'run', startMs: loadStartMs });
  await sleepUntil(clock, loadStartMs + spec.beforeMs + faultJitterMs(spec), context.signal);
  await untilPhase(running);
  // A backup that is about to die is asked now what it has received.
  const lost = fault.noticed === 'handover' ? [] : victims.filter((index) => index !== PRIMARY);
  const beforeFault = await Promise.all(lost.map((index) => cluster.collectReplica(index)));
  const injection = injectionInto(running, roles);
  const injectedMs = clock();
  await Promise.all([injection.run(fault), sleepUntil(clock, injectedMs + spec.afterMs, context.signal)]);
  const faultMs = injection.events[0]?.atMs ?? injectedMs;
  const machine = endWatch();
  const replicas = cluster.replicaPids.map((_, index) => index);
  const returned = injection.returns.flatMap(({ replica }) => replica ?? []);
  const survivors = replicas.filter((index) => !victims.includes(index) || returned.includes(index));
  const load = await stop(client, spec, { faultMs, overdue: survivors.length === 0 ? 'unserved' : 'sent' });
  const director = await cluster.collectDirector();
  return {
    spec,
    expects: strategy.plugin.expects,
    notKept: notKeptReason(strategy.plugin, workload.plugin),
    fault,
    startedAt,
    loadStartMs,
    faultMs,
    load,
    director,
    survivors: [
      ...(await Promise.all(survivors.map((index) => cluster.collectReplica(index)))),
      ...cluster.takeDrainedReports(),
    ],
    beforeFault,
    evidence: {
      ...roles,
      ...injection.seen,
      failures: director.failures,
      drained: director.drained,
      fates: await Promise.all(replicas.map((index) => fateOf(cluster, index))),
    },
    executions:
      workload.plugin.recordsExecutions === false
        ? null
        : await countExecutions(cluster.ledgerPaths, failedAtMs(director, returned)),
    machine,
    memory: memoryPerConnection({
      before: memoryBefore,
      idle: memoryIdle,
      roles,
      connections: spec.connections,
    }),
    audit: cluster.noncePath === undefined ? null : auditNonces(await readFile(cluster.noncePath)),
  };
}

/** Warms up, and opens the connections. */
function openLoad(running: Running): Promise<{ memoryBefore: ClusterMemory; memoryIdle: ClusterMemory }> {
  const { context, cluster, client, detections } = running;
  return unlessFalseAlarm(detections, async () => {
    await warmUp(running);
    const memoryBefore = await cluster.residentMemory();
    await open(client, loadConfig(running, context.spec.connections));
    return { memoryBefore, memoryIdle: await cluster.residentMemory() };
  });
}

function injectionInto({ context, clock, cluster, detections }: Running, roles: FaultRoles): FaultInjection {
  const { intervalMs, missedLimit } = context.spec.heartbeats;
  return new FaultInjection(cluster, detections, {
    roles,
    clock,
    prng: createPrng(context.spec.seed).fork('fault script'),
    detectionTimeoutMs: 2 * intervalMs * missedLimit + DETECTION_GRACE_MS,
    signal: context.signal,
  });
}

/** By index of the replica. Of those that came back nothing is known: their new process writes the same ledger. */
function failedAtMs({ failures }: DirectorReport, returned: readonly number[]): ReadonlyMap<number, number> {
  const gone = failures.filter(({ replica }) => !returned.includes(replica));
  return new Map(gone.map(({ replica, atMs }) => [replica, atMs]));
}

/** Every replica serves some connections first, so that the survivors of the fault are no colder than the primary. */
async function warmUp(running: Running): Promise<void> {
  const { cluster, context } = running;
  await cluster.place('spread');
  const { warmUpMs = WARM_UP_MS } = context.spec;
  for (let leftMs = warmUpMs; leftMs > 0; leftMs -= WARM_UP_ROUND_MS) {
    await warmUpRound(running, Math.min(leftMs, WARM_UP_ROUND_MS));
  }
  await cluster.place('primary');
  await cluster.resetReplicas(ENDED_WITHIN_MS + patienceMs(context.spec));
}

async function warmUpRound(running: Running, loadMs: number): Promise<void> {
  const { context, clock, client } = running;
  await open(client, loadConfig(running, WARM_UP_CONNECTIONS_PER_REPLICA * context.spec.replicas));
  client.send({ kind: 'run', startMs: clock() });
  await sleep(loadMs, undefined, { signal: context.signal });
  // Large downloads would take longer to come to their end than all the rest of the trial.
  client.send({ kind: 'abandon' });
  await client.expect('abandoned', ABANDON_TIMEOUT_MS);
}

function loadConfig({ context, clockStartNs, cluster }: Running, connections: number): LoadConfig {
  const { spec, strategy, workload, identity } = context;
  return {
    clockStartNs: String(clockStartNs),
    port: cluster.port,
    servername: SERVERNAME,
    ca: identity.caPem,
    tls: tlsOf(spec),
    workload: workload.specifier,
    seed: spec.seed,
    options: { connections, durationMs: longestLoadMs(spec), arrivals: spec.arrivals },
    onTransportLost: strategy.plugin.client.onTransportLost,
    connectConcurrency: CONNECT_CONCURRENCY,
    patienceMs: patienceMs(spec),
  };
}

function longestLoadMs({ beforeMs, afterMs, faultPhase }: TrialSpec): number {
  return beforeMs + afterMs + (faultPhase === undefined ? 0 : PHASE_TIMEOUT_MS);
}

/** Whether it came is told afterwards, by what the connections were doing at the fault. */
async function untilPhase({ context, client }: Running): Promise<void> {
  const phase = context.spec.faultPhase;
  if (phase === undefined) return;
  client.send({ kind: 'await-phase', phase, timeoutMs: PHASE_TIMEOUT_MS });
  await client.expect('phase-awaited', 2 * PHASE_TIMEOUT_MS);
}

async function open(client: LoadChannel, config: LoadConfig): Promise<void> {
  client.send({ kind: 'open', config });
  const { connections } = config.options;
  await client.expect('opened', OPEN_TIMEOUT_MS + HANDSHAKE_MS * connections);
}

async function stop(
  client: LoadChannel,
  spec: TrialSpec,
  end: { readonly faultMs: number; readonly overdue?: Overdue },
): Promise<LoadReport> {
  client.send({ kind: 'stop', ...end });
  // Thousands that connect again at once leave the client no time for anything else.
  const perConnectionMs = CLOSING_MS_PER_CONNECTION + RECONNECT_MS_PER_CONNECTION;
  const longestMs = REPORT_TIMEOUT_MS + 2 * patienceMs(spec) + perConnectionMs * spec.connections;
  return (await client.expect('report', longestMs)).report;
}

function faultJitterMs({ seed }: TrialSpec): number {
  return createPrng(seed).fork('fault').uniform() * MAX_FAULT_JITTER_MS;
}

async function sleepUntil(clock: Clock, atMs: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, atMs - clock()), undefined, { signal });
}
