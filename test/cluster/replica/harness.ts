/**
 * A whole cluster in one process: the real director, real replicas, real `node:tls` clients. Only the wires between them
 * belong to the test, so that a replica can be cut off after any record that it sends.
 */
import type { Socket } from 'node:net';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { inspect } from 'node:util';
import { createClock } from '../../../src/base/clock.js';
import { createIdentity, type Identity } from '../../../src/cluster/certificates.js';
import { Director } from '../../../src/cluster/director/director.js';
import type { DirectorObserver } from '../../../src/cluster/director/director-observer.js';
import type { DetectorOptions } from '../../../src/cluster/director/failure-detector.js';
import { NonceLog } from '../../../src/cluster/director/nonce-log.js';
import { auditNonces, type NonceAudit } from '../../../src/cluster/nonce-audit.js';
import type { SealingOptions } from '../../../src/cluster/replica/connection-host.js';
import { HttpApplication } from '../../../src/cluster/replica/http-application.js';
import type { Ledger } from '../../../src/cluster/replica/ledger.js';
import { Replica } from '../../../src/cluster/replica/replica.js';
import type { ReplicaApplication } from '../../../src/cluster/replica/replica-application.js';
import type { Engine } from '../../../src/cluster/replica/replica-options.js';
import { WebSocketApplication } from '../../../src/cluster/replica/websocket-application.js';
import type { RecoveryStrategy } from '../../../src/contracts/strategy.js';
import type { Application, MessageApplication } from '../../../src/contracts/workload.js';
import {
  ControlType,
  encodeTake,
  FIRST_CONTROL_TYPE,
  MAX_CONTROL_BODY_BYTES,
  parseTake,
  type Take,
} from '../../../src/net/control-records.js';
import { FLOW_ID_BYTES, Trunk } from '../../../src/net/trunk.js';
import { deriveTrunkKey } from '../../../src/net/trunk-greeting.js';
import { HANDSHAKE_TIMEOUT_MS } from '../../../src/tls/adoption.js';
import type { CipherSuite } from '../../../src/tls/cipher-suites.js';
import { RecordDeframer } from '../../../src/tls/deframer.js';
import { RECORD_HEADER_BYTES } from '../../../src/tls/record.js';
import { type Cut, type CutMoment, LinkTap, listen, Tap } from './tap.js';

export { type Cut, type CutMoment, listen };

/** Heartbeats never come, so that records can be counted; failures show by the end of the trunk. */
const NO_HEARTBEATS: DetectorOptions = { intervalMs: 3_600_000, missedLimit: 1 };
const CLUSTER_KEY = Buffer.alloc(32, 0x6b);
/** Challenge and proof: they come before the first record of each direction of a trunk. */
const GREETING_BYTES = 64;

/** Between director and replica: counts records, and cuts the replica off when its time has come. */
class TrunkTap {
  readonly tap: Tap;
  plan: Cut | undefined;
  /** Types of the records that the director got from this replica. */
  readonly passed: number[] = [];
  readonly #kill: () => void;
  #dead = false;

  /** @param tamper changes the evidence on its way to the replica */
  constructor(targetPort: number, kill: () => void, tamper: ((take: Take) => Take) | undefined) {
    this.#kill = kill;
    const replies = trunkDeframer();
    const commands = trunkDeframer();
    const back = afterGreeting((chunk, near) => replies.push(chunk, (record) => this.#pass(record, near)));
    const forth = afterGreeting((chunk, far) =>
      commands.push(chunk, (record) => far.write(tampered(record, tamper ?? ((take) => take)))),
    );
    this.tap = tamper === undefined ? new Tap(targetPort, back) : new Tap(targetPort, back, forth);
  }

  cut(): void {
    this.#dead = true;
    this.tap.cut('far');
  }

  #pass(record: Buffer, near: Socket): void {
    if (this.#dead) return;
    const { plan } = this;
    if (plan !== undefined && this.passed.length >= plan.after) {
      this.#kill();
      return;
    }
    // What a record was sealed with belongs to the record behind it: nothing is cut off between the two.
    if (record[FLOW_ID_BYTES] === ControlType.sealed) {
      near.write(record);
      return;
    }
    this.passed.push(record[FLOW_ID_BYTES] ?? 0);
    near.write(record);
    if (plan?.moment === 'at-once' && this.passed.length === plan.after) this.#kill();
  }
}

/** Forwards the greeting, which is no record, and hands on what follows it. */
function afterGreeting(
  handle: (chunk: Buffer, target: Socket) => void,
): (chunk: Buffer, target: Socket) => void {
  let greetingBytes = GREETING_BYTES;
  return (chunk, target) => {
    const greeting = chunk.subarray(0, greetingBytes);
    greetingBytes -= greeting.length;
    if (greeting.length > 0) target.write(greeting);
    if (greeting.length < chunk.length) handle(chunk.subarray(greeting.length), target);
  };
}

function trunkDeframer(): RecordDeframer {
  return new RecordDeframer({
    prefixBytes: FLOW_ID_BYTES,
    accepts: () => true,
    maxBodyBytes: () => MAX_CONTROL_BODY_BYTES,
  });
}

/** `record` with the evidence that `tamper` makes of its own, if it is a `take`. */
function tampered(record: Buffer, tamper: (take: Take) => Take): Buffer {
  if (record[FLOW_ID_BYTES] !== ControlType.take) return record;
  const headBytes = FLOW_ID_BYTES + RECORD_HEADER_BYTES;
  const head = Buffer.from(record.subarray(0, headBytes));
  const body = encodeTake(tamper(parseTake(record.subarray(headBytes))));
  head.writeUInt16BE(body.length, headBytes - 2);
  return Buffer.concat([head, body]);
}

export interface ClusterOptions {
  readonly strategy: RecoveryStrategy;
  readonly suite: CipherSuite;
  readonly application: Application;
  /** Serves WebSockets. */
  readonly messages?: MessageApplication;
  /** In place of `application` and `messages`. */
  readonly serve?: (ledger: Pick<Ledger, 'record'>) => ReplicaApplication;
  readonly replicas?: number;
  readonly detector?: DetectorOptions;
  readonly rttMs?: number;
  readonly engine?: Engine;
  /** Beside the identity, the version and the suite. */
  readonly context?: SecureContextOptions;
  readonly clientCertificate?: 'none' | 'required';
  readonly handshakeTimeoutMs?: number;
  readonly sealing?: Pick<SealingOptions, 'rekey' | 'rekeyAfterRecords'>;
  /** A director that tells the backup something else than what it counted. */
  readonly tamper?: (take: Take) => Take;
  readonly drainLimitMs?: number;
  /** Whether the test is about a nonce that is used twice: otherwise none may be. */
  readonly reusesNonces?: boolean;
}

export interface FlowEnd {
  readonly flowId: number;
  readonly cause: string;
}

export class TestCluster {
  /** Causes with which flows ended at the director, in order. */
  readonly ended: FlowEnd[] = [];
  readonly refused: string[] = [];
  readonly failed: number[] = [];
  /** Replicas that ended as planned. */
  readonly drained: number[] = [];
  /** Flows that moved while their owner lived, with that owner. */
  readonly handedOver: { readonly flowId: number; readonly from: number; readonly idle: boolean }[] = [];
  readonly takenOver: number[] = [];
  readonly handshakes: boolean[] = [];
  /** Requests that applications executed, on all replicas. */
  readonly executions: string[] = [];
  readonly replicas: Replica[] = [];
  readonly #options: ClusterOptions;
  readonly #ledger = { record: (id: string) => void this.executions.push(id) };
  readonly #nonceRows: Buffer[] = [];
  readonly #nonceLog = new NonceLog((rows) => this.#nonceRows.push(Buffer.from(rows)));
  readonly #incarnations: number[] = [];
  readonly #linkPorts: number[] = [];
  readonly #trunks: TrunkTap[] = [];
  readonly #links: LinkTap[] = [];
  #director: Director | undefined;
  port = 0;

  private constructor(options: ClusterOptions) {
    this.#options = options;
  }

  static async start(options: ClusterOptions): Promise<TestCluster> {
    const cluster = new TestCluster(options);
    await cluster.#start(await IDENTITY);
    return cluster;
  }

  /** Cuts replica `index` off according to `cut`. */
  plan(index: number, cut: Cut): void {
    this.#trunk(index).plan = cut;
  }

  /** Types of the trunk records that the director got from replica `index`. */
  passed(index: number): readonly number[] {
    return this.#trunk(index).passed;
  }

  /** Cuts replica `from` off when it replicates to `to`, according to `cut`. */
  planLink(from: number, to: number, cut: Cut): void {
    this.#link(from, to).plan = cut;
  }

  /** What replica `from` replicates to `to` gets lost from now on. */
  silenceLink(from: number, to: number): void {
    this.#link(from, to).silent = true;
  }

  /** Frames that replica `to` got from `from`. */
  replicated(from: number, to: number): number {
    return this.#link(from, to).passed;
  }

  kill(index: number): void {
    this.#trunk(index).cut();
    this.cutLinks(index);
  }

  /** Replica `index` ends as planned: resolves when it has no flow left and is gone. */
  async drain(index: number): Promise<void> {
    const replica = this.replicas[index];
    await replica?.drain();
    replica?.stop();
    await until(() => this.drained.includes(index) || this.failed.includes(index));
  }

  /** Replica `index` neither gets nor passes on state any more; director and clients do not notice. */
  cutLinks(index: number): void {
    for (const link of this.#links) {
      if (link.from === index) link.cut('near');
      if (link.to === index) link.cut('far');
    }
  }

  /** Replica `index`, which was killed, comes back as a new process; all others must live. */
  async rejoin(index: number): Promise<void> {
    const others = [...this.replicas.keys()].filter((other) => other !== index);
    const incarnation = (this.#incarnations[index] ?? 0) + 1;
    const { trunkPort } = await this.#startReplica(index, await IDENTITY, incarnation);
    for (const other of others) {
      await this.#connectPeer(index, other);
      await this.#connectPeer(other, index);
    }
    await this.director.rejoin({ index, incarnation, trunkPort: await this.#tapTrunk(index, trunkPort) });
  }

  get director(): Director {
    if (this.#director === undefined) throw new Error('the director has not started');
    return this.#director;
  }

  hang(index: number): void {
    for (const tap of this.#tapsOf(index)) tap.hang();
  }

  /** The director gets nothing more of what replica `index` sends. */
  congest(index: number): void {
    this.#trunk(index).tap.congest();
  }

  wake(index: number): void {
    for (const tap of this.#tapsOf(index)) tap.wake();
  }

  /** The check of all records that have left towards clients. */
  auditNonces(): NonceAudit {
    this.#nonceLog.flush();
    return auditNonces(Buffer.concat(this.#nonceRows));
  }

  /** @throws Error when a nonce was used twice: every test of a cluster is a test of that. */
  stop(): void {
    this.#director?.stop();
    for (const { tap } of [...this.#trunks, ...this.#links]) tap.destroy();
    for (const replica of this.replicas) replica.stop();
    if (this.#options.reusesNonces === true) return;
    const { reused, unnotedRecords } = this.auditNonces();
    const [nonce] = reused;
    if (nonce !== undefined) throw new Error(`a nonce was used twice: ${inspect(nonce)}`);
    if (unnotedRecords > 0) throw new Error(`${unnotedRecords} records that nobody accounts for`);
  }

  async #start(identity: Identity): Promise<void> {
    const {
      strategy,
      rttMs = 0,
      detector = NO_HEARTBEATS,
      replicas: count = 2,
      drainLimitMs,
    } = this.#options;
    const ports = [];
    for (let index = 0; index < count; index++) ports.push(await this.#startReplica(index, identity, 0));
    if (strategy.primary !== undefined) await this.#connectPeers();
    const replicas = await Promise.all(
      ports.map(async ({ trunkPort }, index) => ({
        index,
        incarnation: 0,
        trunkPort: await this.#tapTrunk(index, trunkPort),
      })),
    );
    const config = {
      replicas,
      trunkKey: deriveTrunkKey(CLUSTER_KEY),
      transport: strategy.expects.transport,
      idleFlows: strategy.backup?.idleFlows ?? 'eager',
      rttMs,
      detector,
      port: 0,
      ...(drainLimitMs === undefined ? {} : { drainLimitMs }),
    } as const;
    this.#director = new Director(
      config,
      this.#observer(),
      createClock(process.hrtime.bigint()),
      this.#nonceLog,
    );
    this.port = await this.#director.start();
  }

  async #startReplica(
    index: number,
    identity: Identity,
    incarnation: number,
  ): Promise<{ trunkPort: number }> {
    const { strategy, application, messages, serve } = this.#options;
    const replica = new Replica(
      {
        index,
        incarnation,
        strategy,
        engine: this.#options.engine ?? 'adopted',
        secureContext: serverContext(identity, this.#options, `${index} ${incarnation}`),
        clientCertificate: this.#options.clientCertificate ?? 'none',
        handshakeTimeoutMs: this.#options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
        application:
          serve?.(this.#ledger) ??
          new HttpApplication(
            application,
            this.#ledger,
            undefined,
            messages && new WebSocketApplication(messages, this.#ledger),
          ),
        clusterKey: CLUSTER_KEY,
        heartbeatIntervalMs: (this.#options.detector ?? NO_HEARTBEATS).intervalMs,
        sealing: { rekey: false, note: Trunk.sealedNote, ...this.#options.sealing },
      },
      {
        handshake: (_flowId, resumed) => this.handshakes.push(resumed),
        takenOver: (flowId) => this.takenOver.push(flowId),
        refused: (_flowId, reason) => this.refused.push(reason),
      },
      createClock(process.hrtime.bigint()),
    );
    this.replicas[index]?.stop();
    this.replicas[index] = replica;
    this.#incarnations[index] = incarnation;
    const { trunkPort, linkPort } = await replica.listen();
    this.#linkPorts[index] = linkPort;
    return { trunkPort };
  }

  async #connectPeers(): Promise<void> {
    for (const from of this.replicas.keys()) {
      for (const to of this.replicas.keys()) {
        if (to !== from) await this.#connectPeer(from, to);
      }
    }
  }

  async #connectPeer(from: number, to: number): Promise<void> {
    const link = new LinkTap(from, to, this.#linkPorts[to] ?? 0, () => this.kill(from));
    this.#links.push(link);
    const unreachable = await this.replicas[from]?.connectPeers([
      { index: to, linkPort: await link.tap.listen() },
    ]);
    if (unreachable?.length !== 0) throw new Error(`replica ${from} cannot reach replica ${to}`);
  }

  #tapTrunk(index: number, port: number): Promise<number> {
    const trunk = new TrunkTap(port, () => this.kill(index), this.#options.tamper);
    this.#trunks[index]?.tap.destroy();
    this.#trunks[index] = trunk;
    return trunk.tap.listen();
  }

  #observer(): DirectorObserver {
    return {
      flowOpened: () => {},
      replicaFailed: (index) => this.failed.push(index),
      flowRedirected: () => {},
      flowResumed: () => {},
      flowEnded: ({ id }, cause) => this.ended.push({ flowId: id, cause }),
      flowHandedOver: ({ id }, from, idle) => this.handedOver.push({ flowId: id, from, idle }),
      flowAsked: () => {},
      replicaDrained: (index) => this.drained.push(index),
      stateCommitted: () => {},
    };
  }

  #tapsOf(index: number): Tap[] {
    const links = this.#links.filter(({ from, to }) => from === index || to === index);
    return [this.#trunk(index), ...links].map(({ tap }) => tap);
  }

  /** The newest: replicas that came back have others. */
  #link(from: number, to: number): LinkTap {
    const link = this.#links.findLast((each) => each.from === from && each.to === to);
    if (link === undefined) throw new RangeError(`no replication link from ${from} to ${to}`);
    return link;
  }

  #trunk(index: number): TrunkTap {
    const trunk = this.#trunks[index];
    if (trunk === undefined) throw new RangeError(`replica ${index} of ${this.#trunks.length}`);
    return trunk;
  }
}

/** Whether a trunk record is one that the client gets. */
export function isTlsRecord(type: number): boolean {
  return type < FIRST_CONTROL_TYPE;
}

/** One for all clusters of a test file: making one costs more than a whole exchange. */
export const IDENTITY = createIdentity({ key: 'ecdsa-p256', servername: 'localhost' });

/** Of all clusters, by what they differ in: making one takes longer than what most clusters do. */
const SERVER_CONTEXTS = new Map<string, SecureContext>();

/** @param process tells replicas and their incarnations apart: each process has ticket keys of its own unless they are shared */
function serverContext(identity: Identity, options: ClusterOptions, process: string): SecureContext {
  if (options.context !== undefined) return createServerContext(identity, options);
  const { suite, strategy } = options;
  const name = `${suite.version} ${suite.opensslName} ${strategy.sharesTicketKeys} ${process}`;
  const context = SERVER_CONTEXTS.get(name) ?? createServerContext(identity, options);
  SERVER_CONTEXTS.set(name, context);
  return context;
}

function createServerContext(
  { certificatePem, privateKeyPem }: Identity,
  { suite, strategy, context }: ClusterOptions,
): SecureContext {
  return createSecureContext({
    ...(strategy.sharesTicketKeys ? { ticketKeys: Buffer.alloc(48, 0x74) } : {}),
    cert: certificatePem,
    key: privateKeyPem,
    minVersion: `TLSv${suite.version}`,
    maxVersion: `TLSv${suite.version}`,
    ciphers: suite.opensslName,
    sessionIdContext: 'test',
    ...context,
  });
}

/** Resolves when `condition` holds: for what no event tells. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
