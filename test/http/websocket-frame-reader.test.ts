import type { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as ws from 'ws';
import {
  type FrameKind,
  WebSocketFrameReader,
  WebSocketFramingError,
} from '../../src/http/websocket-frame-reader.js';

/** What the library is made of; it exports both, its types do not. */
interface Library {
  readonly Sender: { frame(payload: Buffer, options: object): Buffer[] };
  readonly Receiver: new (options: object) => Writable;
}
const { Sender, Receiver } = ws as unknown as Library;

const MAX_PAYLOAD_BYTES = 70_000;
const NOTHING = Buffer.alloc(0);

interface Frame {
  readonly kind: FrameKind;
  readonly bytes: Buffer;
}

/** The frames that the reader finds in `chunks`, and what is left of one that is not complete. */
function read(chunks: readonly Buffer[]): { frames: Frame[]; rest: Buffer } {
  const frames: Frame[] = [];
  let parts: Buffer[] = [];
  const reader = new WebSocketFrameReader(
    {
      bytes: (part) => parts.push(Buffer.from(part)),
      end(kind) {
        frames.push({ kind, bytes: Buffer.concat(parts) });
        parts = [];
      },
    },
    MAX_PAYLOAD_BYTES,
  );
  for (const chunk of chunks) reader.push(chunk);
  return { frames, rest: Buffer.concat(parts) };
}

function frame(opcode: number, payloadBytes: number, fin = true): Buffer {
  const options = { fin, rsv1: false, opcode, mask: true, readOnly: false };
  return Buffer.concat(Sender.frame(Buffer.alloc(payloadBytes, 0x61), options));
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

/** One message: its fragments, and control frames before each. */
const message = fc.array(
  fc.record({
    bytes: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(125, 126, 65_535, 65_536)),
    controls: fc.array(fc.tuple(fc.constantFrom(9, 10), fc.integer({ min: 0, max: 125 })), { maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 4 },
);

describe('WebSocketFrameReader', () => {
  it('finds the frames that the library made, however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 5 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (messages, cuts) => {
          const expected: Frame[] = [];
          for (const fragments of messages) {
            fragments.forEach(({ bytes, controls }, index) => {
              for (const [opcode, length] of controls) {
                expected.push({ kind: 'control', bytes: frame(opcode, length) });
              }
              const last = index === fragments.length - 1;
              const kind = last ? 'message' : 'fragment';
              expected.push({ kind, bytes: frame(index === 0 ? 2 : 0, bytes, last) });
            });
          }
          const stream = Buffer.concat(expected.map(({ bytes }) => bytes));
          const { frames, rest } = read(cut(stream, cuts));
          expect(frames.map(({ kind }) => kind)).toEqual(expected.map(({ kind }) => kind));
          expect(frames.every(({ bytes }, index) => bytes.equals(expected[index]?.bytes ?? NOTHING))).toBe(
            true,
          );
          expect(rest).toHaveLength(0);
        },
      ),
    );
  });

  it('holds back a frame that is not complete, and loses no byte of it', () => {
    const whole = frame(2, 200);
    for (let length = 0; length < whole.length; length += 1) {
      const { frames, rest } = read([whole.subarray(0, length)]);
      expect(frames).toEqual([]);
      expect(rest.equals(whole.subarray(0, length))).toBe(true);
    }
  });

  it('never gets lost in bytes that are no frames: it refuses them, or accounts for each', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }), (pieces) => {
        const chunks = pieces.map((piece) => Buffer.from(piece));
        try {
          const { frames, rest } = read(chunks);
          const found = Buffer.concat([...frames.map(({ bytes }) => bytes), rest]);
          expect(found.equals(Buffer.concat(chunks))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(WebSocketFramingError);
        }
      }),
    );
  });

  it('refuses what the library refuses', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }), (first, second) => {
        const bytes = Buffer.concat([Buffer.from([first, second]), Buffer.alloc(300)]);
        expect([first, second, fails(() => read([bytes]))]).toEqual([first, second, libraryRefuses(bytes)]);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['a reserved bit', [0xc2, 0x80]],
    ['no mask', [0x82, 0x01]],
    ['a reserved opcode', [0x83, 0x80]],
    ['a fragmented control frame', [0x09, 0x80]],
    ['a long control frame', [0x89, 0xfe]],
    ['a continuation of nothing', [0x80, 0x80]],
  ])('refuses %s, and everything after it', (_what, header) => {
    const reader = new WebSocketFrameReader({ bytes() {}, end() {} }, MAX_PAYLOAD_BYTES);
    expect(() => reader.push(Buffer.from(header))).toThrow(WebSocketFramingError);
    expect(() => reader.push(frame(2, 1))).toThrow('already failed');
  });

  it('refuses a new message inside of another one', () => {
    expect(() => read([frame(2, 1, false), frame(2, 1)])).toThrow('inside of another one');
  });

  it('believes no length above its limit', () => {
    expect(read([frame(2, MAX_PAYLOAD_BYTES)]).frames).toHaveLength(1);
    expect(() => read([frame(2, MAX_PAYLOAD_BYTES + 1).subarray(0, 14)])).toThrow('allowed are 70000');
    const endless = Buffer.from('82ff7fffffffffffffff00000000', 'hex');
    expect(() => read([endless])).toThrow('frame of 9223372036854775807 bytes');
  });
});

function fails(action: () => void): boolean {
  try {
    action();
    return false;
  } catch {
    return true;
  }
}

/** Whether the library ends a connection on which its client sends `bytes`; a close frame without a reason is fine. */
function libraryRefuses(bytes: Buffer): boolean {
  let refused = false;
  const receiver = new Receiver({ isServer: true, maxPayload: MAX_PAYLOAD_BYTES, skipUTF8Validation: true });
  receiver.on('error', () => {
    refused = true;
  });
  receiver._write(bytes, 'latin1', (error) => {
    if (error != null) refused = true;
  });
  return refused;
}
