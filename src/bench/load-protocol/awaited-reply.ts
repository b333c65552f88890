/** A request that awaits its reply, and the check of that reply while it arrives. */
import type { PlannedRequest, ReplyCheck } from '../../contracts/workload.js';
import type { RequestRow } from '../load-recorder.js';
import type { ProtocolSettings } from './load-protocol.js';

export class AwaitedReply {
  readonly row: RequestRow;
  readonly #request: PlannedRequest;
  readonly #settings: ProtocolSettings;
  /** Present from the head of the reply on. */
  #check: ReplyCheck | undefined;
  #success = false;
  #wrongBytes = 0;

  constructor(settings: ProtocolSettings, request: PlannedRequest, row: RequestRow) {
    this.#settings = settings;
    this.#request = request;
    this.row = row;
  }

  /** The reply begins. */
  head(status: number): void {
    const { workload, bodies, clock, recorder } = this.#settings;
    recorder.begun(this.row, clock());
    this.#success = status >= 200 && status < 300;
    this.#check = workload.verify(this.#request, status, bodies);
  }

  /** The next bytes of its content. Those before its head are all wrong. */
  content(bytes: Buffer): void {
    const wrong = this.#check === undefined ? bytes.length : this.#check.push(bytes);
    if (wrong === 0) return;
    this.#wrongBytes += wrong;
    this.#settings.recorder.corrupted(wrong);
  }

  /** The reply is complete: its row has time and outcome. */
  end(): void {
    const { clock, recorder } = this.#settings;
    const missing = this.#check?.end() ?? 0;
    // A reply that claims success and is short has lost bytes; an error reply never had them.
    if (this.#success && missing > 0) recorder.corrupted(missing);
    const verified = this.#check !== undefined && this.#wrongBytes + missing === 0;
    recorder.replied(this.row, clock(), verified);
  }

  giveUp(): void {
    this.#settings.recorder.gaveUp(this.row);
  }
}
