/** The load client process: forked by the orchestrator, loads the director on 127.0.0.1; commands and report go over IPC. */
import { setTimeout as sleep } from 'node:timers/promises';
import { loadWorkload } from '../../workloads/index.js';
import { createClock } from '../base/clock.js';
import { fineAlarm } from '../bench/fine-alarm.js';
import { LoadClient } from '../bench/load-client.js';
import { loadProtocolOf } from '../bench/load-protocol/load-protocol-of.js';
import type { LoadCommand, LoadConfig, LoadEvent, Overdue } from '../contracts/load.js';
import type { PhaseAtFault } from '../contracts/results.js';
import { type ParentChannel, serveParent } from '../net/message-channel.js';

const createAlarm = fineAlarm(new URL('./alarm-thread.js', import.meta.url), createClock(0n));

class ClientProcess {
  readonly #parent: ParentChannel<LoadEvent>;
  #client: LoadClient | undefined;

  constructor() {
    this.#parent = serveParent<LoadCommand, LoadEvent>({
      open: ({ config }) => this.#open(config),
      run: ({ startMs }) => this.#opened().run(startMs),
      rotate: () => this.#parent.send({ kind: 'rotated', rotation: this.#opened().rotate() }),
      'await-phase': ({ phase, timeoutMs }) => this.#awaitPhase(phase, timeoutMs),
      stop: ({ faultMs, overdue }) => this.#stop(faultMs, overdue),
      abandon: () => {
        this.#opened().close();
        this.#parent.send({ kind: 'abandoned' });
      },
    });
  }

  async #open(config: LoadConfig): Promise<void> {
    const workload = await loadWorkload(config.workload);
    const client = new LoadClient(config, workload, await loadProtocolOf(workload), createAlarm);
    await client.open();
    this.#client = client;
    this.#parent.send({ kind: 'opened' });
  }

  async #awaitPhase(phase: PhaseAtFault, timeoutMs: number): Promise<void> {
    await Promise.race([this.#opened().untilEntered(phase), sleep(timeoutMs)]);
    this.#parent.send({ kind: 'phase-awaited' });
  }

  async #stop(faultMs: number, overdue?: Overdue): Promise<void> {
    const client = this.#opened();
    await client.stop(faultMs, overdue);
    this.#parent.send({ kind: 'report', report: client.report() });
    client.close();
  }

  #opened(): LoadClient {
    if (this.#client === undefined)
      throw new Error("nothing is open: 'opened' must have been answered first");
    return this.#client;
  }
}

new ClientProcess();
