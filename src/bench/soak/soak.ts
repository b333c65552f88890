/**
 * A soak: faults of all kinds in a row, on one cluster and under one load that both live the whole time. After each fault
 * the cluster is made whole again; the connections of the load go from takeover to takeover.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, createClock } from '../../base/clock.js';
import { createPrng } from '../../base/prng.js';
import { createIdentity } from '../../cluster/certificates.js';
import { Cluster, type ClusterRecords } from '../../cluster/cluster.js';
import type { DetectorOptions } from '../../cluster/director/failure-detector.js';
import { auditNonces } from '../../cluster/nonce-audit.js';
import { processEntry } from '../../cluster/process-entry.js';
import type { Fault, FaultEvidence, FaultRoles } from '../../contracts/fault.js';
import type { LoadCommand, LoadEvent, LoadRotation } from '../../contracts/load.js';
import type { SoakFault, SoakSummary } from '../../contracts/soak.js';
import type { RecoveryStrategy } from '../../contracts/strategy.js';
import type { Arrivals, Workload } from '../../contracts/workload.js';
import { type ChildChannel, spawnChild } from '../../net/message-channel.js';
import type { CipherSuite } from '../../tls/cipher-suites.js';
import { captureEnvironment } from '../environment.js';
import { FaultInjection, ReplicaDetections } from '../fault-injection.js';
import { readOpenFileLimit, requireOpenFiles } from '../open-files.js';
import { fateOf } from '../replica-fate.js';
import type { Loaded } from '../run-options.js';
import { SERVERNAME } from '../trial.js';
import { ExecutionAccount } from './execution-account.js';
import { FIRST_FAULT_MS, GoodputAccount } from './goodput.js';
import { judgeFault, lostConnections } from './judge-fault.js';
import { ProcessSamples } from './process-samples.js';
import { aloneTimeMs, nextFaultMs, pauseBeforeFault, type SoakRound, soakSchedule } from './schedule.js';
import { SoakAccount } from './soak-account.js';
import { SoakFiles } from './soak-files.js';

/** The load starts when all connections have received the command. */
const START_DELAY_MS = 20;
const CONNECT_CONCURRENCY = 32;
const OPEN_TIMEOUT_MS = 60_000;
/** Grace and closing check of the load client take 12 s at most. */
const REPORT_TIMEOUT_MS = 30_000;
/** Of the director, which checks once per interval and may itself be late. */
const DETECTION_GRACE_MS = 5000;
/** The last fault may begin right before the end: requests are planned for longer than the load takes. */
const PLANNED_BEYOND_MS = 600_000;

export interface SoakOptions {
  readonly strategy: Loaded<RecoveryStrategy>;
  /** May be several in one, see `loadWorkload`. */
  readonly workload: Loaded<Workload>;
  readonly faults: readonly Fault[];
  readonly connections: number;
  readonly replicas: number;
  readonly durationMs: number;
  /** Between two faults, ms; undefined for pauses drawn from the seed. */
  readonly faultEveryMs: number | undefined;
  /** Of a mix, `open`: its busiest connections would else take all there is, and leave nothing for the others. */
  readonly arrivals: Arrivals;
  readonly seed: number;
  readonly suite: CipherSuite;
  readonly key: 'ecdsa-p256' | 'rsa-2048' | 'rsa-4096';
  readonly detector: DetectorOptions;
  /** Whether a takeover begins with a new key, or with nonces of its own. */
  readonly rekey: boolean;
  /** Whether every nonce that leaves towards clients is checked, at the end. */
  readonly audit: boolean;
}

export interface SoakContext {
  readonly options: SoakOptions;
  /** Of the result files; made when it does not exist. */
  readonly folder: string;
  /** How the soak was started, for the result files. */
  readonly command: string;
  readonly rawOptions: Readonly<Record<string, unknown>>;
  /** Aborting ends it, with what was measured so far. */
  readonly signal: AbortSignal;
  /** Called as each fault ends. */
  readonly onFault: (result: SoakFault, remainingMs: number) => void;
}

type LoadChannel = ChildChannel<LoadCommand, LoadEvent>;

/** @throws Error when a process cannot be started or fails; all of them are gone by then, and the result files tell. */
export async function runSoak(context: SoakContext): Promise<SoakSummary> {
  requireOpenFiles(context.options.connections, readOpenFileLimit());
  const files = new SoakFiles(context.folder);
  const scratch = await mkdtemp(join(tmpdir(), 'spr-bench-'));
  const soak = new Soak(context, files);
  const onAbort = (): void => void soak.end();
  context.signal.addEventListener('abort', onAbort);
  try {
    await soak.run(scratch);
  } catch (error) {
    if (!context.signal.aborted) throw error;
  } finally {
    context.signal.removeEventListener('abort', onAbort);
    await soak.end();
    await rm(scratch, { recursive: true, force: true });
  }
  return soak.storeSummary();
}

class Soak {
  readonly #context: SoakContext;
  readonly #options: SoakOptions;
  readonly #files: SoakFiles;
  readonly #account: SoakAccount;
  readonly #executions = new ExecutionAccount();
  readonly #clockStartNs = process.hrtime.bigint();
  readonly #clock: Clock = createClock(this.#clockStartNs);
  readonly #startedAt = new Date().toISOString();
  readonly #environment = captureEnvironment();
  readonly #client: LoadChannel = spawnChild({ module: processEntry('client'), name: 'load client' });
  #detections = new ReplicaDetections();
  #cluster: Cluster | undefined;
  #samples: ProcessSamples | undefined;
  /** Present where faults come at a fixed interval. */
  #goodput: GoodputAccount | undefined;
  #loadStartMs = Number.NaN;
  #endedMs: number | undefined;
  #audit: SoakSummary['audit'] = null;
  #complete = false;

  constructor(context: SoakContext, files: SoakFiles) {
    this.#context = context;
    this.#options = context.options;
    this.#files = files;
    this.#account = new SoakAccount(
      this.#options.connections,
      this.#options.faults.map(({ id }) => id),
    );
  }

  async run(scratch: string): Promise<void> {
    const { seed, faults, replicas } = this.#options;
    const cluster = await this.#start(scratch);
    let lastFaultMs: number | undefined;
    for (const round of soakSchedule(faults, replicas, createPrng(seed).fork('soak'))) {
      const pauseMs = pauseBeforeFault(this.#dueInMs(round, lastFaultMs), this.#remainingMs);
      await this.#sleep(pauseMs ?? this.#remainingMs);
      if (pauseMs === undefined) break;
      lastFaultMs = await this.#strike(cluster, round);
      this.storeSummary();
    }
    await this.#stopLoad(cluster, lastFaultMs ?? this.#loadStartMs);
    this.#complete = true;
  }

  /** Until the next fault; below 0 where it is overdue. */
  #dueInMs(round: SoakRound, lastMs: number | undefined): number {
    const { faultEveryMs: everyMs } = this.#options;
    if (everyMs === undefined) return round.pauseMs;
    return nextFaultMs({ everyMs, firstMs: this.#loadStartMs + FIRST_FAULT_MS, lastMs }) - this.#clock();
  }

  /** Ends all processes. */
  async end(): Promise<void> {
    this.#endedMs ??= this.#clock();
    this.#samples?.stop();
    await Promise.all([this.#client.end(), this.#cluster?.end()]);
  }

  /** What is known so far. */
  storeSummary(): SoakSummary {
    const { options, command, rawOptions } = this.#context;
    const untilMs = this.#endedMs ?? this.#clock();
    const summary: SoakSummary = {
      schemaVersion: 1,
      complete: this.#complete,
      startedAt: this.#startedAt,
      durationMs: Number.isNaN(this.#loadStartMs) ? 0 : Math.max(0, untilMs - this.#loadStartMs),
      seed: options.seed,
      command,
      options: { ...rawOptions },
      environment: this.#environment,
      strategy: options.strategy.plugin.id,
      workload: options.workload.specifier,
      replicas: options.replicas,
      ...this.#account.totals(),
      goodput: this.#goodput?.goodput() ?? null,
      executions: this.#executions.counts(),
      audit: this.#audit,
      processes: this.#samples?.trends() ?? [],
    };
    this.#files.replaceSummary(summary);
    return summary;
  }

  async #start(scratch: string): Promise<Cluster> {
    const { key, durationMs } = this.#options;
    this.storeSummary();
    const identity = await createIdentity({ key, servername: SERVERNAME });
    const cluster = await this.#startCluster(identity, scratch);
    this.#cluster = cluster;
    this.#context.signal.throwIfAborted();
    await this.#openLoad(cluster.port, identity.caPem);
    this.#samples = new ProcessSamples(
      [
        { name: 'director', pids: () => [cluster.directorPid] },
        { name: 'load client', pids: () => [this.#client.pid] },
        { name: 'largest replica', pids: () => cluster.replicaPids },
      ],
      durationMs,
      this.#clock,
    );
    this.#loadStartMs = this.#clock() + START_DELAY_MS;
    if (this.#options.faultEveryMs !== undefined) this.#goodput = new GoodputAccount(this.#loadStartMs);
    this.#client.send({ kind: 'run', startMs: this.#loadStartMs });
    return cluster;
  }

  #startCluster(identity: Awaited<ReturnType<typeof createIdentity>>, folder: string): Promise<Cluster> {
    const { strategy, workload, replicas, seed, suite, detector, rekey, audit } = this.#options;
    return Cluster.start({
      clockStartNs: this.#clockStartNs,
      replicas,
      strategy: strategy.plugin,
      strategySpecifier: strategy.specifier,
      workloadSpecifier: workload.specifier,
      seed,
      engine: 'adopted',
      tls: tlsOf(suite),
      identity,
      rttMs: 0,
      folder,
      port: 0,
      detector,
      rekey,
      audit,
      onReplicaFailed: (replica, cause) => this.#detections.failed(replica, cause),
    });
  }

  async #openLoad(port: number, ca: string): Promise<void> {
    const { strategy, workload, connections, durationMs, arrivals, seed, suite } = this.#options;
    this.#client.send({
      kind: 'open',
      config: {
        clockStartNs: String(this.#clockStartNs),
        port,
        servername: SERVERNAME,
        ca,
        tls: tlsOf(suite),
        workload: workload.specifier,
        seed,
        options: { connections, durationMs: durationMs + PLANNED_BEYOND_MS, arrivals },
        onTransportLost: strategy.plugin.client.onTransportLost,
        connectConcurrency: CONNECT_CONCURRENCY,
      },
    });
    await this.#client.expect('opened', OPEN_TIMEOUT_MS);
  }

  /** One fault, until the cluster is whole again. Resolves with the time of the fault. */
  async #strike(cluster: Cluster, round: SoakRound): Promise<number> {
    const roles = round.roles(await cluster.status());
    this.#detections = new ReplicaDetections();
    const injection = this.#injection(cluster, round, roles);
    const injectedMs = this.#clock();
    await injection.run(round.fault);
    const fails = (round.fault.noticed ?? 'failure') === 'failure';
    for (const victim of fails ? round.fault.victims(roles) : []) await injection.untilDetected(victim);
    await this.#sleep(aloneTimeMs(round, this.#options.faultEveryMs));
    const fates = await Promise.all(cluster.replicaPids.map((_, index) => fateOf(cluster, index)));
    await this.#makeWhole(cluster);
    const wholeMs = this.#clock();
    const faultMs = injection.events[0]?.atMs ?? injectedMs;
    const { load, records } = await this.#rotate(cluster);
    this.#goodput?.add(load.requests, faultMs);
    const evidence = { ...roles, ...injection.seen, ...failuresOf(records), fates };
    this.#judge(round, { faultMs, wholeMs, evidence, load, records });
    return faultMs;
  }

  #injection(cluster: Cluster, { prng }: SoakRound, roles: FaultRoles): FaultInjection {
    const { intervalMs, missedLimit } = this.#options.detector;
    return new FaultInjection(cluster, this.#detections, {
      roles,
      clock: this.#clock,
      prng,
      detectionTimeoutMs: 2 * intervalMs * missedLimit + DETECTION_GRACE_MS,
      signal: this.#context.signal,
    });
  }

  async #makeWhole(cluster: Cluster): Promise<void> {
    for (const { index, alive } of await cluster.status()) {
      if (!alive) await cluster.restartReplica(index);
    }
    await cluster.untilProtected();
  }

  /** The load client first: whatever it has a reply to has been executed by then. */
  async #rotate(cluster: Cluster): Promise<{ load: LoadRotation; records: ClusterRecords }> {
    this.#client.send({ kind: 'rotate' });
    const { rotation: load } = await this.#client.expect('rotated', REPORT_TIMEOUT_MS);
    const records = await cluster.rotate();
    this.#executions.add(load.requests, records.executions);
    return { load, records };
  }

  #judge(
    { index, fault }: SoakRound,
    seen: {
      readonly faultMs: number;
      readonly wholeMs: number;
      readonly evidence: FaultEvidence;
      readonly load: LoadRotation;
      readonly records: ClusterRecords;
    },
  ): void {
    const { strategy, connections } = this.#options;
    const result = judgeFault({
      ...seen,
      index,
      fault,
      expects: strategy.plugin.expects,
      connections,
      loadStartMs: this.#loadStartMs,
    });
    this.#account.add(result, lostConnections(seen.load, seen.records.director).keys());
    this.#files.append(result);
    this.#context.onFault(result, Math.max(0, this.#remainingMs));
  }

  async #stopLoad(cluster: Cluster, lastFaultMs: number): Promise<void> {
    // What a busy machine is late with says nothing about the connections.
    this.#client.send({ kind: 'stop', faultMs: lastFaultMs, overdue: 'dropped' });
    const { report } = await this.#client.expect('report', REPORT_TIMEOUT_MS);
    this.#endedMs = this.#clock();
    const { executions } = await cluster.rotate();
    this.#executions.add(report.requests, executions);
    this.#executions.close();
    this.#account.addRest(report);
    if (cluster.noncePath !== undefined) await this.#auditNonces(cluster, cluster.noncePath);
  }

  async #auditNonces(cluster: Cluster, path: string): Promise<void> {
    // The director writes what it still has of the nonces before it reports.
    await cluster.collectDirector();
    const { records, keys, reusedNonces, unnotedRecords } = auditNonces(await readFile(path));
    this.#audit = { records, keys, reusedNonces, unnotedRecords };
    // It proves nothing, and must not look as if it did.
    if (records === 0) this.#account.violated('the audit of nonces saw no record');
    if (reusedNonces > 0) this.#account.violated(`${reusedNonces} nonces were used twice`);
    if (unnotedRecords > 0)
      this.#account.violated(`${unnotedRecords} records left without a note of their nonce`);
  }

  get #remainingMs(): number {
    return this.#options.durationMs - (this.#clock() - this.#loadStartMs);
  }

  async #sleep(ms: number): Promise<void> {
    await sleep(Math.max(0, Math.ceil(ms)), undefined, { signal: this.#context.signal });
  }
}

function failuresOf({ director }: ClusterRecords): Pick<FaultEvidence, 'failures' | 'drained'> {
  return { failures: director.failures, drained: director.drained };
}

function tlsOf({ version, opensslName }: CipherSuite): { version: '1.3' | '1.2'; ciphers: string } {
  return { version, ciphers: opensslName };
}
