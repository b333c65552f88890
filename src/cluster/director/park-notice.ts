/**
 * Puts takeovers off until the client speaks, and tells the new owner: it looks whether it has the state, and passes it on,
 * so that it may fail too. One record tells it of many flows.
 */
import { ControlType, encodePark, HANDED_OVER } from '../../net/control-records.js';
import type { DirectorFlow } from './flow.js';

export class ParkNotice {
  /** All with the same to be told, since the last {@link send}. */
  #flows: DirectorFlow[] = [];

  park(flow: DirectorFlow): void {
    const [first] = this.#flows;
    if (first !== undefined && !tellsTheSame(first, flow)) this.send();
    flow.parked = true;
    this.#flows.push(flow);
  }

  /** To be called before anything else is sent for the flows that were parked. */
  send(): void {
    const [first] = this.#flows;
    if (first === undefined) return;
    const { owner, backup, handedOver, takenFrom = owner } = first;
    const flowIds = this.#flows.map(({ id }) => id);
    this.#flows = [];
    const body = encodePark({
      from: takenFrom.index,
      fromIncarnation: takenFrom.incarnation,
      backup,
      flowIds,
    });
    owner.trunk.sendControl(0, ControlType.park, body, handedOver ? HANDED_OVER : 0);
  }
}

function tellsTheSame(a: DirectorFlow, b: DirectorFlow): boolean {
  return (
    a.owner === b.owner &&
    a.takenFrom === b.takenFrom &&
    a.backup === b.backup &&
    a.handedOver === b.handedOver
  );
}
