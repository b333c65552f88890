/**
 * What a connection tells its backup: collects what the strategy may ask for, and puts the fields that it does ask for
 * into one message.
 */
import type { RecordPosition, RecoveryStrategy, StateField } from '../../contracts/strategy.js';
import { type StaticState, serializeStaticState } from '../../tls/static-state.js';
import type { OutgoingLink } from '../replication/link.js';
import {
  type Checkpoint,
  encodeStateMessage,
  type OutputRecord,
  type StateMessage,
} from '../replication/state-message.js';
import type { Epochs } from './epochs.js';

/** The outcome of one request that must not run twice is held in memory until it is complete. */
const MAX_OUTCOME_BYTES = 1024 * 1024;

type Draft = { -readonly [K in keyof StateMessage]: StateMessage[K] };

/** The connection as it is at the moment of a decision. */
export interface FeedContext extends RecordPosition {
  readonly state: StaticState;
  /** Since the last commit, all but that of `state`. */
  readonly otherEpochs: Epochs;
  /** Where this replica began to serve the connection. */
  readonly established: RecordPosition;
  /** Client bytes of the exchange. */
  readonly input: readonly Buffer[];
  /** Whether everything read will be answered by the output produced so far. */
  readonly answered: boolean;
  /** Whether all requests that await their answer may be executed again. */
  readonly idempotent: boolean;
}

export class ReplicationFeed {
  checkpoint: Checkpoint | undefined;
  readonly #flowId: number;
  readonly #strategy: RecoveryStrategy;
  #link: OutgoingLink | undefined;
  readonly #wantsOutput: boolean;
  readonly #wantsOutcome: boolean;
  #boundary: RecordPosition;
  #restarted = true;
  /** Whether the backup is still to be told of other epochs than that in use. */
  #epochsDue = false;
  #inputSent = 0;
  #output: OutputRecord[] = [];
  #outcome: Buffer[] = [];
  #outcomeBytes = 0;
  /** The server record that the outcome begins with. */
  #outcomeFrom = 0;
  /** Output that is no part of the outcome came before it. */
  #outcomePreceded = false;

  constructor(
    flowId: number,
    strategy: RecoveryStrategy,
    link: OutgoingLink | undefined,
    boundary: RecordPosition,
  ) {
    this.#flowId = flowId;
    this.#strategy = strategy;
    this.#link = link;
    this.#boundary = boundary;
    this.#wantsOutput = strategy.replicates.includes('output');
    this.#wantsOutcome = strategy.replicates.includes('outcome');
  }

  /** The backup is another one from now on: it has nothing of the exchange yet. */
  relink(link: OutgoingLink | undefined): void {
    this.#link = link;
    this.#restarted = true;
    this.#epochsDue = true;
    this.#inputSent = 0;
  }

  /** What there is of the input has become another one: what the backup has of it is void. */
  renewInput(): void {
    this.#restarted = true;
    this.#inputSent = 0;
  }

  /** What the checkpoint covers is sent in other records than the failed owner would have sent it in. */
  moveCheckpoint(recordsWritten: number): void {
    if (this.checkpoint !== undefined) this.checkpoint = { ...this.checkpoint, recordsWritten };
  }

  /** A new exchange begins at a commit boundary. */
  restart(boundary: RecordPosition): void {
    this.#boundary = boundary;
    this.#restarted = true;
    this.#inputSent = 0;
    this.#outcome = [];
    this.#outcomeBytes = 0;
    this.#outcomePreceded = false;
    this.checkpoint = undefined;
  }

  /** Output of an exchange that may be executed again, the part that is only regenerated included. */
  pass(chunks: readonly Buffer[]): void {
    if (chunks.length > 0) this.#outcomePreceded = true;
  }

  /** Output that becomes server record `index`. */
  produced(index: number, content: Buffer): void {
    if (this.#wantsOutput) this.#output.push({ index, content });
  }

  /**
   * Output of an exchange whose outcome may have to be replicated, the part that is only regenerated included. It
   * becomes server records from number `index` on.
   *
   * @throws Error when it is longer than what is held.
   */
  retain(chunks: readonly Buffer[], index: number): void {
    if (!this.#wantsOutcome) return;
    if (this.#outcome.length === 0) this.#outcomeFrom = index;
    for (const chunk of chunks) {
      this.#outcome.push(chunk);
      this.#outcomeBytes += chunk.length;
    }
    if (this.#outcomeBytes > MAX_OUTCOME_BYTES) {
      throw new Error(
        `the reply to a request that is not idempotent is longer than ${MAX_OUTCOME_BYTES} bytes`,
      );
    }
  }

  /**
   * Sends `fields` to the backup.
   *
   * @returns the counter of its acknowledgement; 0 when there is no backup or nothing to send.
   * @throws Error for a field that the strategy does not declare.
   */
  replicate(fields: readonly StateField[], context: FeedContext): number {
    if (this.#link === undefined) this.#output = [];
    if (this.#link === undefined || fields.length === 0) return 0;
    const draft: Draft = {};
    for (const field of fields) {
      if (!this.#strategy.replicates.includes(field)) {
        throw new Error(`strategy ${this.#strategy.id} replicates ${field}, which it does not declare`);
      }
      this.#add(draft, field, context);
    }
    const payload = encodeStateMessage(draft);
    const counter = this.#link.replicate(this.#flowId, context.state.epoch, payload);
    draft.secrets?.state.fill(0);
    payload.fill(0);
    // Between the execution of a request and its outcome at the backup lies the window in which it may run twice.
    if (!context.idempotent && context.answered) this.#link.flush();
    return counter;
  }

  #add(draft: Draft, field: StateField, context: FeedContext): void {
    switch (field) {
      case 'secrets':
        draft.secrets = { established: context.established, state: serializeStaticState(context.state) };
        if (this.#epochsDue) draft.otherEpochs = context.otherEpochs.states;
        this.#epochsDue = false;
        return;
      case 'sequence-numbers':
        draft.position = { recordsRead: context.recordsRead, recordsWritten: context.recordsWritten };
        return;
      case 'input':
        draft.input = this.#takeInput(context.input);
        return;
      case 'output':
        draft.output = { answered: context.answered, records: this.#output };
        this.#output = [];
        return;
      case 'outcome':
        draft.outcome = {
          from: { recordsRead: this.#boundary.recordsRead, recordsWritten: this.#outcomeFrom },
          through: context.recordsRead,
          whole: !this.#outcomePreceded,
          output: Buffer.concat(this.#outcome),
        };
        return;
      case 'application-state':
        if (this.checkpoint !== undefined) draft.checkpoint = this.checkpoint;
    }
  }

  #takeInput(input: readonly Buffer[]): NonNullable<StateMessage['input']> {
    const bytes = Buffer.concat(input.slice(this.#inputSent));
    const restart = this.#restarted;
    this.#inputSent = input.length;
    this.#restarted = false;
    return { restart, startWritten: this.#boundary.recordsWritten, bytes };
  }
}
