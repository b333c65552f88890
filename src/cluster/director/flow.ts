/**
 * One client TCP connection seen by the director: deframes what the client sends, forwards whole records, keeps the
 * journal. It holds no key and sees no plaintext.
 */
import type { Socket } from 'node:net';
import { ProtocolError } from '../../base/errors.js';
import type { Prng } from '../../contracts/workload.js';
import {
  ControlType,
  type EndReason,
  encodeOpen,
  encodeProtect,
  encodeTake,
  HANDED_OVER,
} from '../../net/control-records.js';
import type { Trunk } from '../../net/trunk.js';
import { Alert } from '../../tls/alert.js';
import { RecordDeframer, TLS_STREAM } from '../../tls/deframer.js';
import { type ClientLink, createClientLink } from './client-link.js';
import { Journal } from './journal.js';
import type { LinkShape } from './link-direction.js';

/** Bytes per flow and direction that may be under way between director and replica. */
export const FLOW_WINDOW_BYTES = 256 * 1024;

/** What the director says to a replica: over a trunk, or to a server that knows none. */
export interface UpstreamTrunk
  extends Pick<Trunk, 'sendRecord' | 'sendControl' | 'sendEnd' | 'sendCredit' | 'sendHeartbeat' | 'fence'> {
  /** What was sent for a flow, if it is sure that the replica has read nothing of it; absent where that is never known. */
  unsent?(flowId: number): readonly Buffer[] | undefined;
  /** Sends what else waits for the end of the turn; absent where nothing does. */
  flush?(): void;
  /** Absent where there is no trunk that could be cut. */
  suspend?(): void;
  resume?(): void;
}

/** A replica as the director sees it. */
export interface Upstream {
  readonly index: number;
  /** Processes that this replica had before this one. */
  readonly incarnation: number;
  /** False once it has failed: it is given nothing any more. */
  readonly alive: boolean;
  readonly trunk: UpstreamTrunk;
}

/** What a flow tells the director. */
export interface FlowHost {
  /** Gathers writes to this client until the end of the current trunk batch. */
  corked(flow: DirectorFlow): void;
  /** First client record after a takeover, before the first server record. */
  asked(flow: DirectorFlow): void;
  /** First server record after a takeover. */
  resumedOutput(flow: DirectorFlow): void;
  /** The client spoke on a flow that was idle when its owner failed, and that nobody has taken over yet. */
  woken(flow: DirectorFlow): void;
  ended(flow: DirectorFlow, cause: string): void;
}

export interface FlowOptions {
  readonly id: number;
  /** The path to the client. */
  readonly shape: LinkShape;
  /** Where the jitter of this flow comes from. */
  readonly prng: () => Prng;
  /** Whether the flow may be taken over: without it nothing is kept. */
  readonly journal: boolean;
}

export class DirectorFlow {
  readonly id: number;
  readonly link: ClientLink;
  readonly journal = new Journal();
  /** The replica that serves the flow, or served it until it failed; while {@link parked}, the one that will. */
  owner: Upstream;
  backup: number | undefined;
  /** Replica that failed and that the flow was or will be taken over from; undefined before any fault. */
  takenFrom: Upstream | undefined;
  /** Idle at the fault: taken over when the client next speaks. Its owner is told with others, see `ParkNotice`. */
  parked = false;
  /** {@link takenFrom} did not fail: it had nothing more to replicate. */
  handedOver = false;

  readonly #host: FlowHost;
  readonly #journals: boolean;
  readonly #deframer = new RecordDeframer(TLS_STREAM);
  readonly #onRecord = (record: Buffer): void => this.#forward(record);
  #creditBytes = FLOW_WINDOW_BYTES;
  #uncreditedBytes = 0;
  #paused = false;
  #corked = false;
  #awaitsOutput = false;
  #awaitsInput = false;
  /** Why nothing more comes from the client. */
  #inputEnd: EndReason | undefined;
  #ended = false;

  constructor(
    socket: Socket,
    options: FlowOptions,
    host: FlowHost,
    owner: Upstream,
    backup: number | undefined,
  ) {
    this.id = options.id;
    this.owner = owner;
    this.backup = backup;
    this.#host = host;
    this.#journals = options.journal;
    this.link = createClientLink(
      socket,
      {
        received: (chunk) => this.#received(chunk),
        finished: () => this.#finished(),
        lost: (cause) => this.#lost(cause),
        drained: () => this.#returnCredit(),
      },
      options.shape,
      options.prng,
    );
    this.#open();
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** A server record, whole. */
  serverRecord(record: Buffer): void {
    if (this.#ended) return;
    if (this.#journals) this.journal.written(record);
    else this.journal.recordsWritten += 1;
    if (!this.#corked) {
      this.#corked = true;
      this.link.cork();
      this.#host.corked(this);
    }
    this.link.write(record);
    if (this.#awaitsOutput) {
      this.#awaitsOutput = false;
      this.#awaitsInput = false;
      this.#host.resumedOutput(this);
    }
    this.#uncreditedBytes += record.length;
    if (this.#uncreditedBytes >= FLOW_WINDOW_BYTES / 2) this.#returnCredit();
  }

  uncork(): void {
    this.#corked = false;
    this.link.uncork();
  }

  /** More room at the replica. */
  credit(bytes: number): void {
    this.#creditBytes += bytes;
    if (this.#paused && this.#creditBytes > 0) {
      this.#paused = false;
      this.link.resume();
    }
  }

  /** The replica closed the flow on purpose. */
  endedByReplica(reason: EndReason): void {
    if (reason === 'closed' || reason === 'client-closed') this.#end(reason, 'end');
    else this.#end(reason, 'reset');
  }

  /** Resets the client's connection: nobody can continue it. */
  reset(cause: string): void {
    this.#end(cause, 'reset');
  }

  /** Nothing of a server has reached the client: another replica can start from the ClientHello. */
  get untouched(): boolean {
    return this.journal.recordsWritten === 0;
  }

  /** Hands the flow to {@link owner} from the start, with everything the client has sent: `records`. */
  reopen(records: readonly Buffer[] = this.journal.records): void {
    this.#open();
    this.#replay(records);
  }

  /** Hands the flow to {@link owner} as it is: the evidence, then the journal. */
  take(): void {
    this.parked = false;
    const flags = this.handedOver ? HANDED_OVER : 0;
    this.owner.trunk.sendControl(this.id, ControlType.take, this.#encodeTake(), flags);
    this.#awaitsOutput = true;
    this.#awaitsInput = true;
    this.#replay(this.journal.records);
  }

  /** From now on the state goes to `backup`; undefined when no replica is left for it. */
  protect(backup: number | undefined): void {
    this.backup = backup;
    this.owner.trunk.sendControl(this.id, ControlType.protect, encodeProtect(backup));
  }

  /** Idle when its owner failed, and not taken over since. */
  get #dormant(): boolean {
    return this.parked || !this.owner.alive;
  }

  #open(): void {
    const { clientAddress, clientPort } = this.link;
    const body = encodeOpen({ clientAddress, clientPort, backup: this.backup });
    this.owner.trunk.sendControl(this.id, ControlType.open, body);
  }

  #encodeTake(): Buffer {
    const { journal, link } = this;
    const from = this.takenFrom ?? this.owner;
    const creditBytes = Math.max(0, FLOW_WINDOW_BYTES - link.pendingBytes);
    // The rest of the window follows when the client has taken what the failed primary sent it.
    this.#uncreditedBytes = FLOW_WINDOW_BYTES - creditBytes;
    return encodeTake({
      clientAddress: link.clientAddress,
      clientPort: link.clientPort,
      backup: this.backup,
      from: from.index,
      fromIncarnation: from.incarnation,
      commit: { recordsRead: journal.commitRead, recordsWritten: journal.commitWritten },
      delivered: journal.recordsWritten,
      received: journal.recordsRead,
      creditBytes,
      sealedState: journal.sealedState,
      deliveredEntries: journal.deliveredEntries,
    });
  }

  #replay(records: readonly Buffer[]): void {
    this.#creditBytes = FLOW_WINDOW_BYTES;
    for (const record of records) this.#send(record);
    if (this.#inputEnd !== undefined) this.owner.trunk.sendEnd(this.id, this.#inputEnd);
    this.#pauseWithoutCredit();
  }

  #received(chunk: Buffer): void {
    if (this.#ended) return;
    try {
      this.#deframer.push(chunk, this.#onRecord);
    } catch (error) {
      this.#malformed(error);
    }
    this.#pauseWithoutCredit();
  }

  #forward(record: Buffer): void {
    if (this.#dormant) this.#host.woken(this);
    if (this.#ended) return;
    if (this.#awaitsInput) this.#noteAsked();
    if (this.#journals) this.journal.read(record);
    else this.journal.recordsRead += 1;
    this.#send(record);
  }

  #noteAsked(): void {
    this.#awaitsInput = false;
    this.#host.asked(this);
  }

  #send(record: Buffer): void {
    this.#creditBytes -= record.length;
    this.owner.trunk.sendRecord(this.id, record);
  }

  #pauseWithoutCredit(): void {
    if (this.#paused) {
      if (this.#creditBytes <= 0) return;
      this.#paused = false;
      this.link.resume();
    } else if (this.#creditBytes <= 0) {
      this.#paused = true;
      this.link.pause();
    }
  }

  /** Only the replica has the keys to answer with an alert. */
  #malformed(error: unknown): void {
    if (!(error instanceof ProtocolError)) throw error;
    if (this.#dormant) this.#host.woken(this);
    if (this.#ended) return;
    this.link.pause();
    this.#endInput(endReasonOf(error));
  }

  #finished(): void {
    if (this.#ended) return;
    // Who would take it over has nothing more to say; its owner only has to forget it.
    this.#endInput('client-closed');
    if (this.#dormant) this.#end('client-closed', 'end');
  }

  #endInput(reason: EndReason): void {
    this.#inputEnd = reason;
    this.owner.trunk.sendEnd(this.id, reason);
  }

  #lost(cause: string): void {
    if (this.#ended) return;
    this.owner.trunk.sendEnd(this.id, 'client-reset');
    this.#end(cause, 'gone');
  }

  /** A client that reads slowly gets less: credit goes back only when its TCP has taken what was written. */
  #returnCredit(): void {
    if (this.#ended || this.parked || this.#uncreditedBytes < FLOW_WINDOW_BYTES / 2) return;
    if (this.link.pendingBytes > FLOW_WINDOW_BYTES / 2) return;
    this.owner.trunk.sendCredit(this.id, this.#uncreditedBytes);
    this.#uncreditedBytes = 0;
  }

  #end(cause: string, how: 'end' | 'reset' | 'gone'): void {
    if (this.#ended) return;
    this.#ended = true;
    this.journal.release();
    if (how === 'end') this.link.end();
    if (how === 'reset') this.link.reset();
    this.#host.ended(this, cause);
  }
}

function endReasonOf(error: ProtocolError): EndReason {
  if (error.alert === Alert.record_overflow) return 'record-overflow';
  if (error.alert === Alert.protocol_version) return 'protocol-version';
  return 'unexpected-message';
}
