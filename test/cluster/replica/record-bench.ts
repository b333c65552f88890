/**
 * One connection on replicas, played by hand at the level of records: the test seals what the client sends, opens what
 * it gets, and keeps the director's journal. Trunks and the replication link are real.
 */
import { connect, createServer, type Socket } from 'node:net';
import { Journal } from '../../../src/cluster/director/journal.js';
import { Connection } from '../../../src/cluster/replica/connection.js';
import type { ConnectionHost, SealingOptions } from '../../../src/cluster/replica/connection-host.js';
import { HttpApplication } from '../../../src/cluster/replica/http-application.js';
import { KeptConnection } from '../../../src/cluster/replica/kept-state.js';
import { Ledger } from '../../../src/cluster/replica/ledger.js';
import { planResumption } from '../../../src/cluster/replica/resume-plan.js';
import { CommittedStateSeal } from '../../../src/cluster/replication/committed-state-seal.js';
import { IncomingLinks, OutgoingLink } from '../../../src/cluster/replication/link.js';
import { parseCommittedState, parseStateMessage } from '../../../src/cluster/replication/state-message.js';
import type { RecordPosition, RecoveryStrategy, RefusalReason } from '../../../src/contracts/strategy.js';
import type { Application } from '../../../src/contracts/workload.js';
import {
  COMMIT_QUIET,
  COMMIT_STATE,
  ControlType,
  parseEnd,
  type Take,
} from '../../../src/net/control-records.js';
import { Trunk, type TrunkHandler } from '../../../src/net/trunk.js';
import type { CipherSuite } from '../../../src/tls/cipher-suites.js';
import { keyBlockBytes, keyBlockKeys } from '../../../src/tls/key-schedule-12.js';
import {
  type DirectionKeys,
  deriveTrafficKeys,
  nextTrafficSecret,
} from '../../../src/tls/key-schedule-13.js';
import { ContentType } from '../../../src/tls/record.js';
import type { OpenedRecord } from '../../../src/tls/record-format.js';
import { ReadState, WriteState } from '../../../src/tls/record-protection.js';
import { encodeKeyUpdate } from '../../../src/tls/rekey.js';
import type { StaticState } from '../../../src/tls/static-state.js';
import { type ReferenceRecord, referenceSeal } from '../../tls/reference-seal.js';
import { listen, until } from './harness.js';

export const FLOW_ID = 7;
const BASE: RecordPosition = { recordsRead: 3, recordsWritten: 4 };
const CLUSTER_KEY = Buffer.alloc(32, 0x6b);
/** A link that has ended is never fenced for its age. */
const MANY_MS = 3_600_000;
const NO_LEDGER = new Ledger('/dev/null', () => 0);

/** A new copy each time: connections wipe theirs. */
export function staticState(suite: CipherSuite, base: RecordPosition = BASE): StaticState {
  const secrets =
    suite.version === '1.3'
      ? {
          kind: 'tls13' as const,
          client: Buffer.alloc(suite.hashBytes, 1),
          server: Buffer.alloc(suite.hashBytes, 2),
        }
      : { kind: 'tls12' as const, keyBlock: Buffer.alloc(keyBlockBytes(suite), 3) };
  return { suite, epoch: 0, readBase: base.recordsRead, writeBase: base.recordsWritten, secrets };
}

/** The client's end of the record layer. */
export class RecordClient {
  readonly #suite: CipherSuite;
  #clientSecret: Buffer;
  #serverSecret: Buffer;
  #writeKeys: DirectionKeys;
  #write: WriteState;
  #read: ReadState;

  /**
   * @param written server records before the first one that this client opens
   * @param sealed records that this client has sealed with its key
   */
  constructor(suite: CipherSuite, written: number, sealed = 0) {
    this.#suite = suite;
    const { secrets } = staticState(suite);
    const keysOf = (side: 'client' | 'server'): DirectionKeys =>
      secrets.kind === 'tls12' ? keyBlockKeys(suite, secrets.keyBlock, side) : this.#keys(secrets[side]);
    this.#clientSecret = secrets.kind === 'tls13' ? secrets.client : Buffer.alloc(0);
    this.#serverSecret = secrets.kind === 'tls13' ? secrets.server : Buffer.alloc(0);
    this.#writeKeys = keysOf('client');
    this.#write = new WriteState(suite, this.#writeKeys, sealed);
    const sequenceNumber = written - BASE.recordsWritten;
    this.#read = new ReadState(suite, keysOf('server'), sequenceNumber);
  }

  seal(content: string | Buffer, type: number = ContentType.application_data): Buffer {
    return Buffer.concat(this.#write.seal(type, Buffer.from(content)));
  }

  /** A TLS 1.3 record with zeros behind the inner type, however long that makes it. */
  sealPadded(content: Buffer, paddingBytes: number, type: number = ContentType.application_data): Buffer {
    return this.#sealAnyhow({ type, content, paddingBytes });
  }

  /** A record of more bytes than one may have. */
  sealLonger(bytes: number): Buffer {
    return this.#sealAnyhow({ type: ContentType.application_data, content: Buffer.alloc(bytes) });
  }

  /** Takes a number of the write state, and makes the record without it: it would not make such a one. */
  #sealAnyhow(record: Omit<ReferenceRecord, 'sequenceNumber'>): Buffer {
    const { sequenceNumber } = this.#write;
    this.#write.seal(ContentType.application_data, Buffer.alloc(0));
    return referenceSeal(this.#suite, this.#writeKeys, { ...record, sequenceNumber });
  }

  /** The record that tells of the new key, which is used from then on. */
  keyUpdate(requestUpdate: boolean): Buffer {
    const record = this.seal(encodeKeyUpdate(requestUpdate), ContentType.handshake);
    this.#clientSecret = nextTrafficSecret(this.#suite, this.#clientSecret);
    this.#writeKeys = this.#keys(this.#clientSecret);
    this.#write = new WriteState(this.#suite, this.#writeKeys);
    return record;
  }

  /** @throws ProtocolError as a real client would end the connection with */
  open(record: Buffer): OpenedRecord {
    const opened = this.#read.open(record);
    if (opened.type === ContentType.handshake) {
      this.#serverSecret = nextTrafficSecret(this.#suite, this.#serverSecret);
      this.#read = new ReadState(this.#suite, this.#keys(this.#serverSecret));
    }
    return opened;
  }

  #keys(secret: Buffer): DirectionKeys {
    return deriveTrafficKeys(this.#suite, secret);
  }
}

export interface BenchOptions {
  /** Director's totals where the keys begin to apply. */
  readonly base?: RecordPosition;
  /** Records under these keys before the connection is established, of the client and of the server. */
  readonly used?: RecordPosition;
  readonly sealing?: SealingOptions;
}

/** What the director would know and do: it counts, keeps the journal and hands records on to the client. */
export class Bench {
  readonly journal = new Journal();
  /** What the backup has: each owner has one of its own. */
  kept = new KeptConnection();
  /** All that came out of the records for the client. */
  readonly opened: OpenedRecord[] = [];
  /** Whole server records, to let a replica's output pass up to a certain record only. */
  passing = Number.POSITIVE_INFINITY;
  readonly ends: string[] = [];
  readonly client: RecordClient;
  connection: Connection | undefined;
  forgotten = false;
  closed = false;
  readonly #suite: CipherSuite;
  readonly #strategy: RecoveryStrategy;
  readonly #application: HttpApplication;
  readonly #seal = new CommittedStateSeal(CLUSTER_KEY);
  readonly #sockets: Socket[] = [];
  readonly #sealing: SealingOptions;
  readonly #base: RecordPosition;
  /** Of all owners there were. */
  readonly #connections: Connection[] = [];
  readonly #backups: IncomingLinks[] = [];
  readonly #links: OutgoingLink[] = [];
  /** Trunk of the replica that serves the connection now; what comes from others is not the client's. */
  #current: object | undefined;

  constructor(
    suite: CipherSuite,
    strategy: RecoveryStrategy,
    application: Application,
    {
      base = BASE,
      used = { recordsRead: 0, recordsWritten: 0 },
      sealing = { rekey: false },
    }: BenchOptions = {},
  ) {
    this.#suite = suite;
    this.#strategy = strategy;
    this.#application = new HttpApplication(application, NO_LEDGER);
    this.#sealing = sealing;
    this.#base = base;
    const { journal } = this;
    journal.recordsRead = base.recordsRead + used.recordsRead;
    journal.recordsWritten = base.recordsWritten + used.recordsWritten;
    journal.commitRead = journal.recordsRead;
    journal.commitWritten = journal.recordsWritten;
    this.client = new RecordClient(suite, BASE.recordsWritten + used.recordsWritten, used.recordsRead);
  }

  /** The primary has made the handshake. */
  async establish(): Promise<void> {
    const link = await this.#newBackup();
    this.connection = await this.#connection(staticState(this.#suite, this.#base), this.journal, link);
    this.connection.establish();
    await until(() => this.journal.quiet);
  }

  /** The backup has died, and there is another one, which has nothing yet. Resolves when it has been told. */
  async replaceBackup(): Promise<void> {
    const { kept } = this;
    this.connection?.protect(await this.#newBackup());
    await until(() => this.kept !== kept && this.kept.established !== undefined);
  }

  send(record: Buffer): void {
    this.journal.read(record);
    this.connection?.clientRecord(record);
  }

  /**
   * Gives the connection to its backup, which gets one of its own. Resolves when its replay has begun, or with why it was
   * refused.
   *
   * @param passing whole server records that it may pass to the client
   */
  async takeOver(passing = Number.POSITIVE_INFINITY): Promise<RefusalReason | undefined> {
    this.#current = undefined;
    this.passing = passing;
    await this.#drainLink();
    const take = this.#take();
    const sealed = take.sealedState && this.#seal.open(FLOW_ID, take.commit, take.sealedState);
    const committed = sealed && parseCommittedState(sealed);
    const decision = this.#strategy.backup?.takeOver(this.kept.describe(), {
      commit: take.commit,
      delivered: take.delivered,
      received: take.received,
      applicationState: committed !== undefined,
    }) ?? { kind: 'refuse', reason: 'state-missing' };
    const plan = planResumption(this.kept, take, decision, committed);
    if ('refused' in plan) return plan.refused;
    const replay = [...this.journal.records];
    this.connection = await this.#connection(plan.state, plan, await this.#newBackup());
    this.connection.resume(plan, take);
    for (const record of replay) this.connection.clientRecord(record);
    return undefined;
  }

  /** Text of all application data that the client got. */
  get text(): string {
    const data = this.opened.filter(({ type }) => type === ContentType.application_data);
    return Buffer.concat(data.map(({ content }) => content)).toString('latin1');
  }

  stop(): void {
    // Those before the last one have hung until now: their application must not keep them.
    for (const connection of this.#connections) connection.abandon();
    this.#application.stop();
    for (const socket of this.#sockets) socket.destroy();
    for (const link of this.#links) link.end();
    for (const backup of this.#backups) backup.close();
  }

  /** What the owner has told its backup until now arrives before its death is believed. */
  async #drainLink(): Promise<void> {
    const self = this.#links.length - 1;
    this.#links[self]?.end();
    await new Promise<void>((resolve) => this.#backups[self]?.whenDrained(self, 0, MANY_MS, resolve));
  }

  /** What an earlier owner still says does not get to it. */
  async #newBackup(): Promise<OutgoingLink> {
    const kept = new KeptConnection();
    const backup = new IncomingLinks(CLUSTER_KEY, {
      state: (_flowId, payload) => kept.apply(parseStateMessage(payload)),
      forget: () => {
        this.forgotten = true;
      },
    });
    const self = this.#backups.push(backup) - 1;
    const port = await backup.listen();
    const identity = { peer: self + 1, self, incarnation: 0, clusterKey: CLUSTER_KEY };
    const link = await OutgoingLink.connect({ ...identity, port });
    this.#links.push(link);
    this.kept = kept;
    return link;
  }

  #take(): Take {
    const { journal } = this;
    return {
      clientAddress: '127.0.0.1',
      clientPort: 1,
      backup: undefined,
      from: 0,
      fromIncarnation: 0,
      commit: { recordsRead: journal.commitRead, recordsWritten: journal.commitWritten },
      delivered: journal.recordsWritten,
      received: journal.recordsRead,
      creditBytes: 256 * 1024,
      sealedState: journal.sealedState,
      deliveredEntries: Buffer.from(journal.deliveredEntries),
    };
  }

  async #connection(
    state: StaticState,
    at: RecordPosition,
    link: OutgoingLink | undefined,
  ): Promise<Connection> {
    const host: ConnectionHost<Connection> = {
      strategy: this.#strategy,
      trunk: await this.#trunk(),
      seal: this.#seal,
      sealing: this.#sealing,
      serve: (connection, stream) => this.#application.serve(stream, connection),
      closed: () => {
        this.closed = true;
      },
    };
    const { recordsRead, recordsWritten } = at;
    const start = { flowId: FLOW_ID, state, recordsRead, recordsWritten, creditBytes: 256 * 1024, link };
    const connection = new Connection(start, host);
    this.#connections.push(connection);
    return connection;
  }

  /** The replica's end of a new trunk; the other end is the bench's. */
  async #trunk(): Promise<Trunk> {
    const identity = {};
    this.#current = identity;
    const [near, far] = await socketPair();
    this.#sockets.push(near, far);
    new Trunk(
      far,
      this.#handler(() => this.#current === identity),
    );
    return new Trunk(near, { tlsRecord() {}, controlRecord() {}, batchEnd() {}, closed() {} });
  }

  #handler(serves: () => boolean): TrunkHandler {
    return {
      tlsRecord: (_flowId, record) => {
        if (serves() && this.passing > 0) this.#deliver(record);
      },
      controlRecord: (_flowId, type, flags, body) => {
        if (serves() && this.passing > 0) this.#control(type, flags, body);
      },
      batchEnd() {},
      closed() {},
    };
  }

  #deliver(record: Buffer): void {
    this.passing -= 1;
    this.journal.written(record);
    this.opened.push(this.client.open(record));
  }

  #control(type: number, flags: number, body: Buffer): void {
    if (type === ControlType.end) this.ends.push(parseEnd(body));
    if (type !== ControlType.commit) return;
    const state = (flags & COMMIT_STATE) === 0 ? undefined : Buffer.from(body.subarray(4));
    this.journal.commit(body.readUInt32BE(0), (flags & COMMIT_QUIET) !== 0, state);
  }
}

/** Both ends of a TCP connection. */
export async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer();
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const near = connect(await listen(server), '127.0.0.1');
  const far = await accepted;
  server.close();
  for (const socket of [near, far]) socket.on('error', () => {});
  return [near, far];
}
