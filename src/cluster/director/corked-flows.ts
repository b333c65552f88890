/** Flows whose clients were written to since the last batch: what is written to one client leaves in one system call. */
import type { DirectorFlow } from './flow.js';

export class CorkedFlows {
  #flows: Pick<DirectorFlow, 'uncork' | 'link'>[] = [];
  #clientWaits = false;

  add(flow: Pick<DirectorFlow, 'uncork' | 'link'>): void {
    this.#flows.push(flow);
  }

  uncork(): void {
    const flows = this.#flows;
    if (flows.length === 0) return;
    this.#flows = [];
    for (const flow of flows) {
      flow.uncork();
      if (flow.link.pendingBytes > 0) this.#clientWaits = true;
    }
  }

  /** Whether a client has not taken all that was written to it since this was last asked: that is still referred to. */
  takeWaiting(): boolean {
    const waits = this.#clientWaits;
    this.#clientWaits = false;
    return waits;
  }
}
