/**
 * From what the backup has and what the director saw to the exact point from which a connection goes on. Pure: it
 * decides everything about a takeover except the strategy's own choice.
 */
import { copySecret } from '../../base/secret.js';
import type { RecordPosition, RefusalReason, TakeoverDecision } from '../../contracts/strategy.js';
import { DELIVERED_ENTRY_BYTES, type Take } from '../../net/control-records.js';
import {
  combineStates,
  parseStaticState,
  type StaticState,
  sealsFrom,
  wipeStaticState,
} from '../../tls/static-state.js';
import type { Checkpoint, CommittedState, Outcome, OutputRecord } from '../replication/state-message.js';
import type { KeptConnection, Snapshot } from './kept-state.js';
import type { SealChange } from './regeneration.js';

export interface ResumePlan {
  readonly state: StaticState;
  /** Client records that are part of what is resumed: the director's journal is skipped up to here. */
  readonly recordsRead: number;
  /** The next server record to be made. */
  readonly recordsWritten: number;
  /** Output that the client may not have: sealed and sent before anything else. */
  readonly unsent: readonly OutputRecord[];
  /** Records that the client has and that will be made again, as entries of a `take`: checked, and dropped. */
  readonly delivered: Buffer;
  /** Client bytes that the application has to see (again). */
  readonly input: readonly Buffer[];
  /** Where the application goes on, in the middle of a reply. */
  readonly checkpoint: Checkpoint | undefined;
  /** Outcomes of requests that must not be executed again. */
  readonly outcomes: readonly Outcome[];
  /** Changes of what seals among the delivered records, by record number. */
  readonly changes: ReadonlyMap<number, SealChange>;
  /** KeyUpdates that the failed primary made and the client has not seen. */
  readonly unseenKeyUpdates: number;
  /** Copies of the serialized epochs beside `state` that sealed or will seal what the client has: the next backup needs them too. */
  readonly epochs: readonly Buffer[];
}

export type Refused = { readonly refused: RefusalReason };

/** Where to go on, before it is held against the evidence. */
interface ResumePoint extends RecordPosition {
  readonly output: readonly OutputRecord[];
  readonly input: readonly Buffer[];
  readonly checkpoint: Checkpoint | undefined;
}

/** @param committed the application state of the last commit, opened. */
export function planResumption(
  kept: KeptConnection,
  take: Take,
  decision: TakeoverDecision,
  committed: CommittedState | undefined,
): ResumePlan | Refused {
  if (decision.kind === 'refuse') return { refused: decision.reason };
  const point = resumePoint(kept, take, decision, committed);
  if (point === undefined) return { refused: 'state-mismatch' };
  const recordsWritten = Math.min(point.recordsWritten, take.delivered);
  const serialized = kept.epochs;
  const epochs = serialized.map(parseStaticState);
  const state = stateAt(epochs, point.recordsRead, recordsWritten);
  const changes = state && sealChanges(epochs, state, take.delivered);
  const keyUpdates = countKeyUpdates(epochs, take.delivered, point.recordsWritten);
  const unseenKeyUpdates = countKeyUpdates(epochs, take.delivered, Number.POSITIVE_INFINITY);
  for (const epoch of epochs) {
    if (epoch !== state) wipeStaticState(epoch);
  }
  if (state === undefined || changes === undefined) return { refused: 'state-mismatch' };
  const unsent = point.output.filter(({ index }) => index >= take.delivered && index < point.recordsWritten);
  const delivered = deliveredFrom(take, point.recordsWritten);
  // A KeyUpdate among them is not made again: the key that the client has is good for what follows.
  const missing = Math.max(0, point.recordsWritten - take.delivered - keyUpdates);
  if (delivered === undefined || unsent.length !== missing) {
    wipeStaticState(state);
    return { refused: 'state-mismatch' };
  }
  return {
    state,
    recordsRead: point.recordsRead,
    recordsWritten,
    unsent,
    delivered,
    input: point.input,
    checkpoint: point.checkpoint,
    outcomes: kept.outcomes,
    changes,
    unseenKeyUpdates,
    epochs: serialized.filter((_, at) => isNeeded(epochs[at], state, take.delivered)).map(copySecret),
  };
}

function resumePoint(
  kept: KeptConnection,
  take: Take,
  decision: Exclude<TakeoverDecision, { kind: 'refuse' }>,
  committed: CommittedState | undefined,
): ResumePoint | undefined {
  if (decision.kind === 'restore') {
    const snapshot = kept.snapshot();
    return snapshot && snapshotPoint(snapshot);
  }
  if (decision.from === 'commit') return commitPoint(take, committed);
  // Tickets that were lost with the primary leave no gap: the counts are those of what the client has.
  const { established } = kept;
  return established && pointAt(established, [], undefined);
}

function commitPoint(take: Take, committed: CommittedState | undefined): ResumePoint | undefined {
  const { commit } = take;
  if (committed === undefined)
    return take.sealedState === undefined ? pointAt(commit, [], undefined) : undefined;
  const { checkpoint, input } = committed;
  return checkpoint.recordsWritten === commit.recordsWritten
    ? pointAt(commit, [input], checkpoint)
    : undefined;
}

/** Without output that the client may not have. Not by a spread object: see `parseTake`. */
function pointAt(
  { recordsRead, recordsWritten }: RecordPosition,
  input: readonly Buffer[],
  checkpoint: Checkpoint | undefined,
): ResumePoint {
  return { recordsRead, recordsWritten, output: [], input, checkpoint };
}

function snapshotPoint(snapshot: Snapshot): ResumePoint {
  const { recordsRead, recordsWritten, output, input, checkpoint, answered, startWritten } = snapshot;
  if (answered) return { recordsRead, recordsWritten, output, input: [], checkpoint: undefined };
  if (checkpoint !== undefined) {
    return { recordsRead, recordsWritten: checkpoint.recordsWritten, output, input, checkpoint };
  }
  return { recordsRead, recordsWritten: startWritten, output, input, checkpoint: undefined };
}

/**
 * Each direction in its last epoch that had begun at this point. Epochs of an owner that made records again are not in
 * the order in which they began. Mostly there is one, which then is the state: nothing is copied.
 */
function stateAt(
  epochs: readonly StaticState[],
  recordsRead: number,
  recordsWritten: number,
): StaticState | undefined {
  const read = lastBegun(epochs, recordsRead, ({ readBase }) => readBase);
  const write = lastBegun(epochs, recordsWritten, sealsFrom);
  if (read === write) return read;
  return read && write && combineStates(read, write);
}

function lastBegun(
  epochs: readonly StaticState[],
  at: number,
  beginning: (epoch: StaticState) => number,
): StaticState | undefined {
  let last: StaticState | undefined;
  for (const epoch of epochs) {
    const begins = beginning(epoch);
    if (begins <= at && (last === undefined || begins >= beginning(last))) last = epoch;
  }
  return last;
}

/** Whether a half of it is another one than that of the state, and the client knows of it. */
function isNeeded(epoch: StaticState | undefined, state: StaticState, delivered: number): boolean {
  if (epoch === undefined || !isSeen(epoch, delivered)) return false;
  return epoch.readBase !== state.readBase || sealsFrom(epoch) !== sealsFrom(state);
}

/** Whether the client knows of its write half: of a KeyUpdate by that record, of a region by the first one sealed in it. */
function isSeen(epoch: StaticState, delivered: number): boolean {
  const begins = sealsFrom(epoch);
  return begins > epoch.writeBase ? begins < delivered : epoch.writeBase <= delivered;
}

/**
 * What changed between `state` and the last delivered record. Output that a change seals is released only when the
 * backup has the epoch that begins with it, so that every change that the client can have seen is known here.
 */
function sealChanges(
  epochs: readonly StaticState[],
  state: StaticState,
  delivered: number,
): Map<number, SealChange> {
  const changes = new Map<number, SealChange>();
  let before = state;
  for (const epoch of epochs.toSorted((a, b) => sealsFrom(a) - sealsFrom(b))) {
    const from = sealsFrom(epoch);
    if (from <= sealsFrom(before) || from > delivered) continue;
    changes.set(...sealChange(before, epoch));
    before = epoch;
  }
  return changes;
}

function sealChange(before: StaticState, after: StaticState): [number, SealChange] {
  const { writeBase, nonceRegion, keyUpdates } = after;
  // In TLS 1.2 the key is the same for ever.
  if (nonceRegion !== undefined) {
    return [nonceRegion.base, { kind: 'nonce-region', region: nonceRegion.number }];
  }
  const answers = keyUpdates?.answered !== before.keyUpdates?.answered;
  return [writeBase - 1, { kind: 'key-update', answers }];
}

/** KeyUpdates of the server with record numbers from `from` on, and less than `to`. */
function countKeyUpdates(epochs: readonly StaticState[], from: number, to: number): number {
  const bases = new Set<number>();
  for (const { writeBase } of epochs) {
    if (writeBase > from && writeBase <= to) bases.add(writeBase);
  }
  return bases.size;
}

/** Entries of the delivered records from `recordsWritten` on; undefined when the evidence does not reach back to it. */
function deliveredFrom({ commit, deliveredEntries }: Take, recordsWritten: number): Buffer | undefined {
  const skip = recordsWritten - commit.recordsWritten;
  return skip < 0 ? undefined : deliveredEntries.subarray(skip * DELIVERED_ENTRY_BYTES);
}
