import { describe, expect, it } from 'vitest';
import { createPrng } from '../../../src/base/prng.js';
import { MemorySocket } from '../../../src/bench/micro/memory-socket.js';
import { DirectorFlow, type Upstream } from '../../../src/cluster/director/flow.js';
import { ControlType, parsePark, parseProtect } from '../../../src/net/control-records.js';
import { record } from './fake-replica.js';

const FLOW_ID = 7;

interface Told {
  readonly type: number | 'record' | 'end';
  readonly body: Buffer;
}

function upstream(index: number): Upstream & { readonly told: Told[] } {
  const told: Told[] = [];
  const nothing = (): void => {};
  return {
    index,
    incarnation: 0,
    told,
    trunk: {
      sendControl: (_flowId, type, body) => void told.push({ type, body }),
      sendRecord: (_flowId, body) => void told.push({ type: 'record', body }),
      sendEnd: () => void told.push({ type: 'end', body: Buffer.alloc(0) }),
      sendCredit: nothing,
      sendHeartbeat: nothing,
      fence: nothing,
    },
  };
}

/** A flow that was idle when its first owner failed, parked at the second, which has not been told. */
function parkedFlow() {
  const [failed, owner] = [upstream(0), upstream(1)];
  const socket = new MemorySocket();
  const options = { id: FLOW_ID, shape: { rttMs: 0 }, prng: () => createPrng(1), journal: true };
  const flow: DirectorFlow = new DirectorFlow(
    socket,
    options,
    {
      corked() {},
      asked() {},
      resumedOutput() {},
      woken: () => flow.take(),
      ended() {},
    },
    failed,
    owner.index,
  );
  flow.takenFrom = failed;
  flow.owner = owner;
  flow.backup = 2;
  flow.park();
  expect(owner.told).toEqual([]);
  return { flow, socket, told: owner.told };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the new owner of a parked flow', () => {
  it('is told once', () => {
    const { flow, told } = parkedFlow();
    expect(flow.tellParked()).toBe(true);
    expect(flow.tellParked()).toBe(false);
    expect(told.map(({ type }) => type)).toEqual([ControlType.park]);
    expect(parsePark(told[0]?.body ?? Buffer.alloc(0))).toEqual({ from: 0, fromIncarnation: 0, backup: 2 });
  });

  it('is told of the backup that the flow has by then', () => {
    const { flow, told } = parkedFlow();
    flow.protect(undefined);
    expect(told).toEqual([]);
    flow.tellParked();
    expect(parsePark(told[0]?.body ?? Buffer.alloc(0)).backup).toBeUndefined();
    flow.protect(3);
    expect(told.map(({ type }) => type)).toEqual([ControlType.park, ControlType.protect]);
    expect(parseProtect(told[1]?.body ?? Buffer.alloc(0))).toBe(3);
  });

  it('gets it at once when the client speaks before, and is not told behind that', async () => {
    const { flow, socket, told } = parkedFlow();
    socket.deliver(record(10, 1));
    await nextTurn();
    expect(told.map(({ type }) => type)).toEqual([ControlType.take, 'record']);
    expect(flow.tellParked()).toBe(false);
    flow.protect(3);
    expect(told.at(-1)?.type).toBe(ControlType.protect);
  });

  it('is only told of its end when the client closes before', async () => {
    const { flow, socket, told } = parkedFlow();
    socket.push(null);
    await nextTurn();
    expect(told.map(({ type }) => type)).toEqual(['end']);
    expect(flow.tellParked()).toBe(false);
  });
});
