import type { Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { COMMIT_QUIET, COMMIT_STATE, ControlType } from '../../src/net/control-records.js';
import { Trunk, type TrunkHandler } from '../../src/net/trunk.js';
import { until } from '../cluster/replica/harness.js';
import { socketPair } from '../cluster/replica/record-bench.js';
import { fuzzRuns } from '../fuzz-budget.js';

const open: Socket[] = [];
afterEach(() => {
  for (const socket of open.splice(0)) socket.destroy();
});

type Event = readonly [string, ...unknown[]];

function recorder(events: Event[]): TrunkHandler {
  return {
    tlsRecord: (flowId, record) => events.push(['tls', flowId, Buffer.from(record)]),
    controlRecord: (flowId, type, flags, body) =>
      events.push(['control', flowId, type, flags, Buffer.from(body)]),
    batchEnd: () => events.push(['batch']),
    closed: (cause) => events.push(['closed', cause]),
  };
}

interface Pair {
  readonly near: Trunk;
  readonly nearSocket: Socket;
  readonly farSocket: Socket;
  /** What the far end heard; batches left out. */
  readonly heard: () => readonly Event[];
  readonly nearEvents: readonly Event[];
  readonly far: Trunk;
}

async function pair(changes: Partial<TrunkHandler> = {}): Promise<Pair> {
  const [nearSocket, farSocket] = await socketPair();
  open.push(nearSocket, farSocket);
  const events: Event[] = [];
  const nearEvents: Event[] = [];
  const far = new Trunk(farSocket, { ...recorder(events), ...changes });
  const near = new Trunk(nearSocket, recorder(nearEvents));
  const heard = () => events.filter(([kind]) => kind !== 'batch');
  return { near, nearSocket, farSocket, heard, nearEvents, far };
}

function tlsRecord(length: number, type = 23): Buffer {
  const record = Buffer.alloc(5 + length, length);
  record.set([type, 3, 3, length >> 8, length & 0xff]);
  return record;
}

describe('a trunk', () => {
  it('carries records of all flows, control records among them, in order', async () => {
    const { near, heard } = await pair();
    near.sendRecord(1, tlsRecord(10));
    near.sendControl(2, ControlType.open, Buffer.from('body'));
    near.sendSealed([
      Buffer.concat([Buffer.of(0, 0, 0, 3), tlsRecord(4000).subarray(0, 5)]),
      Buffer.alloc(4000, 4000),
    ]);
    near.sendCommit(1, 7, true);
    near.sendCommit(1, 2 ** 32 + 5, false, Buffer.from('sealed'));
    near.sendCredit(4, 65_536);
    near.sendEnd(0xffff_ffff, 'diverged');
    near.sendHeartbeat();
    near.sendRecord(1, tlsRecord(16_000));
    await until(() => heard().length === 9);
    expect(heard()).toEqual([
      ['tls', 1, tlsRecord(10)],
      ['control', 2, ControlType.open, 0, Buffer.from('body')],
      ['tls', 3, tlsRecord(4000)],
      ['control', 1, ControlType.commit, COMMIT_QUIET, Buffer.of(0, 0, 0, 7)],
      ['control', 1, ControlType.commit, COMMIT_STATE, Buffer.from('\0\0\0\x05sealed')],
      ['control', 4, ControlType.credit, 0, Buffer.of(0, 1, 0, 0)],
      ['control', 0xffff_ffff, ControlType.end, 0, Buffer.of(10)],
      ['control', 0, ControlType.heartbeat, 0, Buffer.alloc(0)],
      ['tls', 1, tlsRecord(16_000)],
    ]);
  });

  it('tells what of sealed parts is the record that the far end gets, with and without a note before it', async () => {
    const { near, heard } = await pair();
    const note = Trunk.sealedNote(3, { keyBase: 1, sequenceNumber: 2, explicitNonceBytes: 8 });
    const flowId = Buffer.of(0, 0, 0, 3);
    for (const length of [1, 300, 16_384]) {
      const record = tlsRecord(length);
      const whole = [Buffer.concat([flowId, record])];
      const cut = [Buffer.concat([flowId, record.subarray(0, 5)]), record.subarray(5)];
      for (const parts of [whole, cut, [note, ...whole], [note, ...cut]]) {
        near.sendSealed(parts);
        expect(Trunk.recordBytesOf(parts)).toBe(record.length);
      }
    }
    await until(() => heard().filter(([kind]) => kind === 'tls').length === 12);
    const lengths = heard().flatMap(([kind, , record]) =>
      kind === 'tls' ? [(record as Buffer).length] : [],
    );
    expect(lengths).toEqual([6, 305, 16_389].flatMap((bytes) => [bytes, bytes, bytes, bytes]));
  });

  it('understands records however the stream is cut', async () => {
    const lengths = fc.array(fc.oneof(fc.nat(40), fc.nat(16_384)), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(lengths, fc.array(fc.integer({ min: 1, max: 9000 })), async (sizes, cuts) => {
        const { nearSocket, heard } = await pair();
        const records = sizes.map((length) => tlsRecord(length));
        const stream = Buffer.concat(records.flatMap((each) => [Buffer.of(0, 0, 0, 9), each]));
        let at = 0;
        for (const cut of [...cuts, stream.length]) {
          nearSocket.write(stream.subarray(at, at + cut));
          at += cut;
          await new Promise((resolve) => setImmediate(resolve));
        }
        await until(() => heard().length === records.length);
        expect(heard()).toEqual(records.map((each) => ['tls', 9, each]));
      }),
      { numRuns: fuzzRuns(15) },
    );
  });

  it('leaves records, and the end of its peer, where they are while reading is held', async () => {
    const { near, far, nearSocket, heard } = await pair();
    far.holdReading(true);
    near.sendRecord(1, tlsRecord(10));
    await until(() => nearSocket.bytesWritten > 0);
    nearSocket.end();
    // A partition that ends meanwhile does not make it read.
    far.suspend();
    far.resume();
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(heard()).toEqual([]);
    far.holdReading(false);
    await until(() => heard().length === 2);
    expect(heard()).toEqual([
      ['tls', 1, tlsRecord(10)],
      ['closed', 'end of stream'],
    ]);
  });

  it('tells the end of each batch', async () => {
    const events: Event[] = [];
    const { near } = await pair(recorder(events));
    near.sendRecord(1, tlsRecord(1));
    near.sendRecord(1, tlsRecord(2));
    await until(() => events.length >= 3);
    expect(events.map(([kind]) => kind)).toEqual(['tls', 'tls', 'batch']);
  });

  it('hands everything over before it tells that the peer is gone', async () => {
    const { near, nearSocket, heard } = await pair();
    for (let i = 0; i < 500; i++) near.sendRecord(1, tlsRecord(3000));
    await new Promise((resolve) => setImmediate(resolve));
    nearSocket.end(Buffer.from('half'));
    await until(() => heard().at(-1)?.[0] === 'closed');
    expect(heard()).toHaveLength(501);
    expect(heard().at(-1)).toEqual(['closed', 'end of stream']);
  });

  it.each([
    ['a type that nobody sends', Buffer.of(0, 0, 0, 1, 99, 3, 3, 0, 0), /type 99/],
    ['a TLS record that is too long', Buffer.of(0, 0, 0, 1, 23, 3, 3, 0xff, 0xff), /65535/],
    ['another version', Buffer.of(0, 0, 0, 1, 23, 9, 3, 0, 1), /version 9/],
  ])('ends when its bytes make no sense: %s', async (_what, bytes, cause) => {
    const { near, nearSocket, heard, nearEvents } = await pair();
    near.sendRecord(1, tlsRecord(5));
    await new Promise((resolve) => setImmediate(resolve));
    nearSocket.write(bytes);
    await until(() => heard().length === 2);
    expect(heard()).toEqual([
      ['tls', 1, tlsRecord(5)],
      ['closed', expect.stringMatching(cause)],
    ]);
    await until(() => nearEvents.length > 0);
    expect(nearEvents.at(-1)?.[0]).toBe('closed');
  });

  it('ends, and not the process, when its handler throws', async () => {
    const closed: string[] = [];
    const { near } = await pair({
      tlsRecord: () => {
        throw new Error('a bug');
      },
      closed: (cause) => closed.push(cause),
    });
    near.sendRecord(1, tlsRecord(5));
    near.sendRecord(1, tlsRecord(6));
    await until(() => closed.length > 0);
    expect(closed).toEqual(['a bug']);
  });

  it('hears and says nothing behind a fence', async () => {
    const { near, heard, far, nearEvents } = await pair();
    near.sendRecord(1, tlsRecord(5));
    far.sendRecord(1, tlsRecord(6));
    far.fence('test');
    far.fence('again');
    await until(() => nearEvents.length > 0);
    expect(heard()).toEqual([['closed', 'test']]);
    expect(nearEvents.map(([kind]) => kind)).toEqual(['closed']);
  });

  it('drops the rest of a batch in which it is fenced', async () => {
    const events: Event[] = [];
    let fence = (): void => {};
    const { near, far } = await pair({
      ...recorder(events),
      tlsRecord: (flowId) => {
        events.push(['tls', flowId]);
        fence();
      },
    });
    fence = () => far.fence('test');
    near.sendRecord(1, tlsRecord(5));
    near.sendRecord(2, tlsRecord(5));
    await until(() => events.some(([kind]) => kind === 'closed'));
    expect(events.filter(([kind]) => kind !== 'batch')).toEqual([
      ['tls', 1],
      ['closed', 'test'],
    ]);
  });
});
