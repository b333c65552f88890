/**
 * Gives flows to their backups: those of a replica that has failed, and those that one hands over. Flows that clients wait
 * for go first, and at once. Idle ones may be many and wait for nothing: they follow in turns, so that no reply to the
 * others waits until all of them have been looked at, or when their client speaks.
 */
import type { BackupRole } from '../../contracts/strategy.js';
import type { DirectorFlow, Upstream } from './flow.js';
import { FlowWalk } from './flow-walk.js';
import { ParkNotice } from './park-notice.js';

/** With 10,000 flows all are parked within 0.3 s, and their owner has most of its time for what clients wait for. */
const PARKING_PAUSE_MS = 1;
/** As many as a replica takes over in one turn. */
const BUSY_FLOWS_PER_FLUSH = 16;

export interface Heir extends Upstream {
  readonly flows: Set<DirectorFlow>;
}

/** What is asked of the director, and told to it. */
export interface TakeoverHost {
  /** The replica of this index, if it is alive. */
  living(index: number): Heir | undefined;
  /** Whether the replica of this index is to end. */
  leaving(index: number): boolean;
  /** Who is to keep the state of what the replica of this index serves. */
  backupFor(index: number): number | undefined;
  /** All there are. */
  flows(): Iterator<DirectorFlow>;
  /** Sends what waits for the end of the turn. */
  flush(): void;
  redirected(flow: DirectorFlow): void;
  /** No idle flow of a failed replica is left. */
  settled(): void;
}

export class Takeovers {
  readonly #idleFlows: BackupRole['idleFlows'];
  readonly #host: TakeoverHost;
  readonly #idleWalk: FlowWalk;
  readonly #notice = new ParkNotice();

  constructor(idleFlows: BackupRole['idleFlows'], host: TakeoverHost) {
    this.#idleFlows = idleFlows;
    this.#host = host;
    this.#idleWalk = new FlowWalk({
      pauseMs: idleFlows === 'lazy' ? PARKING_PAUSE_MS : 0,
      attend: (flow) => this.#rescue(flow),
      turnEnded: () => this.#notice.send(),
      done: () => host.settled(),
    });
  }

  /** Whether idle flows of a failed replica are still to be given to their backups. */
  get pending(): boolean {
    return this.#idleWalk.pending;
  }

  stop(): void {
    this.#idleWalk.stop();
  }

  /** Takes `flows` from a replica that has failed. Idle ones stay with it until their turn comes. */
  moveAll(flows: readonly DirectorFlow[], from: Upstream): void {
    let busy = 0;
    for (const flow of flows) {
      if (flow.journal.idle || !this.assignNewOwner(flow, from)) continue;
      this.#give(flow);
      busy += 1;
      // Their owner begins while the others are prepared.
      if (busy % BUSY_FLOWS_PER_FLUSH === 0) this.#host.flush();
    }
    this.#host.flush();
    this.#idleWalk.restart(this.#host.flows());
  }

  /** The client speaks on a flow that was idle when its owner failed. */
  wake(flow: DirectorFlow): void {
    if (flow.owner.alive || this.assignNewOwner(flow, flow.owner)) this.#take(flow);
  }

  /** Returns false when nobody can go on with the flow: it is reset then. */
  assignNewOwner(flow: DirectorFlow, from: Upstream): boolean {
    const owner = flow.backup === undefined ? undefined : this.#host.living(flow.backup);
    if (owner === undefined || !flow.journal.recoverable) {
      flow.reset(owner === undefined ? 'no-backup' : 'not-recoverable');
      return false;
    }
    flow.takenFrom = from;
    flow.handedOver = false;
    flow.owner = owner;
    flow.backup = this.#host.backupFor(owner.index);
    owner.flows.add(flow);
    return true;
  }

  giveToOwner(flow: DirectorFlow): void {
    this.#give(flow);
    this.#notice.send();
  }

  #give(flow: DirectorFlow): void {
    if (flow.untouched) flow.reopen();
    else if (this.#canWait(flow)) this.#notice.park(flow);
    else this.#take(flow);
  }

  /** Idle flows can wait for their client, unless their owner is about to end: it has to serve them to hand them over. */
  #canWait({ journal, owner }: DirectorFlow): boolean {
    return this.#idleFlows === 'lazy' && journal.idle && !this.#host.leaving(owner.index);
  }

  #take(flow: DirectorFlow): void {
    this.#host.redirected(flow);
    flow.take();
  }

  /** Returns whether the flow was still one of a failed replica. */
  #rescue(flow: DirectorFlow): boolean {
    if (flow.owner.alive) return false;
    if (this.assignNewOwner(flow, flow.owner)) this.#give(flow);
    return true;
  }
}
