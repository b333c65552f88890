import { describe, expect, it } from 'vitest';
import type { DirectorFlow, Upstream } from '../../../src/cluster/director/flow.js';
import { ParkNotice } from '../../../src/cluster/director/park-notice.js';
import { HANDED_OVER, type Park, parsePark } from '../../../src/net/control-records.js';

interface Told extends Park {
  readonly owner: number;
  readonly flowId: number;
  readonly flags: number;
}

function setUp() {
  const told: Told[] = [];
  const upstreams = [0, 1, 2].map((index) => {
    const sendControl = (flowId: number, _type: number, body: Buffer, flags = 0): void => {
      told.push({ owner: index, flowId, flags, ...parsePark(body) });
    };
    return { index, incarnation: index + 5, trunk: { sendControl } } as unknown as Upstream;
  });
  const flow = (
    id: number,
    changes: { owner?: number; from?: number; backup?: number; handedOver?: boolean },
  ) => {
    const { owner = 1, from = 0, backup, handedOver = false } = changes;
    const parts = {
      id,
      owner: upstreams[owner],
      takenFrom: upstreams[from],
      backup,
      handedOver,
      parked: false,
    };
    return parts as unknown as DirectorFlow;
  };
  return { told, flow, notice: new ParkNotice() };
}

describe('a notice of parked flows', () => {
  it('tells their owner of all of them in one record, once', () => {
    const { told, flow, notice } = setUp();
    const flows = [7, 8, 9].map((id) => flow(id, { backup: 2 }));
    for (const each of flows) notice.park(each);
    expect(told).toEqual([]);
    notice.send();
    notice.send();
    expect(told).toEqual([
      { owner: 1, flowId: 0, flags: 0, from: 0, fromIncarnation: 5, backup: 2, flowIds: [7, 8, 9] },
    ]);
    expect(flows.map(({ parked }) => parked)).toEqual([true, true, true]);
  });

  it.each([
    ['another owner', { owner: 2 }],
    ['another failed replica', { from: 2 }],
    ['another backup', { backup: 2 }],
    ['what was handed over', { handedOver: true }],
  ])('has a record of its own for %s', (_what, changes) => {
    const { told, flow, notice } = setUp();
    notice.park(flow(7, {}));
    notice.park(flow(8, changes));
    notice.send();
    expect(told.map(({ flowIds }) => flowIds)).toEqual([[7], [8]]);
    const { owner = 1, from = 0, backup, handedOver } = changes as Partial<Record<string, number>>;
    expect(told[1]).toMatchObject({ owner, from, backup, flags: handedOver ? HANDED_OVER : 0 });
  });
});
