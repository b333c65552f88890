/** The state of other replicas' connections that this replica keeps, by flow. */
import { parseStateMessage } from '../replication/state-message.js';
import { KeptConnection } from './kept-state.js';

export class KeptConnections {
  readonly #kept = new Map<number, KeptConnection>();

  get size(): number {
    return this.#kept.size;
  }

  get(flowId: number): KeptConnection | undefined {
    return this.#kept.get(flowId);
  }

  /**
   * Adds what a primary replicated, and wipes `payload`.
   *
   * @throws ProtocolError when it is no state message
   */
  add(flowId: number, payload: Buffer): void {
    let kept = this.#kept.get(flowId);
    if (kept === undefined) {
      kept = new KeptConnection();
      this.#kept.set(flowId, kept);
    }
    try {
      kept.apply(parseStateMessage(payload));
    } finally {
      payload.fill(0);
    }
  }

  /** Removes what is kept of a flow, without wiping it; nothing of it is kept when there was nothing. */
  take(flowId: number): KeptConnection {
    const kept = this.#kept.get(flowId) ?? new KeptConnection();
    this.#kept.delete(flowId);
    return kept;
  }

  forget(flowId: number): void {
    this.#kept.get(flowId)?.wipe();
    this.#kept.delete(flowId);
  }

  clear(): void {
    for (const flowId of [...this.#kept.keys()]) this.forget(flowId);
  }
}
