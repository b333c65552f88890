/**
 * What a connection sends to the director, in order. Output may have to wait for the backup: everything behind it then
 * waits too, commits included.
 */
import type { RecordPosition } from '../../contracts/strategy.js';
import { ControlType, type EndReason, encodeHandoff } from '../../net/control-records.js';
import type { Trunk } from '../../net/trunk.js';
import type { AcknowledgementWaiter, OutgoingLink } from '../replication/link.js';

interface Commit extends RecordPosition {
  readonly quiet: boolean;
  readonly sealedState: Buffer | undefined;
}

type Item = { gate: number } & (
  | { readonly kind: 'record'; readonly parts: readonly Buffer[] }
  | { readonly kind: 'commit'; readonly commit: Commit }
  | { readonly kind: 'credit'; readonly bytes: number }
  | { readonly kind: 'end'; readonly reason: EndReason }
  | { readonly kind: 'handoff'; readonly backup: number }
);

const HELD = Number.POSITIVE_INFINITY;

export class Outbox implements AcknowledgementWaiter {
  readonly #flowId: number;
  readonly #trunk: Trunk;
  readonly #committed: (at: RecordPosition) => void;
  #link: OutgoingLink | undefined;
  #queue: Item[] = [];
  /** What is appended now waits for this acknowledgement. */
  #gate = 0;
  /** The same while nothing is held. */
  #floor = 0;
  #waiting = false;
  /** Bytes of records in the queue. */
  pendingBytes = 0;

  /** @param committed called when a commit leaves: until then the director goes by the one before it */
  constructor(
    flowId: number,
    trunk: Trunk,
    link: OutgoingLink | undefined,
    committed: (at: RecordPosition) => void,
  ) {
    this.#flowId = flowId;
    this.#trunk = trunk;
    this.#committed = committed;
    this.#link = link;
  }

  /** The backup is another one from now on: what waited for the old one is held until the new one is up to date. */
  relink(link: OutgoingLink | undefined): void {
    this.#stopWaiting();
    this.#link = link;
    this.#floor = 0;
    this.#gate = HELD;
    for (const item of this.#queue) item.gate = HELD;
    if (this.#queue.length > 0) this.#wait();
  }

  get holding(): boolean {
    return this.#gate === HELD;
  }

  /** What follows stays here until it is released. Without a backup there is nothing to wait for. */
  hold(): void {
    if (this.#link !== undefined) this.#gate = HELD;
  }

  /** What was held, and what follows, leaves when the backup has acknowledged `counter`. */
  releaseWhenAcknowledged(counter: number): void {
    this.#floor = Math.max(this.#floor, counter);
    this.release();
  }

  /** What follows waits for `counter`; what is held stays held. */
  waitFor(counter: number): void {
    this.#floor = Math.max(this.#floor, counter);
    if (!this.holding) this.#gate = this.#floor;
  }

  release(): void {
    this.#gate = this.#floor;
    for (const item of this.#queue) {
      if (item.gate === HELD) item.gate = this.#floor;
    }
    this.#drain();
  }

  record(parts: readonly Buffer[]): void {
    if (this.#open) {
      this.#trunk.sendSealed(parts);
      return;
    }
    for (const part of parts) this.pendingBytes += part.length;
    this.#append({ kind: 'record', parts, gate: this.#gate });
  }

  /** @param at the records that it is behind, in both directions */
  commit({ recordsRead, recordsWritten }: RecordPosition, quiet: boolean, sealedState?: Buffer): void {
    const commit = { recordsRead, recordsWritten, quiet, sealedState };
    if (this.#open) this.#sendCommit(commit);
    else this.#append({ kind: 'commit', commit, gate: this.#gate });
  }

  /**
   * Room for what the client sends. It comes behind a commit that waits: the director keeps what is not committed, and has
   * a bound for it. It does not come behind what is held, which may need more of the client to be released.
   */
  credit(bytes: number): void {
    const commitAt = this.#queue.findLastIndex(({ kind, gate }) => kind === 'commit' && gate !== HELD);
    if (commitAt < 0) this.#trunk.sendCredit(this.#flowId, bytes);
    else this.#queue.splice(commitAt + 1, 0, { kind: 'credit', bytes, gate: 0 });
  }

  end(reason: EndReason): void {
    if (this.#open) this.#trunk.sendEnd(this.#flowId, reason);
    else this.#append({ kind: 'end', reason, gate: this.#gate });
  }

  /**
   * Offers the flow to its backup, behind everything else, when that has acknowledged all it was sent. Nothing may follow.
   *
   * @returns false without a backup: it is not offered
   */
  handoff(): boolean {
    if (this.#link === undefined) return false;
    const gate = Math.max(this.#gate, this.#link.sentCounter);
    this.#append({ kind: 'handoff', backup: this.#link.peer, gate });
    this.#drain();
    return true;
  }

  /** The flow stays: an offer that has not left is taken back. */
  withdrawHandoff(): void {
    this.#queue = this.#queue.filter(({ kind }) => kind !== 'handoff');
    if (this.#queue.length === 0) this.#stopWaiting();
  }

  acknowledged(): void {
    this.#drain();
  }

  /** Forgets what was not sent. */
  clear(): void {
    this.#queue = [];
    this.pendingBytes = 0;
    this.#stopWaiting();
  }

  get #acknowledgedCounter(): number {
    return this.#link?.acknowledgedCounter ?? HELD;
  }

  get #open(): boolean {
    return this.#queue.length === 0 && this.#passes(this.#gate);
  }

  /** A lost backup acknowledges everything; what is held waits for its release all the same. */
  #passes(gate: number): boolean {
    return gate !== HELD && gate <= this.#acknowledgedCounter;
  }

  #append(item: Item): void {
    this.#queue.push(item);
    this.#wait();
  }

  #wait(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#link?.wait(this);
  }

  #drain(): void {
    let sent = 0;
    for (const item of this.#queue) {
      if (!this.#passes(item.gate)) break;
      this.#send(item);
      sent += 1;
    }
    if (sent > 0) this.#queue.splice(0, sent);
    if (this.#queue.length === 0) this.#stopWaiting();
  }

  #send(item: Item): void {
    switch (item.kind) {
      case 'record':
        for (const part of item.parts) this.pendingBytes -= part.length;
        this.#trunk.sendSealed(item.parts);
        return;
      case 'commit':
        this.#sendCommit(item.commit);
        return;
      case 'credit':
        this.#trunk.sendCredit(this.#flowId, item.bytes);
        return;
      case 'end':
        this.#trunk.sendEnd(this.#flowId, item.reason);
        return;
      case 'handoff':
        this.#offer(item.backup);
    }
  }

  /** A lost backup has acknowledged nothing: the director is about to name another one. */
  #offer(backup: number): void {
    if (this.#acknowledgedCounter === HELD) return;
    this.#trunk.sendControl(this.#flowId, ControlType.handoff, encodeHandoff(backup));
  }

  #sendCommit({ recordsRead, recordsWritten, quiet, sealedState }: Commit): void {
    this.#trunk.sendCommit(this.#flowId, recordsRead, quiet, sealedState);
    this.#committed({ recordsRead, recordsWritten });
  }

  #stopWaiting(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#link?.stopWaiting(this);
  }
}
