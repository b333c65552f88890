import { Duplex } from 'node:stream';
import { connect, createSecureContext } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createClock } from '../../../src/base/clock.js';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import { MemoryReplica } from '../../../src/bench/micro/memory-replica.js';
import { MemorySocket } from '../../../src/bench/micro/memory-socket.js';
import { HttpApplication } from '../../../src/cluster/replica/http-application.js';
import { Replica } from '../../../src/cluster/replica/replica.js';
import { Turns } from '../../../src/cluster/replica/turns.js';
import { ControlType, encodeOpen } from '../../../src/net/control-records.js';
import { Trunk } from '../../../src/net/trunk.js';
import { HANDSHAKE_TIMEOUT_MS, ServerHandshake } from '../../../src/tls/adoption.js';
import { CIPHER_SUITES } from '../../../src/tls/cipher-suites.js';
import { fullHandshake } from '../../../strategies/full-handshake.js';
import { requestReply } from '../../../workloads/request-reply.js';
import { selfSigned } from '../../tls/openssl-connection.js';

/** As many as begin in one turn. */
const PER_TURN = 16;

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('turns', () => {
  it('begin in their order, some in each turn', async () => {
    const turns = new Turns({ perTurn: PER_TURN });
    const begun: number[] = [];
    const queue = (id: number): void => turns.queue(() => begun.push(id));
    const ids = Array.from({ length: 2 * PER_TURN + 1 }, (_, id) => id);
    for (const id of ids) queue(id);
    expect(begun).toEqual(ids.slice(0, PER_TURN));
    await nextTurn();
    expect(begun).toEqual(ids.slice(0, 2 * PER_TURN));
    // There is room in the next turn, but it has to stand in the line.
    queue(100);
    expect(begun).toHaveLength(2 * PER_TURN);
    await nextTurn();
    expect(begun).toEqual([...ids, 100]);
  });

  it('tell when something waits, before each turn of it, and when nothing does any more', async () => {
    const events: unknown[] = [];
    const turns = new Turns({ perTurn: 2, backlog: (waiting) => events.push(waiting) });
    for (let id = 0; id < 5; id++) turns.queue(() => events.push(id));
    expect(events).toEqual([0, 1, true]);
    await nextTurn();
    expect(events).toEqual([0, 1, true, true, 2, 3]);
    await nextTurn();
    expect(events).toEqual([0, 1, true, true, 2, 3, true, 4]);
    await nextTurn();
    expect(events).toEqual([0, 1, true, true, 2, 3, true, 4, false]);
    await nextTurn();
    turns.queue(() => events.push(5));
    expect(events).toEqual([0, 1, true, true, 2, 3, true, 4, false, 5]);
  });

  it('do not wait where there are few', async () => {
    const turns = new Turns({ perTurn: PER_TURN });
    const begun: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      for (let id = 0; id < PER_TURN; id++) turns.queue(() => begun.push(id));
      expect(begun).toHaveLength((turn + 1) * PER_TURN);
      await nextTurn();
    }
  });
});

it('a handshake that ends before its turn does nothing any more', async () => {
  const begins: (() => void)[] = [];
  const events: string[] = [];
  const handshake = new ServerHandshake(
    {
      secureContext: createSecureContext({ ...selfSigned('ecdsa'), minVersion: 'TLSv1.3' }),
      clientCertificate: 'none',
      timeoutMs: HANDSHAKE_TIMEOUT_MS,
      queue: (begin) => begins.push(begin),
    },
    {
      send: () => events.push('send'),
      adopted: () => events.push('adopted'),
      failed: () => events.push('failed'),
    },
  );
  for (const record of await clientHello()) handshake.push(record);
  expect(begins).toHaveLength(1);
  expect(handshake.untouched).toBe(true);
  handshake.destroy();
  for (const begin of begins) begin();
  for (let turn = 0; turn < 3; turn++) await nextTurn();
  expect(events).toEqual([]);
});

const FLOWS = 10 * PER_TURN;

/** What a client sends first, in two records, so that their order matters. */
async function clientHello(): Promise<readonly Buffer[]> {
  const record = await new Promise<Buffer>((resolve) => {
    const wire = new Duplex({
      read() {},
      write: (chunk: Buffer, _encoding, callback) => {
        resolve(Buffer.from(chunk));
        callback();
      },
    });
    connect({ socket: wire, rejectUnauthorized: false, minVersion: 'TLSv1.3' }).on('error', () => {});
  });
  const [header, body] = [record.subarray(0, 3), record.subarray(5)];
  const half = body.length >> 1;
  return [body.subarray(0, half), body.subarray(half)].map((part) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(part.length);
    return Buffer.concat([header, length, part]);
  });
}

function createReplica(): Replica {
  const application = requestReply.application(createSeededBytes(1));
  return new Replica(
    {
      index: 0,
      incarnation: 0,
      strategy: fullHandshake,
      engine: 'adopted',
      secureContext: createSecureContext({ ...selfSigned('ecdsa'), minVersion: 'TLSv1.3' }),
      application: new HttpApplication(application, { record() {} }),
      clusterKey: Buffer.alloc(32, 1),
      heartbeatIntervalMs: 1,
    },
    { handshake() {}, takenOver() {}, refused() {} },
    createClock(process.hrtime.bigint()),
  );
}

it('a replica answers thousands of ClientHellos some at a time, and its heartbeats go on in between', async () => {
  const hello = await clientHello();
  const [atReplica, atDirector] = [new MemorySocket(), new MemorySocket()];
  const outgoing: Buffer[] = [];
  atDirector.sink = (chunk) => outgoing.push(chunk);
  /** Flow ids in the order of their first records, and `heartbeat`. */
  const seen: (number | 'heartbeat')[] = [];
  const trunk = new Trunk(atDirector, {
    tlsRecord: (flowId) => {
      if (!seen.includes(flowId)) seen.push(flowId);
    },
    controlRecord: (_flowId, type) => {
      if (type === ControlType.heartbeat) seen.push('heartbeat');
    },
    batchEnd() {},
    closed() {},
  });
  const replica = createReplica();
  replica.attach(atReplica);
  const ids = Array.from({ length: FLOWS }, (_, index) => index + 1);
  const address = { clientAddress: '127.0.0.1', clientPort: 1, backup: undefined };
  for (const id of ids) trunk.sendControl(id, ControlType.open, encodeOpen(address));
  // The second halves come when no first half has been looked at, but for those of the first turn.
  for (const part of hello) for (const id of ids) trunk.sendRecord(id, part);
  await nextTurn();
  const answered = (): number[] => seen.filter((each) => each !== 'heartbeat');
  atReplica.sink = (chunk) => atDirector.deliver(chunk);
  atReplica.deliver(Buffer.concat(outgoing));
  while (answered().length < FLOWS) await nextTurn();
  replica.stop();
  expect(answered()).toEqual(ids);
  const between = seen.slice(seen.indexOf(1), seen.lastIndexOf(FLOWS));
  expect(between).toContain('heartbeat');
});

it.each(CIPHER_SUITES)('a backup takes flows over in turns, with $name', async (suite) => {
  const replica = new MemoryReplica(suite, createClock(process.hrtime.bigint()));
  try {
    await replica.start();
    const [served, busy] = [await replica.replicate(1), await replica.replicate(FLOWS)];
    await replica.exchange(await replica.takes(served, 1), { takeovers: 1, replies: 1 });
    const takes = await replica.takes(busy, 1);
    const request = await replica.requests(served);
    const firstReply = replica.exchange(takes, { replies: 1 });
    // A connection that goes on already, and that must not get ahead of those that still wait.
    const allReplies = replica.exchange(request, { replies: FLOWS + 1 });
    await firstReply;
    expect(replica.takenOver).toBeLessThan(FLOWS / 2);
    const order = (await allReplies).map(({ flowId }) => flowId);
    expect(order).toEqual([...busy, ...served].map(({ id }) => id));
  } finally {
    replica.close();
  }
});
