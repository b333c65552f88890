import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExchangeTracker } from '../../../src/cluster/replica/exchange.js';
import { WebSocketInput } from '../../../src/cluster/replica/websocket-input.js';

const UPGRADE = Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
const LIMIT_BYTES = 1024 * 1024;

type Kind = 'message' | 'fragment' | 'control';

/** A frame whose payload is one character. */
function frame(kind: Kind, continues: boolean, payload: string): Buffer {
  const opcode = kind === 'control' ? 9 : continues ? 0 : 2;
  const first = kind === 'fragment' ? opcode : 0x80 | opcode;
  return Buffer.from([first, 0x81, 0, 0, 0, 0, payload.charCodeAt(0)]);
}

/** What is left when frames were given to the application, by the rules of RFC 6455 5.4 alone. */
class Model {
  frames: { kind: Kind; message: number; bytes: Buffer }[] = [];
  #message = 0;
  #continues = false;

  add(kind: Kind, payload: string): Buffer {
    const bytes = frame(kind, this.#continues, payload);
    this.frames.push({ kind, message: kind === 'control' ? -1 : this.#message, bytes });
    if (kind !== 'control') this.#continues = kind === 'fragment';
    if (kind === 'message') this.#message += 1;
    return bytes;
  }

  /** Returns whether there was anything to give. */
  give(kind: 'message' | 'control'): boolean {
    const oldest = this.frames.find((each) => each.kind === kind);
    if (oldest === undefined) return false;
    const gone =
      kind === 'control' ? [oldest] : this.frames.filter(({ message }) => message === oldest.message);
    this.frames = this.frames.filter((each) => !gone.includes(each));
    return true;
  }

  get unhandled(): Buffer {
    return Buffer.concat(this.frames.map(({ bytes }) => bytes));
  }
}

const steps = fc.array(
  fc.oneof(
    fc.record({
      frame: fc.constantFrom<Kind>('message', 'fragment', 'control'),
      text: fc.constantFrom('a', 'b', 'c'),
    }),
    fc.record({ give: fc.constantFrom('message' as const, 'control' as const) }),
    fc.constant({ checkpoint: true }),
  ),
  { maxLength: 40 },
);

describe('WebSocketInput', () => {
  it('keeps exactly what the application was not given, in its order', () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 9 }), (all, pieceBytes) => {
        const [input, model] = [new WebSocketInput(), new Model()];
        for (const step of all) {
          if ('frame' in step) {
            const bytes = model.add(step.frame, step.text);
            for (let at = 0; at < bytes.length; at += pieceBytes)
              input.push(bytes.subarray(at, at + pieceBytes));
          } else if ('give' in step && model.give(step.give)) input.given(step.give);
          expect(Buffer.concat(input.unhandled).equals(model.unhandled)).toBe(true);
          expect(input.waiting).toBe(model.frames.some(({ kind }) => kind !== 'fragment'));
        }
      }),
    );
  });

  it('keeps a frame that is not complete', () => {
    const input = new WebSocketInput();
    const whole = frame('message', false, 'a');
    input.push(Buffer.concat([whole, whole.subarray(0, 5)]));
    input.given('message');
    expect(Buffer.concat(input.unhandled).equals(whole.subarray(0, 5))).toBe(true);
    expect(input.waiting).toBe(false);
  });

  it('gives up where more waits than can be recovered', () => {
    const input = new WebSocketInput();
    const fragment = Buffer.concat([
      Buffer.from([2, 0xff, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0]),
      Buffer.alloc(LIMIT_BYTES / 2),
    ]);
    input.push(fragment);
    expect(() => input.push(Buffer.alloc(LIMIT_BYTES / 2))).toThrow(RangeError);
  });
});

describe('ExchangeTracker behind an upgrade', () => {
  function upgraded(...rest: Buffer[]): ExchangeTracker {
    const tracker = new ExchangeTracker();
    tracker.acceptUpgrades();
    tracker.push(Buffer.concat([UPGRADE, ...rest]));
    tracker.respond({ ending: false, writableLength: 0, onEnded: undefined });
    return tracker;
  }

  it('begins its input anew at a checkpoint: the request, and what is not handled', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((text) => frame('message', false, text));
    if (a === undefined || b === undefined || c === undefined) throw new Error('three frames');
    const tracker = upgraded(a);
    tracker.push(Buffer.concat([b, c.subarray(0, 3)]));
    expect(Buffer.concat(tracker.input).equals(Buffer.concat([UPGRADE, a, b, c.subarray(0, 3)]))).toBe(true);
    tracker.given('message');
    expect(tracker.checkpointed(0)).toBe(true);
    expect(Buffer.concat(tracker.input).equals(Buffer.concat([UPGRADE, b, c.subarray(0, 3)]))).toBe(true);
    expect([tracker.atBoundary, tracker.completedByNextAnswer]).toEqual([false, false]);
    tracker.given('message');
    tracker.push(c.subarray(3));
    tracker.given('message');
    tracker.checkpointed(0);
    expect(Buffer.concat(tracker.input).equals(UPGRADE)).toBe(true);
    expect([tracker.atBoundary, tracker.completedByNextAnswer, tracker.readable]).toEqual([
      false,
      true,
      true,
    ]);
  });

  it('has bytes of its own: a library unmasks in place what it is given', () => {
    const [first, second] = [frame('message', false, 'a'), frame('message', false, 'b')];
    const chunk = Buffer.concat([UPGRADE, first]);
    const tracker = new ExchangeTracker();
    tracker.acceptUpgrades();
    tracker.push(chunk);
    tracker.push(second);
    const before = Buffer.concat(tracker.input);
    chunk.fill(0);
    second.fill(0);
    expect(Buffer.concat(tracker.input).equals(before)).toBe(true);
    tracker.checkpointed(0);
    expect(Buffer.concat(tracker.input).equals(before)).toBe(true);
  });

  it('cannot be committed any more when a client breaks the framing, and keeps nothing more of it', () => {
    const tracker = upgraded(Buffer.from([0xff]), Buffer.from([0xff]));
    const bytes = tracker.input.length;
    tracker.push(Buffer.alloc(100));
    expect([tracker.readable, tracker.completedByNextAnswer, tracker.input.length]).toEqual([
      false,
      false,
      bytes,
    ]);
  });

  it('is HTTP as ever where upgrades are not accepted', () => {
    const tracker = new ExchangeTracker();
    tracker.push(UPGRADE);
    expect(tracker.completedByNextAnswer).toBe(true);
    tracker.answer();
    expect(tracker.atBoundary).toBe(true);
  });
});
