/** What a backup keeps of a connection that another replica serves. It stays packed until it is needed. */
import type { KeptState, RecordPosition } from '../../contracts/strategy.js';
import type { Checkpoint, Outcome, OutputRecord, StateMessage } from '../replication/state-message.js';
import { Epochs } from './epochs.js';

/** Outcomes whose commit may have been lost with the primary; one is enough unless its trunk was congested. */
const MAX_OUTCOMES = 16;
/**
 * Output older than this has been taken by the client's TCP: the primary sends no more than a window (256 KiB) before
 * it is given credit for it.
 */
const MAX_OUTPUT_BYTES = 512 * 1024;

/** The newest copy of everything else (full state copy). */
export interface Snapshot extends RecordPosition {
  /** Total of server records when the exchange began. */
  readonly startWritten: number;
  readonly answered: boolean;
  readonly input: readonly Buffer[];
  readonly output: readonly OutputRecord[];
  readonly checkpoint: Checkpoint | undefined;
}

export class KeptConnection {
  readonly #epochs = new Epochs();
  #established: RecordPosition | undefined;
  #outcomes: Outcome[] = [];
  #position: RecordPosition | undefined;
  #input: Buffer[] = [];
  #startWritten = 0;
  #output: OutputRecord[] = [];
  #outputBytes = 0;
  #answered = false;
  #checkpoint: Checkpoint | undefined;

  apply(message: StateMessage): void {
    if (message.secrets !== undefined) this.#addEpochs(message.secrets, message.otherEpochs);
    if (message.position !== undefined) this.#position = message.position;
    if (message.input !== undefined) this.#addInput(message.input);
    if (message.output !== undefined) this.#addOutput(message.output);
    if (message.checkpoint !== undefined) this.#setCheckpoint(message.checkpoint);
    if (message.outcome !== undefined) this.#addOutcome(message.outcome);
  }

  /** What the strategy is shown. */
  describe(): KeptState {
    const snapshot = this.snapshot();
    return {
      established: this.#established,
      snapshot: snapshot && {
        recordsRead: snapshot.recordsRead,
        recordsWritten: snapshot.recordsWritten,
        outputFrom: this.#behindKeyUpdates(snapshot.output[0]?.index ?? snapshot.recordsWritten),
        answered: snapshot.answered,
        applicationState: snapshot.checkpoint !== undefined,
      },
      outcomes: this.#outcomes.map(({ from, through }) => ({ from, through })),
    };
  }

  snapshot(): Snapshot | undefined {
    if (this.#position === undefined) return undefined;
    const { recordsRead, recordsWritten } = this.#position;
    return {
      recordsRead,
      recordsWritten,
      startWritten: this.#startWritten,
      answered: this.#answered,
      input: this.#input,
      output: this.#output,
      checkpoint: this.#checkpoint,
    };
  }

  get outcomes(): readonly Outcome[] {
    return this.#outcomes;
  }

  /** Serialized static states, in the order in which they came. */
  get epochs(): readonly Buffer[] {
    return this.#epochs.states;
  }

  /** Where the connection was adopted, or taken over last. */
  get established(): RecordPosition | undefined {
    return this.#established;
  }

  /** Everything again, as messages for another backup. */
  messages(): StateMessage[] {
    const snapshot = this.snapshot();
    const messages: StateMessage[] = this.#outcomes.map((outcome) => ({ outcome }));
    const otherEpochs = this.#epochs.states;
    const state = otherEpochs.pop();
    if (state !== undefined && this.#established !== undefined) {
      messages.unshift({ secrets: { established: this.#established, state }, otherEpochs });
    }
    if (snapshot === undefined) return messages;
    const { recordsRead, recordsWritten, startWritten, answered, checkpoint } = snapshot;
    messages.push({
      position: { recordsRead, recordsWritten },
      input: { restart: true, startWritten, bytes: Buffer.concat(snapshot.input) },
      output: { answered, records: snapshot.output },
      ...(checkpoint === undefined ? {} : { checkpoint }),
    });
    return messages;
  }

  /** The connection goes on here: overwrites its secrets. The rest belongs to the connection from now on. */
  wipeSecrets(): void {
    this.#epochs.wipe();
    this.#established = undefined;
  }

  /** The connection has ended, or goes on elsewhere: overwrites all that there is of it. */
  wipe(): void {
    this.wipeSecrets();
    this.#wipeInput();
    for (const { content } of this.#output) content.fill(0);
    for (const { output } of this.#outcomes) output.fill(0);
    this.#checkpoint?.state.fill(0);
    this.#output = [];
    this.#outcomes = [];
    this.#checkpoint = undefined;
    this.#position = undefined;
  }

  #wipeInput(): void {
    for (const bytes of this.#input) bytes.fill(0);
    this.#input = [];
  }

  /**
   * An owner that begins, or that gets this backup, tells all epochs. Such a one goes on from what the client has seen:
   * what its predecessor changed behind that is void, although it may have got here.
   */
  #addEpochs(
    { established, state }: NonNullable<StateMessage['secrets']>,
    others: readonly Buffer[] | undefined,
  ): void {
    if (others !== undefined) this.#epochs.wipe();
    this.#established = established;
    for (const each of [...(others ?? []), state]) this.#epochs.add(each);
  }

  /** The first of the KeyUpdates right before server record `index`, or that record: what they carry is no output. */
  #behindKeyUpdates(index: number): number {
    const bases = this.#epochs.writeBases;
    let first = index;
    while (bases.has(first)) first -= 1;
    return first;
  }

  #addInput({ restart, startWritten, bytes }: NonNullable<StateMessage['input']>): void {
    if (restart) {
      this.#wipeInput();
      this.#startWritten = startWritten;
      this.#answered = false;
      this.#setCheckpoint(undefined);
    }
    if (bytes.length > 0) {
      this.#input.push(bytes);
      this.#answered = false;
    }
  }

  #addOutput({ answered, records }: NonNullable<StateMessage['output']>): void {
    this.#answered = answered;
    for (const record of records) {
      this.#output.push(record);
      this.#outputBytes += record.content.length;
    }
    while (this.#outputBytes > MAX_OUTPUT_BYTES && this.#output.length > 1) {
      this.#outputBytes -= this.#output.shift()?.content.fill(0).length ?? 0;
    }
  }

  #addOutcome(outcome: Outcome): void {
    this.#outcomes.push(outcome);
    if (this.#outcomes.length > MAX_OUTCOMES) this.#outcomes.shift()?.output.fill(0);
  }

  #setCheckpoint(checkpoint: Checkpoint | undefined): void {
    this.#checkpoint?.state.fill(0);
    this.#checkpoint = checkpoint;
  }
}
