import { describe, expect, it } from 'vitest';
import { KeptConnection } from '../../../src/cluster/replica/kept-state.js';
import { ParkedFlows } from '../../../src/cluster/replica/parked-flows.js';
import type { OutgoingLink } from '../../../src/cluster/replication/link.js';

const FLOW = 7;
const PARK = { from: 0, fromIncarnation: 3, backup: 2, flowIds: [FLOW] };

/** A replica that notes what is asked of it. `drain` ends the link of the failed primary. */
function setUp(flowsKept: readonly number[]) {
  const kept = new Map(
    flowsKept.map((flowId) => {
      const connection = new KeptConnection();
      connection.apply({ position: { recordsRead: 1, recordsWritten: 1 } });
      return [flowId, connection];
    }),
  );
  const sentTo: number[] = [];
  const missing: number[] = [];
  const awaited: string[] = [];
  const callbacks: (() => void)[] = [];
  const parked = new ParkedFlows({
    keptOf: (flowId) => kept.get(flowId),
    linkTo: (backup) =>
      backup === undefined
        ? undefined
        : ({
            replicate: () => sentTo.push(backup),
            forget: () => sentTo.push(-backup),
          } as unknown as OutgoingLink),
    whenDrained: (replica, incarnation, callback) => {
      awaited.push(`${replica}.${incarnation}`);
      callbacks.push(callback);
    },
    stateMissing: (flowId) => missing.push(flowId),
  });
  const drain = async (): Promise<void> => {
    for (const callback of callbacks.splice(0)) callback();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { parked, sentTo, missing, awaited, drain };
}

describe('a parked flow', () => {
  it('has its state passed on, once nothing more of its primary can arrive', async () => {
    const { parked, sentTo, missing, awaited, drain } = setUp([FLOW]);
    parked.park(PARK, false);
    expect(awaited).toEqual(['0.3']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(sentTo).toEqual([]);
    await drain();
    expect(sentTo).toEqual([2]);
    expect(missing).toEqual([]);
    parked.forget(FLOW);
    expect(sentTo).toEqual([2, -2]);
  });

  it('is told of at once when its state did not come', async () => {
    const { parked, sentTo, missing, drain } = setUp([]);
    parked.park(PARK, false);
    expect(missing).toEqual([]);
    await drain();
    expect(missing).toEqual([FLOW]);
    expect(sentTo).toEqual([]);
  });

  it('goes to the backup that was named last, and to none when none is left', async () => {
    const { parked, sentTo, drain } = setUp([FLOW, FLOW + 1]);
    parked.park({ ...PARK, flowIds: [FLOW, FLOW + 1] }, false);
    parked.protect(FLOW, 1);
    parked.protect(FLOW + 1, undefined);
    await drain();
    expect(sentTo).toEqual([1]);
    parked.protect(FLOW + 1, 0);
    await drain();
    expect(sentTo).toEqual([1, 0]);
  });

  it.each([
    ['taken over', (parked: ParkedFlows) => parked.taken(FLOW)],
    ['ended', (parked: ParkedFlows) => parked.forget(FLOW)],
    ['gone with all others', (parked: ParkedFlows) => parked.clear()],
  ])('is not told of when it is %s before', async (_what, end) => {
    const { parked, sentTo, missing, drain } = setUp([]);
    parked.park(PARK, false);
    end(parked);
    await drain();
    expect(missing).toEqual([]);
    expect(sentTo).toEqual([]);
  });
});
