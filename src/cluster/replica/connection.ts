/**
 * A live TLS connection on the replica that serves it: the record layer below, the application's protocol library
 * above, and between them the strategy, which decides what is replicated and what has to wait for it.
 */
import { ProtocolError } from '../../base/errors.js';
import { moveSecret } from '../../base/secret.js';
import type { Moment, RecordPosition, ReplicationDecision } from '../../contracts/strategy.js';
import type { EndReason, Take } from '../../net/control-records.js';
import { FLOW_ID_BYTES, Trunk } from '../../net/trunk.js';
import { Alert, type AlertDescription, AlertLevel } from '../../tls/alert.js';
import { ReceiveGuard } from '../../tls/receive-guard.js';
import { ContentType } from '../../tls/record.js';
import type { OpenedRecord } from '../../tls/record-format.js';
import { RecordLayer } from '../../tls/record-layer.js';
import { parseKeyUpdate } from '../../tls/rekey.js';
import { serializeStaticState } from '../../tls/static-state.js';
import type { OutgoingLink } from '../replication/link.js';
import { encodeCommittedState } from '../replication/state-message.js';
import { AppSide } from './app-side.js';
import type { ConnectionHost, ConnectionStart } from './connection-host.js';
import { Epochs } from './epochs.js';
import { ExchangeTracker } from './exchange.js';
import { alertOfError, alertOfReason } from './fatal-alert.js';
import { fragments } from './fragments.js';
import { Handover } from './handover.js';
import { InputCredit } from './input-credit.js';
import { Outbox } from './outbox.js';
import { OutcomeReplay } from './outcome-replay.js';
import { OutputCredit } from './output-credit.js';
import { RecordWriter } from './record-writer.js';
import { DivergedError } from './regeneration.js';
import { ReplicationFeed } from './replication-feed.js';
import type { ResumePlan } from './resume-plan.js';
import { ResumedHead } from './resumed-head.js';
import type { TrackedReply } from './tracked-response.js';

/** As the contract of workloads says. */
const MAX_CHECKPOINT_BYTES = 1024;
/** Input and application state have to fit one control record together with the evidence. */
const MAX_COMMITTED_INPUT_BYTES = 8 * 1024;

export class Connection {
  readonly flowId: number;
  readonly #host: ConnectionHost<Connection>;
  #link: OutgoingLink | undefined;
  /** Link to a new backup that is used from the next boundary on. */
  #nextLink: OutgoingLink | undefined;
  readonly #records: RecordLayer;
  readonly #writer: RecordWriter;
  /** Since the last commit, all but the one in use: a backup that comes later needs them. */
  readonly #epochs = new Epochs();
  readonly #outbox: Outbox;
  readonly #feed: ReplicationFeed;
  readonly #guard: ReceiveGuard;
  readonly exchange = new ExchangeTracker();
  readonly #application: AppSide;
  /** Where this replica began to serve the connection. */
  readonly #established: RecordPosition;

  // Only after a takeover.
  #skipRecords = 0;
  /** Client records that the failed primary can have answered. */
  #replayedThrough = 0;
  readonly #outcomes = new OutcomeReplay();
  #applicationState: Buffer | undefined;
  #resumedHead: ResumedHead | undefined;

  readonly #outputCredit: OutputCredit;
  readonly #inputCredit: InputCredit;
  readonly #handover: Handover;
  #ended = false;

  constructor(start: ConnectionStart, host: ConnectionHost<Connection>) {
    const { flowId, link, recordsRead, recordsWritten } = start;
    const prefix = Buffer.alloc(FLOW_ID_BYTES);
    prefix.writeUInt32BE(flowId);
    this.flowId = flowId;
    this.#host = host;
    this.#link = link;
    this.#established = { recordsRead, recordsWritten };
    this.#guard = new ReceiveGuard(start.state.suite.version);
    const { rekeyAfterRecords, note } = host.sealing;
    this.#records = new RecordLayer({
      state: start.state,
      recordsRead,
      recordsWritten,
      prefix,
      rekeyAfterRecords,
      note: note && ((sealedWith) => note(flowId, sealedWith)),
      replaced: (state) => this.#epochs.add(moveSecret(serializeStaticState(state))),
    });
    if (start.busy === true) this.#records.deriveKeys();
    this.#outbox = new Outbox(flowId, host.trunk, link, (at) => this.#epochs.settle(at, this.#records.state));
    this.#feed = new ReplicationFeed(flowId, host.strategy, link, this.#established);
    this.#writer = new RecordWriter(this.#records, {
      decide: (moment) => this.#decide(moment),
      produced: (index, content) => this.#feed.produced(index, content),
      send: (parts) => this.#send(parts),
    });
    this.#outputCredit = new OutputCredit(start.creditBytes);
    this.#inputCredit = new InputCredit(this.#outbox, start.owedCreditBytes ?? 0);
    this.#handover = this.#createHandover();
    this.#application = new AppSide(
      {
        output: (chunks, bytes, callback) => this.#output(chunks, bytes, callback),
        outputEnd: () => this.#endByApplication(),
        inputWanted: () => this.#inputWanted(),
        abandoned: () => this.#endByApplication(),
      },
      (stream) => host.serve(this, stream),
    );
  }

  /** Begins to serve a connection whose handshake this replica made. */
  establish(): void {
    this.#application.begin();
    this.#decide('established');
    this.#outbox.commit(this.#records, true);
    // After a long handshake the window may be used up: nothing more would come.
    this.#inputCredit.giveBack();
  }

  /** Goes on with a connection of another replica, with which the director's records have to agree. */
  resume(plan: ResumePlan, take: Pick<Take, 'commit' | 'received'>): void {
    this.#skipRecords = plan.recordsRead - take.commit.recordsRead;
    this.#replayedThrough = take.received;
    this.#outcomes.resume(plan.outcomes);
    this.#applicationState = plan.checkpoint?.state;
    this.#feed.checkpoint = plan.checkpoint;
    if (plan.checkpoint?.beforeHead === false) this.#resumedHead = new ResumedHead();
    this.exchange.outputBegun = this.#resumedHead !== undefined;
    for (const epoch of plan.epochs) this.#epochs.add(epoch);
    this.#epochs.settle(plan, plan.state);
    this.#feed.relink(this.#link);
    this.#writer.resume(plan, this.#host.sealing.rekey);
    try {
      if (plan.input.length > 0) this.#application.begin();
      for (const input of plan.input) this.exchange.push(input);
      this.#continueOutput(plan);
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * The state goes to another backup from now on, or to none. Output that is held for its outcome is waited for first:
   * a new backup has nothing of its exchange.
   */
  protect(link: OutgoingLink | undefined): void {
    if (this.#ended) return;
    this.#handover.stay(true);
    const holding = this.#outbox.holding;
    if (holding && link !== undefined) {
      this.#nextLink = link;
      return;
    }
    this.#nextLink = undefined;
    this.#link = link;
    this.#outbox.relink(link);
    this.#feed.relink(link);
    const { output } = this.#decide('established');
    if (!holding && output !== 'release-when-acknowledged') this.#outbox.release();
    this.#handover.offerSoon();
  }

  /** Moves the connection to its backup, as soon as the backup can go on without anything being made again. */
  handOver(): void {
    this.#handover.want();
  }

  /** The director cannot move the connection: it stays. */
  handoverRefused(): void {
    this.#handover.stay(false);
  }

  /** The next record of the client. */
  clientRecord(record: Buffer): void {
    if (this.#ended || this.#holdsRecord(record)) return;
    if (this.#skipRecords > 0) {
      this.#skipRecords -= 1;
      // The director has sent it once more, and waits for room once more.
      this.#inputCredit.received(record.length);
      this.#inputCredit.giveBack();
      return;
    }
    try {
      this.#open(record);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** More room at the director. */
  credit(bytes: number): void {
    if (this.#outputCredit.give(bytes)) this.#handover.offerSoon();
  }

  /** The director has closed the flow, or asks for an alert that only this side can seal. */
  endedByDirector(reason: EndReason): void {
    if (reason === 'handed-over') {
      this.abandon();
      return;
    }
    const alert = alertOfReason(reason);
    // Its new owner hears of it too.
    const held = alert !== undefined || reason === 'client-closed';
    if (held && this.#handover.holds(() => this.endedByDirector(reason))) return;
    if (reason === 'client-closed') {
      this.#application.endInput();
      return;
    }
    if (alert === undefined) this.#close(reason, 'silent');
    else this.#sendFatal(alert);
  }

  /** The application begins to answer. Returns the state to go on from, in the middle of the reply. */
  respond(response: TrackedReply): Buffer | undefined {
    this.exchange.respond(response);
    response.onEnded = () => this.#responseEnded(response);
    const state = this.#applicationState;
    this.#applicationState = undefined;
    return state;
  }

  /**
   * The application could go on from here on another replica.
   *
   * @returns false when a backup would go on from before: that the application said so is of no use right now
   * @throws RangeError when `state` is longer than 1 KiB, or `contentBytes` more than the request has had
   */
  checkpoint(response: TrackedReply, state: Buffer, contentBytes = 0): boolean {
    if (state.length > MAX_CHECKPOINT_BYTES) {
      throw new RangeError(`checkpoint of ${state.length} bytes, allowed are ${MAX_CHECKPOINT_BYTES}`);
    }
    if (this.#ended || this.#handover.offered || !this.#isExact(response)) return false;
    if (this.exchange.checkpointed(contentBytes)) this.#feed.renewInput();
    const beforeHead = !this.exchange.outputBegun;
    this.#feed.checkpoint = { recordsWritten: this.#records.recordsWritten, beforeHead, state };
    const { commit } = this.#decide('checkpoint');
    if (commit === 'plain') this.#outbox.commit(this.#records, false);
    const committed = commit === 'plain' || (commit === 'sealed-state' && this.#commitState());
    // A request behind this one may have been executed: it would be again.
    if (committed && this.exchange.completedByNextAnswer) this.#handover.offer();
    return committed || commit === undefined;
  }

  /** Ends without a word: the backup is, or may be, the one that the director gives the flow to. */
  abandon(): void {
    this.#link = undefined;
    this.#close('closed', 'silent');
  }

  /** What the next backup is told first has all that is resumed in it: with less it would skip what it does not have. */
  #continueOutput(plan: ResumePlan): void {
    if (plan.unsent.length === 0) this.#decide('established');
    this.#writer.begin();
    if (plan.unsent.length > 0) {
      const unsent = fragments(plan.unsent.map(({ content }) => content));
      this.#feed.moveCheckpoint(this.#records.recordsWritten + unsent.length);
      this.#writer.write(unsent, 'output');
      this.#decide('established');
    }
    for (const input of plan.input) this.#deliver(input);
    const moved = this.#skipRecords > 0 || this.#records.recordsWritten > plan.recordsWritten;
    if (moved && this.exchange.atBoundary) this.#reachBoundary();
    else this.#useOutcome();
  }

  #open(record: Buffer): void {
    const opened = this.#records.open(record);
    this.#inputCredit.received(record.length);
    const reception = this.#guard.receive(opened);
    if (reception === 'content') this.#receive(opened);
    if (reception === 'closed') this.#application.endInput();
    if (reception === 'failed') this.#close('client-reset', 'end');
    if (!this.#ended) this.#inputCredit.giveBack();
    this.#answerFromOutcome();
  }

  #receive({ type, content }: OpenedRecord): void {
    // TLS 1.2 has no KeyUpdate, and renegotiation is not offered.
    const rekeys = type === ContentType.handshake && this.#records.state.suite.version === '1.3';
    if (rekeys) this.#keyUpdate(content);
    else if (type !== ContentType.application_data) {
      throw new ProtocolError(Alert.unexpected_message, `record of type ${type} after the handshake`);
    } else if (!this.#outcomes.answering) {
      this.#application.begin();
      this.exchange.push(content);
      this.#deliver(content);
    }
  }

  #deliver(input: Buffer): void {
    this.#decide('input');
    this.#inputCredit.blocked = !this.#application.push(input);
  }

  #inputWanted(): void {
    this.#inputCredit.blocked = false;
    if (!this.#ended) this.#inputCredit.giveBack();
  }

  #output(chunks: readonly Buffer[], bytes: number, callback: () => void): void {
    if (this.#handover.holds(() => this.#output(chunks, bytes, callback))) return;
    const complete = this.exchange.current?.ending === true && this.#application.pendingBytes === bytes;
    try {
      if (!this.#ended) this.#release(this.#resumedHead?.drop(chunks) ?? chunks, complete);
    } catch (error) {
      this.#fail(error);
    }
    // Held output is waited for by the backup, not by the client: it must not stop the reply that would release it.
    if (this.#outputCredit.left || this.#outbox.holding || this.#ended) callback();
    else this.#outputCredit.wait(callback);
  }

  /** A reply whose last part was written before its end was known: otherwise that part has completed it already. */
  #responseEnded(response: TrackedReply): void {
    if (this.#handover.holds(() => this.#responseEnded(response))) return;
    if (this.#ended || response !== this.exchange.current) return;
    // A response behind another one waits in itself, not in the stream, until that one has left.
    if (this.#application.pendingBytes > 0 || response.writableLength > 0) return;
    try {
      this.#release([], true);
    } catch (error) {
      this.#fail(error);
    }
  }

  #release(chunks: readonly Buffer[], complete: boolean): void {
    if (chunks.length > 0) this.exchange.outputBegun = true;
    if (this.exchange.idempotent) this.#feed.pass(chunks);
    else this.#feed.retain(chunks, this.#records.recordsWritten);
    this.#writer.write(chunks, complete ? 'answered' : 'output');
    if (!complete) return;
    this.exchange.answer();
    if (this.exchange.atBoundary) this.#reachBoundary();
  }

  #send(parts: readonly Buffer[]): void {
    this.#outputCredit.spend(Trunk.recordBytesOf(parts));
    this.#outbox.record(parts);
  }

  #decide(moment: Moment): ReplicationDecision {
    const primary = this.#host.strategy.primary;
    if (primary === undefined) return {};
    const { answering } = this.#outcomes;
    const idempotent = !answering && this.exchange.idempotent;
    const answered = moment === 'answered' && (answering || this.exchange.completedByNextAnswer);
    const decision = primary.decide({ moment, idempotent });
    const fields = decision.replicate ?? [];
    // An outcome stands for whole client records: with a part of a next request read, it waits for the boundary.
    if (fields.includes('outcome') && !answered) {
      this.#outbox.hold();
      return decision;
    }
    const { state, recordsRead, recordsWritten } = this.#records;
    const counter = this.#feed.replicate(fields, {
      state,
      otherEpochs: this.#epochs,
      established: this.#established,
      recordsRead,
      recordsWritten,
      input: this.exchange.input,
      answered,
      idempotent,
    });
    if (decision.output === 'hold') this.#outbox.hold();
    if (decision.output === 'release') this.#outbox.release();
    if (decision.output === 'release-when-acknowledged') {
      // New keys say nothing about an outcome that output is held for.
      if (moment === 'rekeyed') this.#outbox.waitFor(counter);
      else this.#outbox.releaseWhenAcknowledged(counter);
    }
    return decision;
  }

  /** Everything read is answered: the director may forget it, unless delivered records are still to be checked. */
  #reachBoundary(): void {
    const { recordsRead, recordsWritten } = this.#records;
    if (!this.#writer.regenerating) {
      this.exchange.restart();
      this.#feed.restart({ recordsRead, recordsWritten });
      this.#decide('boundary');
      this.#outbox.commit(this.#records, true);
      if (this.#nextLink !== undefined) this.protect(this.#nextLink);
    } else if (recordsRead >= this.#replayedThrough) {
      throw new DivergedError('the client has more of the reply than was made again');
    }
    this.#useOutcome();
    this.#handover.offerSoon();
  }

  /** Output and state must belong to the same point; where they would not, the next checkpoint will do. */
  #isExact(response: TrackedReply): boolean {
    return (
      response === this.exchange.current &&
      this.exchange.first &&
      this.exchange.readable &&
      !this.#writer.regenerating &&
      this.#resumedHead?.dropped !== false &&
      this.#application.pendingBytes === 0
    );
  }

  #commitState(): boolean {
    const { recordsRead, recordsWritten } = this.#records;
    const input = Buffer.concat(this.exchange.input);
    const { checkpoint } = this.#feed;
    if (checkpoint === undefined || input.length > MAX_COMMITTED_INPUT_BYTES) return false;
    const at = { recordsRead, recordsWritten };
    const state = encodeCommittedState({ checkpoint, input });
    this.#outbox.commit(at, false, this.#host.seal.seal(this.flowId, at, state));
    state.fill(0);
    input.fill(0);
    return true;
  }

  #useOutcome(): void {
    if (!this.#outcomes.reachBoundary(this.#records.recordsRead)) this.#close('state-mismatch', 'refuse');
  }

  #answerFromOutcome(): void {
    const outcome = this.#outcomes.take(this.#records.recordsRead);
    if (outcome === undefined) return;
    this.#feed.retain([outcome.output], this.#records.recordsWritten);
    this.#writer.write([outcome.output], 'answered');
    this.#reachBoundary();
  }

  #createHandover(): Handover {
    return new Handover({
      isMovable: () => this.#isMovable(),
      commitBoundary: () => this.#reachBoundary(),
      offer: () => !this.#outbox.holding && this.#outbox.handoff(),
      withdraw: () => this.#outbox.withdrawHandoff(),
      failed: (error) => this.#fail(error),
    });
  }

  #isMovable(): boolean {
    const { pendingBytes, ending } = this.#application;
    const replayed = this.#records.recordsRead >= this.#replayedThrough && !this.#writer.regenerating;
    const underWay = pendingBytes > 0 || this.#outcomes.answering || !this.exchange.atBoundary;
    return !this.#ended && !ending && replayed && !underWay;
  }

  #holdsRecord(record: Buffer): boolean {
    if (!this.#handover.offered) return false;
    const copy = Buffer.from(record);
    return this.#handover.holds(() => this.clientRecord(copy));
  }

  /** RFC 8446 4.6.3. */
  #keyUpdate(content: Buffer): void {
    const { requestUpdate } = parseKeyUpdate(content);
    this.#records.rekeyRead(requestUpdate);
    this.#writer.keyUpdated();
    // In the middle of the records that an outcome stands for, the tracker has seen nothing of them.
    if (!this.#outcomes.answering && this.exchange.atBoundary) this.#reachBoundary();
  }

  #endByApplication(): void {
    if (this.#handover.holds(() => this.#endByApplication())) return;
    this.#close('closed', 'notify');
  }

  #fail(error: unknown): void {
    if (error instanceof DivergedError) this.#close('diverged', 'refuse');
    else this.#sendFatal(alertOfError(error));
  }

  #sendFatal(alert: AlertDescription): void {
    if (!this.#ended) this.#writer.alert(AlertLevel.fatal, alert);
    this.#close('closed', 'end');
  }

  /**
   * `notify`: close_notify, then the end. `end`: the end behind what is on its way. `refuse`: the end at once, what is
   * on its way is dropped. `silent`: nothing, the director knows.
   */
  #close(reason: EndReason, how: 'notify' | 'end' | 'refuse' | 'silent'): void {
    if (this.#ended) return;
    if (how === 'notify') this.#writer.alert(AlertLevel.warning, Alert.close_notify);
    this.#ended = true;
    this.#handover.end();
    if (how === 'refuse' || how === 'silent') this.#outbox.clear();
    if (how === 'refuse') this.#host.trunk.sendEnd(this.flowId, reason);
    if (how === 'notify' || how === 'end') {
      this.#outbox.release();
      this.#outbox.end(reason);
    }
    this.#link?.forget(this.flowId);
    this.#records.wipe();
    this.#epochs.wipe();
    this.#application.destroy();
    this.#outputCredit.forget();
    this.#host.closed(this);
  }
}
