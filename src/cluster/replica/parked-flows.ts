/**
 * Flows that belong to this replica since their primary failed, and that nobody has touched yet: their state has to be
 * here, and goes on to another backup, so that they survive the failure of this replica too.
 */
import type { Park } from '../../net/control-records.js';
import type { OutgoingLink } from '../replication/link.js';
import type { KeptConnection } from './kept-state.js';
import { StateForwarding } from './state-forwarding.js';

export interface ParkedFlowsHost {
  keptOf(flowId: number): KeptConnection | undefined;
  linkTo(backup: number | undefined): OutgoingLink | undefined;
  /** Calls back when nothing of this process of a failed replica can arrive any more. */
  whenDrained(replica: number, incarnation: number, callback: () => void): void;
  /** Nobody can continue the flow. */
  stateMissing(flowId: number): void;
}

export class ParkedFlows {
  readonly #host: ParkedFlowsHost;
  /** Backups of flows whose state may still be on its way here. */
  readonly #awaited = new Map<number, number | undefined>();
  readonly #forwarding: StateForwarding;

  constructor(host: ParkedFlowsHost) {
    this.#host = host;
    this.#forwarding = new StateForwarding((flowId) => host.keptOf(flowId));
  }

  /** @param handedOver by the replica that the flows are from, which had nothing more to replicate */
  park({ from, fromIncarnation, backup, flowIds }: Park, handedOver: boolean): void {
    for (const flowId of flowIds) this.#awaited.set(flowId, backup);
    const settle = (): void => {
      for (const flowId of flowIds) this.#settle(flowId);
    };
    if (handedOver) settle();
    else this.#host.whenDrained(from, fromIncarnation, settle);
  }

  /** The state goes to `backup` from now on. */
  protect(flowId: number, backup: number | undefined): void {
    if (this.#awaited.has(flowId)) {
      this.#awaited.set(flowId, backup);
      return;
    }
    const link = this.#host.linkTo(backup);
    if (link !== undefined) this.#forwarding.forward(flowId, link);
  }

  /** The flow is served here from now on: its connection tells the backup itself. */
  taken(flowId: number): void {
    this.#awaited.delete(flowId);
    this.#forwarding.taken(flowId);
  }

  /** The flow has ended. */
  forget(flowId: number): void {
    this.#awaited.delete(flowId);
    this.#forwarding.forget(flowId);
  }

  /** All flows are gone. */
  clear(): void {
    this.#awaited.clear();
  }

  /** A client that says nothing is told at once when nobody can answer it any more. */
  #settle(flowId: number): void {
    if (!this.#awaited.has(flowId)) return;
    const backup = this.#awaited.get(flowId);
    this.#awaited.delete(flowId);
    if (this.#host.keptOf(flowId) === undefined) this.#host.stateMissing(flowId);
    else this.protect(flowId, backup);
  }
}
