/**
 * A user's own server in the place of a replica: forked by the orchestrator, starts the server as a process group of its own,
 * watches it, and ends it. However the orchestrator dies, the server does not outlive this process.
 */

import { type Clock, createClock } from '../base/clock.js';
import { UsageError } from '../base/errors.js';
import { ProcessGroup } from '../cluster/external/process-group.js';
import { ServerProcess } from '../cluster/external/server-process.js';
import type {
  CpuSample,
  ExternalReplicaCommand,
  ExternalReplicaConfig,
  ExternalReplicaEvent,
  ReplicaEvent,
  ReplicaReport,
} from '../cluster/messages.js';
import { type ParentChannel, serveParent } from '../net/message-channel.js';

/** As often as the system counts processor time. */
const CPU_SAMPLE_INTERVAL_MS = 10;
/** A server that starts further processes while it runs, or loses some, does so rarely; to look takes milliseconds. */
const REFRESH_INTERVAL_MS = 1000;

/** Processor time of the server since it was last forgotten. */
class CpuRecorder {
  readonly #group: ProcessGroup;
  readonly #clock: Clock;
  #samples: CpuSample[] = [];

  constructor(group: ProcessGroup, clock: Clock) {
    this.#group = group;
    this.#clock = clock;
    setInterval(() => this.#sample(), CPU_SAMPLE_INTERVAL_MS);
    setInterval(() => group.refresh(), REFRESH_INTERVAL_MS);
  }

  forget(): void {
    this.#group.refresh();
    this.#samples = [];
    this.#sample();
  }

  samples(): readonly CpuSample[] {
    this.#sample();
    return this.#samples;
  }

  #sample(): void {
    this.#samples.push({ atMs: this.#clock(), cpuMs: this.#group.cpuMs() });
  }
}

interface Running {
  readonly server: ServerProcess;
  readonly group: ProcessGroup;
  readonly cpu: CpuRecorder;
}

class ExternalReplicaProcess {
  readonly #parent: ParentChannel<ReplicaEvent | ExternalReplicaEvent>;
  readonly #leaving = new AbortController();
  #starting: Promise<ServerProcess> | undefined;
  #running: Running | undefined;

  constructor() {
    this.#parent = serveParent<ExternalReplicaCommand, ReplicaEvent | ExternalReplicaEvent>(
      {
        'start-external': ({ config }) => this.#start(config),
        reset: () => {
          this.#started.cpu.forget();
          this.#parent.send({ kind: 'was-reset' });
        },
        collect: () => this.#parent.send({ kind: 'report', report: this.#report() }),
        memory: () =>
          this.#parent.send({ kind: 'memory', residentBytes: this.#started.group.residentBytes() }),
        status: () => this.#parent.send({ kind: 'status', holdings: { serves: 0, keeps: 0 } }),
      },
      () => this.#end(),
    );
  }

  async #start({ server: settings, clockStartNs }: ExternalReplicaConfig): Promise<void> {
    this.#starting = ServerProcess.start(settings, this.#leaving.signal);
    try {
      const server = await this.#starting;
      const group = new ProcessGroup(server.pid);
      this.#running = { server, group, cpu: new CpuRecorder(group, createClock(clockStartNs)) };
      void server.exited.then(() => this.#ended(server));
      this.#parent.send({ kind: 'external-started', pid: server.pid, port: server.port, problem: null });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#parent.send({ kind: 'external-started', pid: 0, port: 0, problem: error.message });
    }
  }

  /** What is left of its group is ended with it: nobody would find it later. */
  async #ended(server: ServerProcess): Promise<void> {
    this.#parent.send({ kind: 'external-ended', exit: await server.exited });
    await server.end();
    process.disconnect();
  }

  /** The orchestrator is gone, or has had enough; the server may still be starting. */
  async #end(): Promise<void> {
    this.#leaving.abort();
    const server = await this.#starting?.catch(() => undefined);
    await server?.end();
  }

  #report(): ReplicaReport {
    return {
      handshakes: [],
      takeovers: [],
      refusals: [],
      cpu: this.#started.cpu.samples(),
      replication: { bytes: 0, messages: 0, refused: 0, fenced: 0 },
    };
  }

  get #started(): Running {
    if (this.#running === undefined) throw new Error('the server is not started');
    return this.#running;
  }
}

new ExternalReplicaProcess();
