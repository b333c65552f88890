/**
 * A replica: TLS server and application behind the director. It serves flows as their primary, keeps state of the flows
 * of others as their backup, and takes those over when the director says so.
 */
import { createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../base/clock.js';
import { ProtocolError } from '../../base/errors.js';
import type { RecoveryStrategy, RefusalReason } from '../../contracts/strategy.js';
import {
  ControlType,
  type EndReason,
  HANDED_OVER,
  parseCredit,
  parseEnd,
  parseFence,
  parseOpen,
  parsePark,
  parseProtect,
  parseTake,
  type Take,
} from '../../net/control-records.js';
import { listenOnLoopback } from '../../net/loopback.js';
import { Trunk } from '../../net/trunk.js';
import { deriveTrunkKey, greetDirector } from '../../net/trunk-greeting.js';
import { type Adopted, HANDSHAKE_TIMEOUT_MS, ServerHandshake } from '../../tls/adoption.js';
import { plaintextAlert } from '../../tls/alert.js';
import { CommittedStateSeal } from '../replication/committed-state-seal.js';
import { IncomingLinks, OutgoingLink, type ReplicationCounters } from '../replication/link.js';
import type { AppStream } from './app-stream.js';
import { openCommittedState } from './committed-state.js';
import { Connection } from './connection.js';
import type { ConnectionHost, SealingOptions } from './connection-host.js';
import { alertOfReason } from './fatal-alert.js';
import { KeptConnections } from './kept-connections.js';
import { NativeConnection } from './native-connection.js';
import { ParkedFlows } from './parked-flows.js';
import type { ReplicaObserver, ReplicaOptions } from './replica-options.js';
import { planResumption } from './resume-plan.js';
import type { ServedFlow } from './served-flow.js';
import { takeoverDecision } from './takeover-decision.js';
import { Turns } from './turns.js';

/** Bytes of a new flow that may be sent before the director gives credit; its window. */
const INITIAL_CREDIT_BYTES = 256 * 1024;
/**
 * A dead process's link ends within microseconds; one that is still open after this belongs to a process that hangs. All
 * flows of it wait once, together. What the client has seen does not depend on the wait: no output left before this backup
 * had acknowledged what it needs. What may still be under way is the outcome of a request that would be executed again
 * otherwise. Of a stopped process on the same machine that is here already, and some turns of the event loop would do; but
 * one that is only cut off, or a machine away, has it in a network or in a queue of its own, for tens of milliseconds.
 */
const LINK_DRAIN_GRACE_MS = 100;

/** With a key of ECDSA P-256 some 10 ms of work, with RSA-4096 some 100: a heartbeat interval at most. */
const HANDSHAKES_PER_TURN = 16;
/** About 5 ms of work with their requests: so long the first reply of a turn waits for the last one. */
const TAKEOVERS_PER_TURN = 16;

export class Replica implements ConnectionHost<Connection> {
  readonly strategy: RecoveryStrategy;
  readonly seal: CommittedStateSeal;
  readonly sealing: SealingOptions;
  readonly #options: ReplicaOptions;
  readonly #observer: ReplicaObserver;
  readonly #clock: Clock;
  readonly #incoming: IncomingLinks;
  readonly #outgoing = new Map<number, OutgoingLink>();
  readonly #kept = new KeptConnections();
  readonly #flows = new Map<number, ServedFlow>();
  readonly #parked: ParkedFlows;
  readonly #handshakeTurns = new Turns({ perTurn: HANDSHAKES_PER_TURN });
  /** New requests of those that were taken over first would else be served before the last ones are. */
  readonly #takeoverTurns = new Turns({
    perTurn: TAKEOVERS_PER_TURN,
    backlog: (waiting) => {
      // What the last turn has made leaves before the next one is taken over.
      this.#trunk?.flush();
      this.#trunk?.holdReading(waiting);
    },
  });
  readonly #server: Server;
  readonly #trunkKey: Buffer;
  #trunk: Trunk | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  /** Called when no flow is left on this replica; undefined unless it is to end. */
  #drained: (() => void) | undefined;

  constructor(options: ReplicaOptions, observer: ReplicaObserver, clock: Clock) {
    this.strategy = options.strategy;
    this.seal = new CommittedStateSeal(options.clusterKey);
    this.sealing = options.sealing ?? { rekey: false };
    this.#options = options;
    this.#observer = observer;
    this.#clock = clock;
    this.#incoming = new IncomingLinks(options.clusterKey, {
      state: (flowId, payload) => this.#kept.add(flowId, payload),
      forget: (flowId) => this.#kept.forget(flowId),
    });
    this.#parked = this.#createParkedFlows();
    this.#trunkKey = deriveTrunkKey(options.clusterKey);
    this.#server = createServer((socket) => void this.#acceptTrunk(socket));
  }

  /** Listens for the director and for the other replicas, on ephemeral ports of 127.0.0.1. */
  async listen(): Promise<{ trunkPort: number; linkPort: number }> {
    const trunkPort = await listenOnLoopback(this.#server);
    return { trunkPort, linkPort: await this.#incoming.listen() };
  }

  /**
   * Opens the replication links to other replicas; one to an earlier process of the same replica is replaced. Resolves
   * with the indices of those that could not be reached.
   */
  async connectPeers(
    peers: readonly { readonly index: number; readonly linkPort: number }[],
  ): Promise<number[]> {
    const others = peers.filter(({ index }) => index !== this.#options.index);
    const reached = await Promise.all(
      others.map(({ index, linkPort }) => this.#connectPeer(index, linkPort)),
    );
    return others.filter((_, at) => reached[at] !== true).map(({ index }) => index);
  }

  async #connectPeer(peer: number, port: number): Promise<boolean> {
    const { index: self, incarnation, clusterKey } = this.#options;
    try {
      const link = await OutgoingLink.connect({ peer, self, incarnation, port, clusterKey });
      this.#outgoing.get(peer)?.end();
      this.#outgoing.set(peer, link);
      return true;
    } catch {
      return false;
    }
  }

  /** Ends everything: listeners, flows, links. Backups keep what they have of the flows: the director gives them away. */
  stop(): void {
    this.#server.close();
    this.#trunk?.fence('replica-stopped');
    for (const link of this.#outgoing.values()) link.end();
    this.#incoming.close();
    this.#options.application.stop();
  }

  /**
   * Gives all flows away: to their backups, or, where nothing is replicated, back to their clients, which are told to
   * connect again. Resolves when none is left, or the director has gone: the process may end then.
   */
  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained = resolve;
      if (this.#trunk === undefined) resolve();
      else this.#giveAway(this.#trunk);
    });
  }

  /** Flows that this replica serves, and flows of which it has the state of another one. */
  get holdings(): { readonly serves: number; readonly keeps: number } {
    return { serves: this.#flows.size, keeps: this.#kept.size };
  }

  get replication(): Readonly<ReplicationCounters> {
    return this.#incoming.counters;
  }

  get trunk(): Trunk {
    if (this.#trunk === undefined) throw new Error('no director has connected');
    return this.#trunk;
  }

  serve(connection: Connection, stream: AppStream): void {
    this.#options.application.serve(stream, connection);
  }

  closed(connection: Connection): void {
    this.#flows.delete(connection.flowId);
  }

  async #acceptTrunk(socket: Socket): Promise<void> {
    try {
      await greetDirector(socket, this.#trunkKey);
    } catch {
      // Of a stranger nothing is kept, not even the socket.
      return;
    }
    this.attach(socket);
  }

  /**
   * Serves the director, which is at the other end of `socket` and has proved to be of this run. One at a time: another
   * connection is not one, and is closed.
   */
  attach(socket: Socket): void {
    if (this.#trunk !== undefined) {
      socket.destroy();
      return;
    }
    this.#trunk = new Trunk(socket, {
      tlsRecord: (flowId, record) => this.#clientRecord(flowId, record),
      controlRecord: (flowId, type, flags, body) =>
        this.#attempt(flowId, () => this.#flowControl(flowId, type, flags, body)),
      batchEnd: () => {},
      closed: () => this.#directorLost(),
    });
    this.#heartbeat = setInterval(() => this.#trunk?.sendHeartbeat(), this.#options.heartbeatIntervalMs);
  }

  #giveAway(trunk: Trunk): void {
    trunk.sendControl(0, ControlType.handoff, Buffer.alloc(0));
    if (this.strategy.primary === undefined) this.#options.application.drain();
    for (const served of this.#flows.values()) {
      if (served.stage === 'connection') served.connection.handOver();
    }
  }

  /** The director cannot move a flow, or none is left. */
  #handoffAnswered(flowId: number): void {
    const served = this.#flows.get(flowId);
    if (flowId === 0) this.#drained?.();
    else if (served?.stage === 'connection') served.connection.handoverRefused();
  }

  /** Without a director nobody can be reached; the next one starts with nothing. */
  #directorLost(): void {
    clearInterval(this.#heartbeat);
    for (const served of [...this.#flows.values()]) {
      if (served.stage === 'connection') served.connection.abandon();
      if (served.stage === 'handshake') served.handshake.destroy();
      if (served.stage === 'native') served.native.destroy();
    }
    this.#flows.clear();
    this.#parked.clear();
    this.#kept.clear();
    this.#trunk = undefined;
    this.#drained?.();
  }

  #clientRecord(flowId: number, record: Buffer): void {
    const served = this.#flows.get(flowId);
    switch (served?.stage) {
      case 'connection':
        served.connection.clientRecord(record);
        return;
      case 'handshake':
        served.handshake.push(record);
        return;
      case 'native':
        served.native.push(record);
        return;
      case 'taking':
        served.records.push(Buffer.from(record));
    }
  }

  /** What is malformed ends its flow; the others do not notice. */
  #attempt(flowId: number, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.trunk.sendEnd(flowId, 'internal-error');
      this.#end(flowId, 'internal-error');
    }
  }

  #flowControl(flowId: number, type: number, flags: number, body: Buffer): void {
    switch (type) {
      case ControlType.open:
        this.#open(flowId, parseOpen(body).backup);
        return;
      case ControlType.take:
        this.#take(flowId, parseTake(Buffer.from(body)), (flags & HANDED_OVER) !== 0);
        return;
      case ControlType.end:
        this.#end(flowId, parseEnd(body));
        return;
      case ControlType.protect:
        this.#protect(flowId, parseProtect(body));
        return;
      case ControlType.park:
        this.#parked.park(parsePark(body), (flags & HANDED_OVER) !== 0);
        return;
      case ControlType.handoff:
        this.#handoffAnswered(flowId);
        return;
      case ControlType.fence: {
        const { replica, incarnation } = parseFence(body);
        this.#incoming.whenDrained(replica, incarnation, LINK_DRAIN_GRACE_MS, () => {});
        return;
      }
      case ControlType.credit:
        this.#credit(flowId, parseCredit(body));
    }
  }

  /** During a handshake nothing is owed: its records are sent without. */
  #credit(flowId: number, bytes: number): void {
    const served = this.#flows.get(flowId);
    if (served?.stage === 'connection') served.connection.credit(bytes);
    if (served?.stage === 'native') served.native.credit(bytes);
    if (served?.stage === 'taking') served.creditBytes += bytes;
  }

  #open(flowId: number, backup: number | undefined): void {
    if (this.#options.engine === 'native') {
      this.#openNative(flowId);
      return;
    }
    const { secureContext, clientCertificate = 'none', application } = this.#options;
    const { alpnProtocols } = application;
    const timeoutMs = this.#handshakeTimeoutMs;
    const { queue } = this.#handshakeTurns;
    const options = { secureContext, clientCertificate, alpnProtocols, timeoutMs, queue };
    const handshake = new ServerHandshake(options, {
      send: (record) => this.trunk.sendRecord(flowId, record),
      adopted: (adopted) => this.#adopt(flowId, handshake, adopted, served.backup),
      failed: (_reason, failure) =>
        this.#endFlow(flowId, failure === 'timeout' ? 'handshake-timeout' : 'closed'),
    });
    const served = { stage: 'handshake' as const, handshake, backup };
    this.#flows.set(flowId, served);
  }

  #openNative(flowId: number): void {
    const { secureContext, application } = this.#options;
    const { alpnProtocols } = application;
    const options = { flowId, secureContext, alpnProtocols, handshakeTimeoutMs: this.#handshakeTimeoutMs };
    const native = new NativeConnection(options, this.trunk, {
      secure: (stream, resumed) => {
        this.#observer.handshake(flowId, resumed, this.#clock());
        application.serve(stream);
      },
      closed: (reason) => this.#endFlow(flowId, reason),
    });
    this.#flows.set(flowId, { stage: 'native', native });
  }

  get #handshakeTimeoutMs(): number {
    return this.#options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS;
  }

  #adopt(flowId: number, handshake: ServerHandshake, adopted: Adopted, backup: number | undefined): void {
    this.#observer.handshake(flowId, adopted.resumed, this.#clock());
    const connection = new Connection(
      {
        flowId,
        ...adopted,
        creditBytes: INITIAL_CREDIT_BYTES,
        owedCreditBytes: adopted.bytesRead,
        link: this.#linkTo(backup),
      },
      this,
    );
    this.#flows.set(flowId, { stage: 'connection', connection });
    connection.establish();
    for (const record of handshake.takeHeldRecords()) connection.clientRecord(record);
    if (this.#drained !== undefined) connection.handOver();
  }

  #linkTo(backup: number | undefined): OutgoingLink | undefined {
    return backup === undefined ? undefined : this.#outgoing.get(backup);
  }

  #end(flowId: number, reason: EndReason): void {
    const served = this.#flows.get(flowId);
    switch (served?.stage) {
      case 'connection':
        served.connection.endedByDirector(reason);
        return;
      case 'handshake':
        this.#endHandshake(flowId, served.handshake, reason);
        return;
      case 'native':
        served.native.endedByDirector(reason);
        return;
      case 'taking':
        served.ended = reason;
        return;
      default:
        this.#parked.forget(flowId);
        this.#kept.forget(flowId);
    }
  }

  #protect(flowId: number, backup: number | undefined): void {
    const served = this.#flows.get(flowId);
    if (served?.stage === 'handshake' || served?.stage === 'taking') served.backup = backup;
    else if (served?.stage === 'connection') served.connection.protect(this.#linkTo(backup));
    else if (served === undefined) this.#parked.protect(flowId, backup);
  }

  #createParkedFlows(): ParkedFlows {
    return new ParkedFlows({
      keptOf: (flowId) => this.#kept.get(flowId),
      linkTo: (backup) => this.#linkTo(backup),
      whenDrained: (replica, incarnation, callback) =>
        this.#incoming.whenDrained(replica, incarnation, LINK_DRAIN_GRACE_MS, callback),
      stateMissing: (flowId) => this.#refuse(flowId, 'state-missing'),
    });
  }

  #refuse(flowId: number, reason: RefusalReason): void {
    this.#observer.refused(flowId, reason);
    this.#endFlow(flowId, reason);
  }

  #endHandshake(flowId: number, handshake: ServerHandshake, reason: EndReason): void {
    const alert = alertOfReason(reason);
    if (alert !== undefined && handshake.untouched) this.trunk.sendRecord(flowId, plaintextAlert(alert));
    handshake.destroy();
    this.#endFlow(flowId, 'closed');
  }

  #endFlow(flowId: number, reason: EndReason): void {
    this.trunk.sendEnd(flowId, reason);
    this.#flows.delete(flowId);
  }

  /** @param handedOver by its owner, which had nothing more to replicate */
  #take(flowId: number, take: Take, handedOver: boolean): void {
    const takenMs = this.#clock();
    const taking: Extract<ServedFlow, { stage: 'taking' }> = {
      stage: 'taking',
      records: [],
      backup: take.backup,
      ended: undefined,
      creditBytes: take.creditBytes,
    };
    this.#flows.set(flowId, taking);
    this.#parked.taken(flowId);
    const drained = (): void => {
      // The director may have gone meanwhile, and all flows with it.
      if (this.#flows.get(flowId) !== taking) return;
      this.#flows.delete(flowId);
      this.#attempt(flowId, () => this.#takeOver(flowId, take, taking, takenMs));
      for (const record of taking.records) this.#clientRecord(flowId, record);
      if (taking.ended !== undefined) this.#end(flowId, taking.ended);
    };
    if (handedOver) drained();
    else {
      const { from, fromIncarnation } = take;
      const begin = (): void => this.#takeoverTurns.queue(drained);
      this.#incoming.whenDrained(from, fromIncarnation, LINK_DRAIN_GRACE_MS, begin);
    }
  }

  /** @param now what may have changed since the `take` came */
  #takeOver(
    flowId: number,
    take: Take,
    now: { readonly backup: number | undefined; readonly creditBytes: number },
    takenMs: number,
  ): void {
    const kept = this.#kept.take(flowId);
    const committed = openCommittedState(this.seal, flowId, take);
    if (take.sealedState !== undefined && committed === undefined) this.#incoming.counters.refused += 1;
    const decision = takeoverDecision(this.strategy, kept, take, committed !== undefined);
    const plan = planResumption(kept, take, decision, committed);
    if ('refused' in plan) {
      kept.wipe();
      this.#refuse(flowId, plan.refused);
      return;
    }
    kept.wipeSecrets();
    const stateMs = this.#clock();
    const { state, recordsRead, recordsWritten } = plan;
    const connection = new Connection(
      {
        flowId,
        state,
        recordsRead,
        recordsWritten,
        busy: take.received > recordsRead,
        creditBytes: now.creditBytes,
        link: this.#linkTo(now.backup),
      },
      this,
    );
    this.#observer.takenOver(flowId, { takenMs, stateMs, cryptoMs: this.#clock() });
    this.#flows.set(flowId, { stage: 'connection', connection });
    connection.resume(plan, take);
    if (this.#drained !== undefined) connection.handOver();
  }
}
