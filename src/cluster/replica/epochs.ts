/**
 * The epochs of an exchange that is not committed yet, packed. The next owner begins at the last commit and makes again
 * what came behind it: it needs every key and every region of nonces since then.
 */
import type { RecordPosition } from '../../contracts/strategy.js';
import {
  parseStaticStateHead,
  type StaticState,
  type StaticStateHead,
  sealsFrom,
} from '../../tls/static-state.js';

/**
 * A client that replaces its keys after each MiB needs some, and with `--rekey` each owner replaces as many as its
 * predecessor may have, and one more. These are 8 KiB; a client that makes more in one exchange is not recoverable.
 */
export const MAX_EPOCHS = 64;

/** Where the two halves of an epoch begin: the records of the client, and those of the server. */
type Beginnings = Pick<StaticStateHead, 'readBase' | 'sealsFrom'>;

interface Epoch {
  readonly head: StaticStateHead;
  /** As `serializeStaticState` wrote it. */
  readonly state: Buffer;
}

const EVERYTHING: Beginnings = { readBase: 0, sealsFrom: 0 };

export class Epochs {
  #epochs: Epoch[] = [];

  /** Serialized static states, in the order in which they came. */
  get states(): Buffer[] {
    return this.#epochs.map(({ state }) => state);
  }

  /** Director's totals of server records at which write keys begin. */
  get writeBases(): Set<number> {
    return new Set(this.#epochs.map(({ head }) => head.writeBase));
  }

  /**
   * Takes a serialized static state, which belongs to the list from now on. Of two that begin at the same record the later
   * one counts: the first sealed nothing, or they are the same. Beyond {@link MAX_EPOCHS} the oldest one is wiped.
   *
   * @throws ProtocolError decode_error when it is none
   */
  add(state: Buffer): void {
    if (this.#epochs.at(-1)?.state.equals(state) === true) {
      state.fill(0);
      return;
    }
    this.#epochs.push({ head: parseStaticStateHead(state), state });
    this.#dropNeedless(EVERYTHING);
    if (this.#epochs.length > MAX_EPOCHS) this.#epochs.shift()?.state.fill(0);
  }

  /**
   * Nobody will begin before `commit` any more: wipes the epochs that ended before it, and what `state` has too.
   *
   * @param state the epoch that is in use, which is not in the list
   */
  settle(commit: RecordPosition, state: StaticState): void {
    if (this.#epochs.length === 0) return;
    const current = { readBase: state.readBase, sealsFrom: sealsFrom(state) };
    const beginnings = [...this.#epochs.map(({ head }) => head), current];
    this.#dropNeedless(
      {
        readBase: lastUntil(commit.recordsRead, beginnings, 'readBase'),
        sealsFrom: lastUntil(commit.recordsWritten, beginnings, 'sealsFrom'),
      },
      current,
    );
  }

  /** Overwrites all of them. */
  wipe(): void {
    for (const { state } of this.#epochs) state.fill(0);
    this.#epochs = [];
  }

  /** Wipes what has no half that begins at `from` or later and that no later one has too. */
  #dropNeedless(from: Beginnings, current?: Beginnings): void {
    const reads = new Set(current && [current.readBase]);
    const writes = new Set(current && [current.sealsFrom]);
    const needed: Epoch[] = [];
    for (const epoch of this.#epochs.toReversed()) {
      const { readBase, sealsFrom } = epoch.head;
      const reading = readBase >= from.readBase && !reads.has(readBase);
      const writing = sealsFrom >= from.sealsFrom && !writes.has(sealsFrom);
      if (reading || writing) needed.push(epoch);
      else epoch.state.fill(0);
      reads.add(readBase);
      writes.add(sealsFrom);
    }
    // A new array takes no more memory than it needs; one that was pushed to has room for 17.
    this.#epochs = needed.toReversed();
  }
}

/** The last of the beginnings at or before record `at`. */
function lastUntil(at: number, beginnings: readonly Beginnings[], half: keyof Beginnings): number {
  const bases = beginnings.map((each) => each[half]).filter((base) => base <= at);
  return Math.max(0, ...bases);
}
