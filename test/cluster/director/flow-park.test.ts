import { describe, expect, it } from 'vitest';
import { createPrng } from '../../../src/base/prng.js';
import { MemorySocket } from '../../../src/bench/micro/memory-socket.js';
import { DirectorFlow, type Upstream } from '../../../src/cluster/director/flow.js';
import { ControlType, parseProtect } from '../../../src/net/control-records.js';
import { record } from './fake-replica.js';

const FLOW_ID = 7;

interface Told {
  readonly type: number | 'record' | 'end';
  readonly body: Buffer;
}

interface FakeUpstream extends Upstream {
  alive: boolean;
  readonly told: Told[];
}

function upstream(index: number): FakeUpstream {
  const told: Told[] = [];
  const nothing = (): void => {};
  return {
    index,
    incarnation: 0,
    alive: true,
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

/** A flow that is idle. When its client speaks although its owner has failed or it is parked, `heir` takes it. */
function idleFlow() {
  const [owner, heir] = [upstream(0), upstream(1)];
  const socket = new MemorySocket();
  const options = { id: FLOW_ID, shape: { rttMs: 0 }, prng: () => createPrng(1), journal: true };
  const endings: string[] = [];
  const move = (): void => {
    flow.takenFrom = owner;
    flow.owner = heir;
    flow.backup = 2;
  };
  const flow: DirectorFlow = new DirectorFlow(
    socket,
    options,
    {
      corked() {},
      asked() {},
      resumedOutput() {},
      woken() {
        if (flow.owner !== heir) move();
        flow.take();
      },
      ended: (_flow, cause) => void endings.push(cause),
    },
    owner,
    heir.index,
  );
  const park = (): void => {
    move();
    flow.parked = true;
  };
  return { flow, socket, owner, heir, endings, park };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const typesOf = ({ told }: FakeUpstream) => told.map(({ type }) => type);

describe('the owner of a parked flow', () => {
  it('is told of another backup', () => {
    const { flow, heir, park } = idleFlow();
    park();
    flow.protect(3);
    expect(typesOf(heir)).toEqual([ControlType.protect]);
    expect(parseProtect(heir.told[0]?.body ?? Buffer.alloc(0))).toBe(3);
  });

  it('gets the flow when the client speaks', async () => {
    const { socket, heir, park } = idleFlow();
    park();
    socket.deliver(record(10, 1));
    await nextTurn();
    expect(typesOf(heir)).toEqual([ControlType.take, 'record']);
  });

  it('is told of its end when the client closes before', async () => {
    const { socket, heir, endings, park } = idleFlow();
    park();
    socket.push(null);
    await nextTurn();
    expect(typesOf(heir)).toEqual(['end']);
    expect(endings).toEqual(['client-closed']);
  });
});

describe('an idle flow whose owner has failed', () => {
  it('goes to its backup when the client speaks, and nothing to the one that failed', async () => {
    const { flow, socket, owner, heir } = idleFlow();
    owner.told.length = 0;
    owner.alive = false;
    socket.deliver(record(10, 1));
    await nextTurn();
    expect(flow.owner).toBe(heir);
    expect(typesOf(heir)).toEqual([ControlType.take, 'record']);
    expect(owner.told).toEqual([]);
  });

  it('ends when the client closes before', async () => {
    const { socket, owner, heir, endings } = idleFlow();
    owner.alive = false;
    socket.push(null);
    await nextTurn();
    expect(endings).toEqual(['client-closed']);
    expect(heir.told).toEqual([]);
  });
});
