/**
 * The outcomes that a backup got of requests which must not be executed again, and where in the replay after a takeover
 * they stand for the replies.
 */
import type { Outcome } from '../replication/state-message.js';

export class OutcomeReplay {
  #outcomes: readonly Outcome[] = [];
  /** Stands for the replies to the client records up to its end. */
  #answering: Outcome | undefined;

  resume(outcomes: readonly Outcome[]): void {
    this.#outcomes = outcomes;
  }

  /** Whether the client records that are being read have been answered: the application must not see them. */
  get answering(): boolean {
    return this.#answering !== undefined;
  }

  /**
   * At a boundary of the replay: the next requests may have an outcome already. One that begins in the middle of their
   * output (a request that is not idempotent came while a reply was on its way) cannot be used, but says that they were
   * executed: they must not run again.
   *
   * @returns false when nobody can answer them
   */
  reachBoundary(recordsRead: number): boolean {
    const outcome = this.#outcomes.find(
      ({ from, through }) => from.recordsRead <= recordsRead && recordsRead < through,
    );
    const usable = outcome?.whole === true && outcome.from.recordsRead === recordsRead;
    if (outcome !== undefined && !usable) return false;
    this.#answering = outcome;
    return true;
  }

  /** The outcome whose client records have all been read by now; it is told once. */
  take(recordsRead: number): Outcome | undefined {
    const outcome = this.#answering;
    if (outcome === undefined || recordsRead < outcome.through) return undefined;
    this.#answering = undefined;
    return outcome;
  }
}
