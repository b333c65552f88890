/** A replica process: forked by the orchestrator, serves the director's trunk and other replicas' links on 127.0.0.1. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { loadStrategy } from '../../strategies/index.js';
import { loadWorkload } from '../../workloads/index.js';
import { type Clock, createClock } from '../base/clock.js';
import { collectedMemory } from '../base/process-memory.js';
import { createSeededBytes } from '../base/seeded-bytes.js';
import { CpuSamples } from '../cluster/cpu-samples.js';
import type {
  Peer,
  ReplicaCommand,
  ReplicaConfig,
  ReplicaEvent,
  ReplicaReport,
} from '../cluster/messages.js';
import { Ledger } from '../cluster/replica/ledger.js';
import { rehearseTakeover } from '../cluster/replica/rehearsal.js';
import { Replica } from '../cluster/replica/replica.js';
import type { ReplicaObserver } from '../cluster/replica/replica-options.js';
import { loadApplication } from '../cluster/replica/workload-application.js';
import { strategyFor } from '../contracts/support.js';
import { type ParentChannel, serveParent } from '../net/message-channel.js';
import { Trunk } from '../net/trunk.js';
import { CIPHER_SUITES } from '../tls/cipher-suites.js';

/** Any value: it only has to be the same on all replicas for sessions to be resumed among them. */
const SESSION_ID_CONTEXT = 'spr-bench';
const ENDED_POLL_MS = 1;

class Recorder implements ReplicaObserver {
  readonly #cpu: CpuSamples;
  #handshakes: { flowId: number; resumed: boolean; atMs: number }[] = [];
  #takeovers: { flowId: number; takenMs: number; stateMs: number; cryptoMs: number }[] = [];
  #refusals: { flowId: number; reason: string }[] = [];
  #received = { bytes: 0, messages: 0, refused: 0, fenced: 0 };

  constructor(clock: Clock) {
    this.#cpu = new CpuSamples(clock);
  }

  handshake(flowId: number, resumed: boolean, atMs: number): void {
    this.#handshakes.push({ flowId, resumed, atMs });
  }

  takenOver(flowId: number, times: { takenMs: number; stateMs: number; cryptoMs: number }): void {
    this.#takeovers.push({ flowId, ...times });
  }

  refused(flowId: number, reason: string): void {
    this.#refusals.push({ flowId, reason });
  }

  forget(replica: Replica): void {
    this.#handshakes = [];
    this.#takeovers = [];
    this.#refusals = [];
    this.#received = { ...replica.replication };
    this.#cpu.forget();
  }

  report(replica: Replica): ReplicaReport {
    const { bytes, messages, refused, fenced } = replica.replication;
    return {
      handshakes: this.#handshakes,
      takeovers: this.#takeovers,
      refusals: this.#refusals,
      cpu: this.#cpu.upToNow(),
      replication: {
        bytes: bytes - this.#received.bytes,
        messages: messages - this.#received.messages,
        refused: refused - this.#received.refused,
        fenced: fenced - this.#received.fenced,
      },
    };
  }
}

interface Running {
  readonly replica: Replica;
  readonly recorder: Recorder;
  readonly ledger: Ledger;
}

class ReplicaProcess {
  readonly #parent: ParentChannel<ReplicaEvent>;
  #running: Running | undefined;

  constructor() {
    process.once('SIGTERM', () => void this.#drain());
    this.#parent = serveParent<ReplicaCommand, ReplicaEvent>({
      start: ({ config }) => this.#start(config),
      connect: ({ peers }) => this.#connect(peers),
      reset: ({ withinMs }) => this.#reset(withinMs),
      collect: () => {
        const report = this.#started.recorder.report(this.#started.replica);
        this.#parent.send({ kind: 'report', report });
      },
      rotate: ({ ledgerPath }) => {
        const { replica, recorder, ledger } = this.#started;
        ledger.rotate(ledgerPath);
        this.#parent.send({ kind: 'report', report: recorder.report(replica) });
        recorder.forget(replica);
      },
      memory: () => this.#parent.send({ kind: 'memory', residentBytes: process.memoryUsage.rss() }),
      'collected-memory': () => this.#parent.send({ kind: 'collected-memory', memory: collectedMemory() }),
      status: () => this.#parent.send({ kind: 'status', holdings: this.#started.replica.holdings }),
    });
  }

  async #start(config: ReplicaConfig): Promise<void> {
    const clock = createClock(config.clockStartNs);
    const workload = await loadWorkload(config.workload);
    const createApplication = await loadApplication(workload);
    const recorder = new Recorder(clock);
    const ledger = new Ledger(config.ledgerPath, clock);
    const strategy = strategyFor(await loadStrategy(config.strategy), workload);
    const secureContext = secureContextOf(config);
    const suite = CIPHER_SUITES.find(({ opensslName }) => opensslName === config.tls.ciphers);
    if (strategy.backup !== undefined && suite !== undefined) {
      await rehearseTakeover({ strategy, secureContext, suite }, clock);
    }
    const replica = new Replica(
      {
        index: config.index,
        incarnation: config.incarnation,
        strategy,
        engine: config.engine,
        secureContext,
        application: createApplication(createSeededBytes(config.seed), ledger),
        clusterKey: Buffer.from(config.clusterKey),
        heartbeatIntervalMs: config.heartbeatIntervalMs,
        handshakeTimeoutMs: config.handshakeTimeoutMs,
        sealing: { rekey: config.rekey, ...(config.audit ? { note: Trunk.sealedNote } : {}) },
      },
      recorder,
      clock,
    );
    this.#running = { replica, recorder, ledger };
    this.#parent.send({ kind: 'listening', ...(await replica.listen()) });
  }

  async #connect(peers: readonly Peer[]): Promise<void> {
    this.#parent.send({
      kind: 'connected',
      unreachable: await this.#started.replica.connectPeers(peers),
    });
  }

  async #reset(withinMs: number): Promise<void> {
    const { replica, recorder, ledger } = this.#started;
    const deadlineMs = performance.now() + withinMs;
    // A request that is still on its way here would be recorded behind this.
    while (replica.holdings.serves > 0 && performance.now() < deadlineMs) await sleep(ENDED_POLL_MS);
    recorder.forget(replica);
    ledger.reset();
    this.#parent.send({ kind: 'was-reset' });
  }

  /** As servers do when they are told to end: what they have is brought to an end first. */
  async #drain(): Promise<void> {
    const running = this.#running;
    if (running === undefined) process.exit(0);
    await running.replica.drain();
    this.#parent.send({ kind: 'drained', report: running.recorder.report(running.replica) });
    running.replica.stop();
    // The end of the channel to the orchestrator comes behind what was sent on it.
    process.disconnect?.();
  }

  get #started(): Running {
    if (this.#running === undefined) throw new Error("the replica is not started: 'start' comes first");
    return this.#running;
  }
}

function secureContextOf({
  tls,
  identity,
  ticketKeys,
}: ReplicaConfig): ReturnType<typeof createSecureContext> {
  return createSecureContext({
    cert: identity.certificatePem,
    key: identity.privateKeyPem,
    minVersion: `TLSv${tls.version}`,
    maxVersion: `TLSv${tls.version}`,
    ciphers: tls.ciphers,
    sessionIdContext: SESSION_ID_CONTEXT,
    ...(ticketKeys === undefined ? {} : { ticketKeys: Buffer.from(ticketKeys) }),
  });
}

new ReplicaProcess();
