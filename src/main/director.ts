/** The director process: forked by the orchestrator, listens for clients on 127.0.0.1 and connects to all replicas. */
import { openSync, writeSync } from 'node:fs';
import { type Clock, createClock } from '../base/clock.js';
import { collectedMemory } from '../base/process-memory.js';
import { OWN_DESCRIPTORS, readOpenFileLimit } from '../bench/open-files.js';
import { CpuSamples } from '../cluster/cpu-samples.js';
import { Director } from '../cluster/director/director.js';
import type { ReplicaAddress } from '../cluster/director/director-config.js';
import type { DirectorObserver } from '../cluster/director/director-observer.js';
import type { DirectorFlow } from '../cluster/director/flow.js';
import { Handovers } from '../cluster/director/handovers.js';
import { NonceLog } from '../cluster/director/nonce-log.js';
import type {
  DirectorCommand,
  DirectorEvent,
  DirectorReport,
  DirectorStart,
  FlowRow,
} from '../cluster/messages.js';
import { type ParentChannel, serveParent } from '../net/message-channel.js';

/** A director that runs by hand for days must not remember every flow it had. */
const MAX_FLOW_ROWS = 200_000;

class Recorder implements DirectorObserver {
  readonly #parent: ParentChannel<DirectorEvent>;
  failures: { replica: number; cause: string; atMs: number }[] = [];
  readonly #rows = new Map<number, FlowRow>();
  readonly #handovers = new Handovers();
  drained: { replica: number; atMs: number }[] = [];
  committedStateBytes = 0;
  /** Present when the director has been started. */
  cpu: CpuSamples | undefined;

  constructor(parent: ParentChannel<DirectorEvent>) {
    this.#parent = parent;
  }

  report(): DirectorReport {
    const { failures, drained, committedStateBytes } = this;
    const flows = [...this.#rows.values()].map((row) => ({ ...row }));
    const cpu = this.cpu?.upToNow() ?? [];
    return { failures, drained, handovers: this.#handovers.rows(), flows, committedStateBytes, cpu };
  }

  /** Flows that live are remembered, but not what has happened to them. */
  forget(): void {
    this.failures = [];
    this.drained = [];
    this.#handovers.forget();
    this.committedStateBytes = 0;
    this.cpu?.forget();
    for (const [flowId, row] of this.#rows) {
      if (row.endedMs !== null) this.#rows.delete(flowId);
      row.redirectedMs = null;
      row.resumedMs = null;
    }
  }

  flowOpened(flow: DirectorFlow, atMs: number): void {
    if (this.#rows.size >= MAX_FLOW_ROWS) return;
    this.#rows.set(flow.id, {
      flowId: flow.id,
      clientPort: flow.link.clientPort,
      primary: flow.owner.index,
      openedMs: atMs,
      redirectedMs: null,
      resumedMs: null,
      endedMs: null,
      cause: null,
    });
  }

  replicaFailed(replica: number, cause: string, atMs: number): void {
    this.failures.push({ replica, cause, atMs });
    this.#parent.send({ kind: 'replica-failed', replica, cause, atMs });
  }

  flowRedirected(flow: DirectorFlow, atMs: number): void {
    const row = this.#rows.get(flow.id);
    if (row !== undefined) row.redirectedMs = atMs;
  }

  flowResumed(flow: DirectorFlow, atMs: number): void {
    const row = this.#rows.get(flow.id);
    if (row !== undefined) row.resumedMs = atMs;
    this.#handovers.resumed(flow.id, atMs);
  }

  flowHandedOver(flow: DirectorFlow, from: number, idle: boolean, atMs: number): void {
    this.#handovers.handedOver(flow.id, from, idle, atMs);
  }

  flowAsked(flow: DirectorFlow, atMs: number): void {
    this.#handovers.asked(flow.id, atMs);
  }

  replicaDrained(replica: number, atMs: number): void {
    this.drained.push({ replica, atMs });
  }

  flowEnded(flow: DirectorFlow, cause: string, atMs: number): void {
    this.#handovers.ended(flow.id);
    const row = this.#rows.get(flow.id);
    if (row === undefined) return;
    row.endedMs = atMs;
    row.cause = cause;
  }

  stateCommitted(bytes: number): void {
    this.committedStateBytes += bytes;
  }
}

/**
 * As many as leave the director what it needs itself: without a descriptor it could not connect to a replica that comes
 * back.
 */
function maxClients(): number {
  const limit = readOpenFileLimit();
  return limit === undefined ? Number.POSITIVE_INFINITY : Math.max(1, limit.soft - OWN_DESCRIPTORS);
}

/** A process that is killed loses what it has not written; the rows are of use only together with its report. */
function openNonceLog(path: string): NonceLog {
  const file = openSync(path, 'a', 0o600);
  return new NonceLog((rows) => writeSync(file, rows));
}

class DirectorProcess {
  readonly #parent: ParentChannel<DirectorEvent>;
  readonly #recorder: Recorder;
  #director: Director | undefined;
  #nonceLog: NonceLog | undefined;

  constructor() {
    this.#parent = serveParent<DirectorCommand, DirectorEvent>({
      start: ({ start }) => this.#start(start),
      place: ({ placement }) => {
        if (this.#director !== undefined) this.#director.placement = placement;
        this.#parent.send({ kind: 'placed' });
      },
      collect: () => {
        this.#nonceLog?.flush();
        this.#parent.send({ kind: 'report', report: this.#recorder.report() });
      },
      rotate: () => {
        this.#parent.send({ kind: 'report', report: this.#recorder.report() });
        this.#recorder.forget();
      },
      memory: () => this.#parent.send({ kind: 'memory', residentBytes: process.memoryUsage.rss() }),
      'collected-memory': () => this.#parent.send({ kind: 'collected-memory', memory: collectedMemory() }),
      status: () => {
        const director = this.#started;
        this.#parent.send({
          kind: 'status',
          replicas: director.status(),
          protecting: director.protecting,
        });
      },
      fence: ({ replica }) => {
        this.#started.fence(replica, 'fenced');
        this.#parent.send({ kind: 'fenced' });
      },
      drain: ({ replica }) => {
        this.#started.drain(replica);
        this.#parent.send({ kind: 'draining' });
      },
      'replica-exited': (replica) => this.#director?.exited(replica),
      partition: ({ replica, cut }) => {
        if (cut) this.#started.partitions.cut(replica);
        else this.#started.partitions.heal(replica);
        this.#parent.send({ kind: 'partitioned' });
      },
      rejoin: ({ address }) => this.#rejoin(address),
    });
    this.#recorder = new Recorder(this.#parent);
  }

  async #start(start: DirectorStart): Promise<void> {
    const clock: Clock = createClock(start.clockStartNs);
    this.#recorder.cpu = new CpuSamples(clock);
    this.#nonceLog = start.noncePath === undefined ? undefined : openNonceLog(start.noncePath);
    this.#director = new Director(
      { ...start, maxClients: maxClients() },
      this.#recorder,
      clock,
      this.#nonceLog,
    );
    this.#parent.send({ kind: 'ready', port: await this.#director.start() });
  }

  /** A replica that dies while it comes back is the orchestrator's concern; the flows of the others go on. */
  async #rejoin(address: ReplicaAddress): Promise<void> {
    try {
      await this.#started.rejoin(address);
      this.#parent.send({ kind: 'rejoined', problem: null });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.#parent.send({ kind: 'rejoined', problem });
    }
  }

  get #started(): Director {
    if (this.#director === undefined) throw new Error("the director is not started: 'start' comes first");
    return this.#director;
  }
}

new DirectorProcess();
