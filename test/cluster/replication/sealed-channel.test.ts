import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  deriveLinkKey,
  FRAME_OVERHEAD_BYTES,
  type Frame,
  FrameKind,
  FrameOpener,
  FrameSealer,
} from '../../../src/cluster/replication/sealed-channel.js';

const KEY = deriveLinkKey(Buffer.alloc(32, 1), Buffer.alloc(33, 2), 'to-backup');
const REFUSED = expect.objectContaining({ name: 'ProtocolError' });

const frames = fc.array(
  fc.record({
    flowId: fc.nat(2 ** 32 - 1),
    epoch: fc.nat(65_535),
    kind: fc.constantFrom(...Object.values(FrameKind)),
    payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  }),
  { minLength: 1, maxLength: 8 },
);

function sealAll(list: readonly Frame[]): Buffer[] {
  const sealer = new FrameSealer(KEY);
  return list.map((frame) => sealer.seal(frame));
}

function frame(text: string): Frame {
  return { flowId: 7, epoch: 1, kind: FrameKind.state, payload: Buffer.from(text) };
}

function openAll(chunks: readonly Buffer[], key = KEY): Frame[] {
  const opened: Frame[] = [];
  const opener = new FrameOpener(key);
  for (const chunk of chunks) opener.push(chunk, (each) => opened.push(each));
  return opened;
}

describe('a sealed channel', () => {
  it('opens what was sealed, in order, however it is cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 200 })), (list, cuts) => {
        const stream = Buffer.concat(sealAll(list));
        const chunks: Buffer[] = [];
        let at = 0;
        for (const cut of [...cuts, stream.length]) {
          chunks.push(stream.subarray(at, at + cut));
          at += cut;
        }
        expect(openAll(chunks)).toEqual(list);
      }),
    );
  });

  it('shows nothing of a payload, nor twice the same', () => {
    const [first, second] = sealAll([frame('a secret'), frame('a secret')]);
    expect(first?.includes('a secret')).toBe(false);
    expect(first?.subarray(11)).not.toEqual(second?.subarray(11));
    expect(first).toHaveLength(FRAME_OVERHEAD_BYTES + 8);
  });

  it('counts frames', () => {
    const sealer = new FrameSealer(KEY);
    const opener = new FrameOpener(KEY);
    for (let i = 1; i <= 3; i++) {
      opener.push(sealer.seal(frame('x')), () => {});
      expect([sealer.count, opener.count]).toEqual([i, i]);
    }
  });

  it('refuses any flipped bit', () => {
    const sealed = Buffer.concat(sealAll([frame('state')]));
    fc.assert(
      fc.property(fc.nat(sealed.length * 8 - 1), (bit) => {
        const forged = Buffer.from(sealed);
        forged.writeUInt8(forged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
        let opened = 0;
        try {
          new FrameOpener(KEY).push(forged, () => {
            opened += 1;
          });
          // A longer length only waits for bytes that never come.
          expect(forged.readUInt32BE(0)).toBeGreaterThan(sealed.readUInt32BE(0));
        } catch (error) {
          expect(error).toEqual(REFUSED);
        }
        expect(opened).toBe(0);
      }),
    );
  });

  it('refuses frames that are repeated, left out or in another order', () => {
    const [a = Buffer.alloc(0), b = Buffer.alloc(0), c = Buffer.alloc(0)] = sealAll([
      frame('a'),
      frame('b'),
      frame('c'),
    ]);
    expect(() => openAll([a, a])).toThrow(REFUSED);
    expect(() => openAll([a, c])).toThrow(REFUSED);
    expect(() => openAll([b, a])).toThrow(REFUSED);
  });

  it('opens nothing any more after a frame was refused', () => {
    const [a = Buffer.alloc(0), b = Buffer.alloc(0)] = sealAll([frame('a'), frame('b')]);
    const opener = new FrameOpener(KEY);
    const opened: Frame[] = [];
    expect(() => opener.push(b, (each) => opened.push(each))).toThrow(REFUSED);
    for (const bytes of [Buffer.alloc(0), a, b]) {
      expect(() => opener.push(bytes, (each) => opened.push(each))).toThrow('already failed');
    }
    expect(opened).toEqual([]);
  });

  it('refuses frames of another link, of the other direction and of another cluster', () => {
    const sealed = sealAll([frame('a')]);
    for (const [clusterKey, salt, direction] of [
      [1, 2, 'to-primary'],
      [1, 3, 'to-backup'],
      [4, 2, 'to-backup'],
    ] as const) {
      const key = deriveLinkKey(Buffer.alloc(32, clusterKey), Buffer.alloc(33, salt), direction);
      expect(() => openAll(sealed, key)).toThrow(REFUSED);
    }
  });

  it('bounds what a frame may claim to be, before it holds any of it', () => {
    for (const length of [
      0,
      FRAME_OVERHEAD_BYTES - 5,
      4 * 1024 * 1024 + FRAME_OVERHEAD_BYTES - 3,
      2 ** 32 - 1,
    ]) {
      const head = Buffer.alloc(11);
      head.writeUInt32BE(length, 0);
      expect(() => new FrameOpener(KEY).push(head, () => {})).toThrow(REFUSED);
    }
    const payload = Buffer.alloc(4 * 1024 * 1024);
    expect(openAll(sealAll([{ ...frame(''), payload }]))).toHaveLength(1);
    expect(() => sealAll([{ ...frame(''), payload: Buffer.alloc(payload.length + 1) }])).toThrow(RangeError);
  });

  it('throws nothing but ProtocolError, whatever it gets', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (chunks) => {
        try {
          openAll(chunks.map((chunk) => Buffer.from(chunk)));
        } catch (error) {
          expect(error).toEqual(REFUSED);
        }
      }),
    );
  });
});
