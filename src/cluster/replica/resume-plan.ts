/**
 * From what the backup has and what the director saw to the exact point from which a connection goes on. Pure: it
 * decides everything about a takeover except the strategy's own choice.
 */
import type { RecordPosition, RefusalReason, TakeoverDecision } from '../../contracts/strategy.js';
import { DELIVERED_ENTRY_BYTES, type Take } from '../../net/control-records.js';
import {
  combineStates,
  parseStaticState,
  type StaticState,
  wipeStaticState,
} from '../../tls/static-state.js';
import type { CommittedState, Outcome, OutputRecord } from '../replication/state-message.js';
import type { KeptConnection, Snapshot } from './kept-state.js';

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
  readonly applicationState: Buffer | undefined;
  /** Outcomes of requests that must not be executed again. */
  readonly outcomes: readonly Outcome[];
  /** Numbers of the delivered records that are KeyUpdates, the answers to those of the client. */
  readonly keyUpdates: ReadonlySet<number>;
  /** Answers to KeyUpdates that the client sent before `recordsRead` and that come after `recordsWritten`. */
  readonly owedKeyUpdates: number;
}

export type Refused = { readonly refused: RefusalReason };

/** Where to go on, before it is held against the evidence. */
interface ResumePoint extends RecordPosition {
  readonly output: readonly OutputRecord[];
  readonly input: readonly Buffer[];
  readonly applicationState: Buffer | undefined;
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
  const epochs = kept.epochs.map(parseStaticState);
  const state = stateAt(epochs, point.recordsRead, recordsWritten);
  const answers = keyUpdateAnswers(epochs, point, take.delivered);
  for (const epoch of epochs) wipeStaticState(epoch);
  if (state === undefined) return { refused: 'state-mismatch' };
  const unsent = point.output.filter(({ index }) => index >= take.delivered && index < point.recordsWritten);
  const delivered = deliveredFrom(take, point.recordsWritten);
  const missing = Math.max(0, point.recordsWritten - take.delivered);
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
    applicationState: point.applicationState,
    outcomes: kept.outcomes,
    ...answers,
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
  return established && { ...established, output: [], input: [], applicationState: undefined };
}

function commitPoint(take: Take, committed: CommittedState | undefined): ResumePoint | undefined {
  const { commit } = take;
  if (committed === undefined) {
    if (take.sealedState !== undefined) return undefined;
    return { ...commit, output: [], input: [], applicationState: undefined };
  }
  if (committed.checkpoint.recordsWritten !== commit.recordsWritten) return undefined;
  return {
    ...commit,
    output: [],
    input: [committed.input],
    applicationState: committed.checkpoint.state,
  };
}

function snapshotPoint(snapshot: Snapshot): ResumePoint {
  const { recordsRead, recordsWritten, output, input, checkpoint, answered, startWritten } = snapshot;
  if (answered) return { recordsRead, recordsWritten, output, input: [], applicationState: undefined };
  if (checkpoint !== undefined) {
    const { recordsWritten: written, state } = checkpoint;
    return { recordsRead, recordsWritten: written, output, input, applicationState: state };
  }
  return { recordsRead, recordsWritten: startWritten, output, input, applicationState: undefined };
}

/** Each direction in its newest epoch that had begun at this point. `epochs` are newest first. */
function stateAt(
  epochs: readonly StaticState[],
  recordsRead: number,
  recordsWritten: number,
): StaticState | undefined {
  const read = epochs.find(({ readBase }) => readBase <= recordsRead);
  const write = epochs.find(({ writeBase }) => writeBase <= recordsWritten);
  return read && write && combineStates(read, write);
}

/**
 * A write epoch that began after the point began with the answer to a KeyUpdate. It was sent only when the backup had
 * that epoch, so that every delivered one is known here.
 */
function keyUpdateAnswers(
  epochs: readonly StaticState[],
  point: RecordPosition,
  delivered: number,
): Pick<ResumePlan, 'keyUpdates' | 'owedKeyUpdates'> {
  const later = new Map<number, StaticState>();
  for (const epoch of epochs) {
    // The oldest one with this base came with the KeyUpdate itself.
    if (epoch.writeBase > point.recordsWritten) later.set(epoch.writeBase, epoch);
  }
  const numbers = [...later.keys()].filter((base) => base <= delivered).map((base) => base - 1);
  const owed = [...later.values()].filter(({ readBase }) => readBase <= point.recordsRead);
  return { keyUpdates: new Set(numbers), owedKeyUpdates: owed.length };
}

/** Entries of the delivered records from `recordsWritten` on; undefined when the evidence does not reach back to it. */
function deliveredFrom({ commit, deliveredEntries }: Take, recordsWritten: number): Buffer | undefined {
  const skip = recordsWritten - commit.recordsWritten;
  return skip < 0 ? undefined : deliveredEntries.subarray(skip * DELIVERED_ENTRY_BYTES);
}
