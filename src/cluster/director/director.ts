/**
 * The director: the only thing that a client's TCP connection touches. It forwards records between clients and
 * replicas over one trunk per replica, detects failures and hands the flows of a failed replica to their backups.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../base/clock.js';
import { ProtocolError } from '../../base/errors.js';
import { createPrng } from '../../base/prng.js';
import type { Prng } from '../../contracts/workload.js';
import {
  COMMIT_QUIET,
  COMMIT_STATE,
  ControlType,
  encodeFence,
  parseCredit,
  parseEnd,
  parseHandoff,
  parseSealed,
} from '../../net/control-records.js';
import { listenOnLoopback, portOf } from '../../net/loopback.js';
import { RecycledReads } from '../../net/recycled-reads.js';
import { Trunk, type TrunkHandler } from '../../net/trunk.js';
import { greetReplica } from '../../net/trunk-greeting.js';
import { Alert } from '../../tls/alert.js';
import { CorkedFlows } from './corked-flows.js';
import type { DirectorConfig, ReplicaAddress } from './director-config.js';
import type { DirectorObserver } from './director-observer.js';
import { DEFAULT_DRAIN_LIMIT_MS, Drains } from './drains.js';
import { FailureDetector } from './failure-detector.js';
import { DirectorFlow, type FlowHost, type Upstream } from './flow.js';
import { FlowWalk } from './flow-walk.js';
import type { NonceLog } from './nonce-log.js';
import { Partitions } from './partitions.js';
import { nextReplica, type Placement } from './placement.js';
import { type ReplicaStatus, statusOf } from './replica-status.js';
import { Takeovers } from './takeovers.js';
import { TcpUpstream } from './tcp-upstream.js';

interface Replica extends Upstream {
  readonly detector: FailureDetector;
  readonly flows: Set<DirectorFlow>;
  /** Set to false by its failure, and never back: who comes in its place is another one. */
  alive: boolean;
}

/** Of a server that knows no trunk, as its watcher tells it. */
const PROCESS_ENDED = 'process ended';
/** Connections that may wait to be accepted: thousands come back at one moment. */
const BACKLOG = 4096;

export class Director implements FlowHost {
  placement: Placement = 'primary';
  readonly partitions = new Partitions((index) => this.#replica(index).trunk);
  readonly #config: DirectorConfig;
  readonly #observer: DirectorObserver;
  readonly #clock: Clock;
  readonly #nonceLog: NonceLog | undefined;
  readonly #replicas: Replica[] = [];
  readonly #flows = new Map<number, DirectorFlow>();
  readonly #server: Server;
  readonly #linkPrng: Prng;
  readonly #drains: Drains;
  readonly #takeovers: Takeovers;
  /** Gives flows a backup that have none, or one that is about to end. */
  readonly #walk = new FlowWalk({
    pauseMs: 0,
    attend: (flow) => this.#attend(flow),
    done: () => this.#releaseEmpty(),
  });
  readonly #corked = new CorkedFlows();
  #lastFlowId: number;
  #spreadTurn = 0;
  #heartbeat: NodeJS.Timeout | undefined;

  /** @param nonceLog notes what leaves towards clients; absent unless that is audited */
  constructor(config: DirectorConfig, observer: DirectorObserver, clock: Clock, nonceLog?: NonceLog) {
    this.#config = config;
    this.#observer = observer;
    this.#clock = clock;
    this.#nonceLog = nonceLog;
    this.#lastFlowId = config.lastFlowId ?? 0;
    this.#drains = new Drains(config.drainLimitMs ?? DEFAULT_DRAIN_LIMIT_MS);
    this.#takeovers = this.#createTakeovers(config.idleFlows);
    this.#linkPrng = createPrng(config.linkSeed ?? 0).fork('link');
    // A client may finish sending and still wait for its reply.
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.accept(socket));
    const { maxClients = Number.POSITIVE_INFINITY } = config;
    if (Number.isFinite(maxClients)) this.#server.maxConnections = maxClients;
  }

  /** Whether the replicas are servers of the user's own, which know no trunk. */
  get #isExternal(): boolean {
    return this.#config.external !== undefined;
  }

  /** Connects to all replicas, then listens. Resolves with the port for clients. */
  async start(): Promise<number> {
    for (const address of this.#config.replicas) this.#replicas.push(await this.#reach(address));
    this.#heartbeat = setInterval(() => this.#beat(), this.#config.detector.intervalMs);
    return listenOnLoopback(this.#server, { port: this.#config.port, backlog: BACKLOG });
  }

  /** Takes a replica in. It is at the other end of `socket`, and has proved to be of this run. */
  attach(address: Pick<ReplicaAddress, 'index' | 'incarnation'>, socket: Socket): void {
    this.#replicas.push(this.#serve(address, socket));
  }

  stop(): void {
    clearInterval(this.#heartbeat);
    this.#walk.stop();
    this.#takeovers.stop();
    this.#drains.stop();
    this.#server.close();
    for (const flow of [...this.#flows.values()]) flow.reset('director-stopped');
    for (const replica of this.#replicas) replica.trunk.fence('director-stopped');
    this.partitions.healAll();
  }

  /** From now on nothing of this replica counts, and its flows go to their backups, as if it had failed. */
  fence(index: number, cause: string): void {
    this.#replica(index).trunk.fence(cause);
  }

  /** The process of a replica has ended. That of another incarnation says nothing about the one that is there now. */
  exited({ index, incarnation }: Pick<ReplicaAddress, 'index' | 'incarnation'>): void {
    const replica = this.#replica(index);
    if (replica.incarnation === incarnation) replica.trunk.fence(PROCESS_ENDED);
  }

  /**
   * Takes a new process of a replica into the cluster: new flows may go to it, and flows without a backup get it as
   * theirs. Its links to and from the other replicas must be open; what is left of its old process is fenced. Rejects
   * when it cannot be reached.
   */
  async rejoin(address: ReplicaAddress): Promise<void> {
    this.fence(address.index, 'replaced');
    const replica = await this.#reach(address);
    this.#replicas[this.#replicas.indexOf(this.#replica(address.index))] = replica;
    this.#walk.restart(this.#flows.values());
  }

  /**
   * No new flow goes to this replica any more, and what others keep there goes elsewhere. Its flows move when it offers
   * them; those of which the client has seen nothing move at once. It is told when none is left.
   */
  drain(index: number): void {
    const replica = this.#replica(index);
    if (!replica.alive || this.#drains.leaving(index)) return;
    this.#drains.begin(replica);
    if (this.#isExternal) {
      for (const flow of [...replica.flows]) this.#redispatch(flow, replica);
    }
    if (this.#config.transport === 'kept') {
      for (const flow of [...replica.flows]) {
        if (flow.untouched && flow.backup !== undefined) this.#moveFrom(replica, flow);
      }
    }
    this.#walk.restart(this.#flows.values());
  }

  /** Whether flows are still to be given a backup: after a replica has failed, has come back or is about to end. */
  get protecting(): boolean {
    return this.#walk.pending || this.#takeovers.pending;
  }

  status(): ReplicaStatus[] {
    return this.#replicas.map((replica) => statusOf(replica, this.#flows.values()));
  }

  corked(flow: DirectorFlow): void {
    this.#corked.add(flow);
  }

  asked(flow: DirectorFlow): void {
    this.#observer.flowAsked(flow, this.#clock());
  }

  resumedOutput(flow: DirectorFlow): void {
    this.#observer.flowResumed(flow, this.#clock());
  }

  woken(flow: DirectorFlow): void {
    this.#takeovers.wake(flow);
  }

  ended(flow: DirectorFlow, cause: string): void {
    this.#flows.delete(flow.id);
    this.#nonceLog?.ended(flow.id);
    this.#replicas.find((replica) => replica === flow.owner)?.flows.delete(flow);
    if (this.#drains.leaving(flow.owner.index)) this.#releaseEmpty();
    // Its primary makes the backup forget it, unless it hangs, or is gone.
    this.#replicas.find(({ index }) => index === flow.backup)?.trunk.sendEnd(flow.id, 'closed');
    this.#observer.flowEnded(flow, cause, this.#clock());
  }

  #createTakeovers(idleFlows: DirectorConfig['idleFlows']): Takeovers {
    return new Takeovers(idleFlows, {
      living: (index) => this.#replicas.find((replica) => replica.alive && replica.index === index),
      leaving: (index) => this.#drains.leaving(index),
      backupFor: (index) => this.#backupFor(index),
      flows: () => this.#flows.values(),
      flush: () => this.#flushTrunks(),
      redirected: (flow) => this.#observer.flowRedirected(flow, this.#clock()),
      settled: () => this.#releaseEmpty(),
    });
  }

  async #reach(address: ReplicaAddress): Promise<Replica> {
    if (this.#config.external !== undefined) return this.#forwardTo(address, this.#config.external);
    const reads = await RecycledReads.connect(address.trunkPort);
    await greetReplica(reads.socket, Buffer.from(this.#config.trunkKey));
    return this.#serve(address, reads.socket, reads);
  }

  #serve(
    { index, incarnation }: Pick<ReplicaAddress, 'index' | 'incarnation'>,
    socket: Socket,
    reads?: RecycledReads,
  ): Replica {
    const detector = new FailureDetector(this.#config.detector, this.#clock());
    const handler: TrunkHandler = {
      tlsRecord: (flowId, record) => this.#serverRecord(replica, flowId, record),
      controlRecord: (flowId, type, flags, body) => this.#control(replica, flowId, type, flags, body),
      batchEnd: () => {
        detector.heard(this.#clock());
        this.#corked.uncork();
      },
      keepsRecords: () => this.#corked.takeWaiting(),
      closed: (cause) => this.#replicaFailed(replica, cause),
    };
    const trunk = new Trunk(socket, handler, reads);
    const replica: Replica = { index, incarnation, trunk, detector, flows: new Set(), alive: true };
    return replica;
  }

  #forwardTo(
    { index, incarnation, trunkPort }: ReplicaAddress,
    { proxyProtocol }: NonNullable<DirectorConfig['external']>,
  ): Replica {
    const proxyHeaderFor = proxyProtocol ? () => portOf(this.#server) ?? 0 : undefined;
    const detector = new FailureDetector(this.#config.detector, this.#clock());
    const trunk: TcpUpstream = new TcpUpstream(
      { port: trunkPort, proxyHeaderFor },
      {
        alive: () => detector.heard(this.#clock()),
        record: (flowId, record) => this.#serverRecord(replica, flowId, record),
        batchEnd: () => this.#corked.uncork(),
        credit: (flowId, bytes) => this.#ownedFlow(replica, flowId)?.credit(bytes),
        ended: (flowId, how) => {
          const flow = this.#ownedFlow(replica, flowId);
          if (how === 'end') flow?.endedByReplica('closed');
          else flow?.reset('server-reset');
        },
        closed: (cause) => this.#replicaFailed(replica, cause),
      },
    );
    const replica: Replica = { index, incarnation, trunk, detector, flows: new Set(), alive: true };
    return replica;
  }

  #replica(index: number): Replica {
    const replica = this.#replicas.find((candidate) => candidate.index === index);
    if (replica === undefined) throw new RangeError(`replica ${index} of ${this.#replicas.length}`);
    return replica;
  }

  /** Takes a client in; it is reset when there is no replica for it. */
  accept(socket: Socket): void {
    const owner = this.#place();
    if (owner === undefined) {
      socket.resetAndDestroy();
      return;
    }
    this.#lastFlowId += 1;
    const id = this.#lastFlowId;
    const options = {
      id,
      shape: this.#config,
      prng: () => this.#linkPrng.fork(`flow ${id}`),
      journal: this.#config.transport === 'kept',
    };
    const flow = new DirectorFlow(socket, options, this, owner, this.#backupFor(owner.index));
    this.#flows.set(flow.id, flow);
    owner.flows.add(flow);
    this.#observer.flowOpened(flow, this.#clock());
  }

  #place(): Replica | undefined {
    const open = this.#replicas.filter((replica) => this.#isOpen(replica));
    if (this.placement === 'primary') return open[0];
    this.#spreadTurn += 1;
    return open[this.#spreadTurn % open.length];
  }

  #backupFor(index: number): number | undefined {
    if (this.#config.transport !== 'kept') return undefined;
    return nextReplica(this.#replicas, index, (replica) => this.#isOpen(replica))?.index;
  }

  #isOpen({ alive, index }: Replica): boolean {
    return alive && !this.#drains.leaving(index);
  }

  /** Returns whether something had to be done about the flow. */
  #attend(flow: DirectorFlow): boolean {
    // Only its backup has the state: the flow goes there first, and is given another one then.
    if (!flow.owner.alive) return false;
    // Only who serves a flow knows when its backup has all of its state.
    if (flow.parked && this.#drains.leaving(flow.owner.index)) {
      this.woken(flow);
      return true;
    }
    if (flow.backup !== undefined && !this.#drains.leaving(flow.backup)) return false;
    const backup = this.#backupFor(flow.owner.index);
    if (backup === flow.backup) return false;
    flow.protect(backup);
    return true;
  }

  #releaseEmpty(): void {
    if (!this.protecting) this.#drains.releaseEmpty();
  }

  #control(replica: Replica, flowId: number, type: number, flags: number, body: Buffer): void {
    if (flowId === 0 && type === ControlType.handoff) this.drain(replica.index);
    const flow = this.#ownedFlow(replica, flowId);
    // The client may have closed while this was under way; heartbeats have no flow.
    if (flow === undefined) return;
    try {
      if (type === ControlType.handoff) this.#handoff(replica, flow, parseHandoff(body));
      else this.#flowControl(flow, type, flags, body);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      flow.owner.trunk.sendEnd(flow.id, 'internal-error');
      flow.reset(`malformed control record: ${error.message}`);
    }
  }

  #serverRecord(replica: Replica, flowId: number, record: Buffer): void {
    const flow = this.#ownedFlow(replica, flowId);
    if (flow === undefined) return;
    flow.serverRecord(record);
    this.#nonceLog?.left(flowId, replica.index, record);
  }

  /** Nothing of a replica that does not serve the flow (any more) gets through. */
  #ownedFlow(replica: Replica, flowId: number): DirectorFlow | undefined {
    const flow = this.#flows.get(flowId);
    return flow?.owner === replica ? flow : undefined;
  }

  #flowControl(flow: DirectorFlow, type: number, flags: number, body: Buffer): void {
    switch (type) {
      case ControlType.commit:
        this.#commit(flow, flags, body);
        return;
      case ControlType.credit:
        flow.credit(parseCredit(body));
        return;
      case ControlType.sealed:
        this.#nonceLog?.note(flow.id, flow.owner.index, parseSealed(body));
        return;
      case ControlType.end:
        flow.endedByReplica(parseEnd(body));
        return;
    }
  }

  #commit(flow: DirectorFlow, flags: number, body: Buffer): void {
    const carriesState = (flags & COMMIT_STATE) !== 0;
    if (body.length < 4 || body.length > 4 !== carriesState) {
      throw new ProtocolError(Alert.decode_error, `commit: ${body.length} bytes`);
    }
    // A copy: the record lies in a large read buffer that it would keep alive.
    const state = carriesState ? Buffer.from(body.subarray(4)) : undefined;
    if (!flow.journal.commit(body.readUInt32BE(0), (flags & COMMIT_QUIET) !== 0, state)) {
      throw new ProtocolError(Alert.decode_error, 'commit: more records than the client sent');
    }
    if (state !== undefined) this.#observer.stateCommitted(state.length);
  }

  /** The flow is at a commit that its backup can go on from, and has acknowledged all that it needs for it. */
  #handoff(replica: Replica, flow: DirectorFlow, backup: number): void {
    // It is being told of another backup, and will offer the flow again.
    if (backup !== flow.backup) return;
    if (flow.journal.recoverable) this.#moveFrom(replica, flow);
    else replica.trunk.sendControl(flow.id, ControlType.handoff, Buffer.alloc(0));
  }

  /** To its backup, while its owner lives. */
  #moveFrom(replica: Replica, flow: DirectorFlow): void {
    replica.flows.delete(flow);
    replica.trunk.sendEnd(flow.id, 'handed-over');
    if (this.#takeovers.assignNewOwner(flow, replica)) {
      const { idle } = flow.journal;
      flow.handedOver = true;
      this.#observer.flowHandedOver(flow, replica.index, idle, this.#clock());
      this.#takeovers.giveToOwner(flow);
    }
    this.#releaseEmpty();
  }

  #beat(): void {
    const nowMs = this.#clock();
    for (const replica of this.#replicas) {
      // A user's server that is to end no longer listens, and has until the end of its drain.
      if (!replica.alive || (this.#isExternal && this.#drains.leaving(replica.index))) continue;
      replica.trunk.sendHeartbeat();
      if (replica.detector.check(nowMs) === 'failed') replica.trunk.fence('missed-heartbeats');
    }
  }

  /** The trunk is drained, or fenced: what the replica got out has been handed on, and nothing more will be. */
  #replicaFailed(replica: Replica, cause: string): void {
    if (!replica.alive) return;
    replica.alive = false;
    this.#corked.uncork();
    const ending = this.#isExternal && cause === PROCESS_ENDED && this.#drains.leaving(replica.index);
    const flows = [...replica.flows];
    if (this.#drains.ended(replica.index) || ending) {
      this.#observer.replicaDrained(replica.index, this.#clock());
      for (const flow of flows) flow.reset('server-reset');
      return;
    }
    this.#observer.replicaFailed(replica.index, cause, this.#clock());
    replica.flows.clear();
    if (this.#config.transport === 'kept') {
      this.#announceFailed(replica);
      this.#takeovers.moveAll(flows, replica);
    } else for (const flow of flows) if (!this.#redispatch(flow, replica)) flow.reset('replica-failed');
    this.#protectAgain(replica.index);
  }

  /** What a server cannot have read yet goes to another one, as with every balancer. Returns whether it has gone. */
  #redispatch(flow: DirectorFlow, from: Replica): boolean {
    const unsent = from.trunk.unsent?.(flow.id);
    const owner = this.#place();
    if (unsent === undefined || owner === undefined) return false;
    from.flows.delete(flow);
    flow.owner = owner;
    owner.flows.add(flow);
    flow.reopen(unsent);
    from.trunk.sendEnd(flow.id, 'handed-over');
    return true;
  }

  /** It may only hang: the others are not to believe what it replicates when it wakes up, whether flows move now or later. */
  #announceFailed({ index, incarnation }: Replica): void {
    const body = encodeFence({ replica: index, incarnation });
    for (const { alive, trunk } of this.#replicas) {
      if (alive) trunk.sendControl(0, ControlType.fence, body);
    }
  }

  /** Flows whose backup was the failed replica get another one, if one is left. */
  #protectAgain(failed: number): void {
    for (const flow of this.#flows.values()) {
      if (flow.backup === failed && flow.owner.alive) flow.protect(this.#backupFor(flow.owner.index));
    }
  }

  #flushTrunks(): void {
    for (const { alive, trunk } of this.#replicas) if (alive) trunk.flush?.();
  }
}
