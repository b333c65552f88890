/**
 * Passing kept state on to another backup: flows that are parked here after their primary failed are to survive the
 * failure of this replica too, although nobody has touched them yet.
 */
import type { OutgoingLink } from '../replication/link.js';
import { encodeStateMessage } from '../replication/state-message.js';
import type { KeptConnection } from './kept-state.js';

/** About 1 ms of work: busy flows, which are taken over in the same moments, go on in between. */
const FLOWS_PER_TURN = 64;

export class StateForwarding {
  readonly #keptOf: (flowId: number) => KeptConnection | undefined;
  readonly #queue = new Map<number, OutgoingLink>();
  /** Where the state of flows that are still parked here was sent. */
  readonly #sent = new Map<number, OutgoingLink>();
  #scheduled = false;

  constructor(keptOf: (flowId: number) => KeptConnection | undefined) {
    this.#keptOf = keptOf;
  }

  forward(flowId: number, link: OutgoingLink): void {
    this.#queue.set(flowId, link);
    this.#schedule();
  }

  /** The flow is served here from now on: its connection tells the backup itself. */
  taken(flowId: number): void {
    this.#queue.delete(flowId);
    this.#sent.delete(flowId);
  }

  /** The flow has ended. */
  forget(flowId: number): void {
    this.#sent.get(flowId)?.forget(flowId);
    this.taken(flowId);
  }

  #schedule(): void {
    if (this.#scheduled || this.#queue.size === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#sendSome();
      this.#schedule();
    });
  }

  #sendSome(): void {
    let left = FLOWS_PER_TURN;
    for (const [flowId, link] of this.#queue) {
      if (left === 0) return;
      left -= 1;
      this.#queue.delete(flowId);
      this.#send(flowId, link);
    }
  }

  #send(flowId: number, link: OutgoingLink): void {
    const kept = this.#keptOf(flowId);
    if (kept === undefined) return;
    for (const message of kept.messages()) {
      const payload = encodeStateMessage(message);
      link.replicate(flowId, 0, payload);
      payload.fill(0);
      // Put together for this message; all else in it is still kept.
      message.input?.bytes.fill(0);
    }
    this.#sent.set(flowId, link);
  }
}
