import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatherWriter } from '../../src/net/gather-writer.js';
import { fuzzRuns } from '../fuzz-budget.js';

/** Keeps what it is given, grouped by system call. */
class Sink extends Writable {
  readonly calls: Buffer[][] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.calls.push([chunk]);
    done();
  }

  override _writev(items: { chunk: Buffer }[], done: () => void): void {
    this.calls.push(items.map(({ chunk }) => chunk));
    done();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.calls.flat());
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('GatherWriter', () => {
  it('hands everything of a turn over in one call, in order', async () => {
    const sink = new Sink();
    const writer = new GatherWriter(sink);
    const pieces = [Buffer.from('small'), Buffer.alloc(5000, 1), Buffer.from('again'), Buffer.alloc(3000, 2)];
    for (const piece of pieces) writer.write(piece);
    expect(sink.calls).toEqual([]);
    await turn();
    expect(sink.calls).toHaveLength(1);
    expect(sink.bytes).toEqual(Buffer.concat(pieces));
    writer.write(Buffer.from('next'));
    await turn();
    expect(sink.calls).toHaveLength(2);
  });

  it('passes long bytes by reference and copies short ones', async () => {
    const sink = new Sink();
    const writer = new GatherWriter(sink);
    const long = Buffer.alloc(2048, 1);
    const short = Buffer.alloc(2047, 2);
    writer.write(long);
    writer.write(short);
    short.fill(0);
    await turn();
    expect(sink.calls[0]?.[0]).toBe(long);
    expect(sink.calls[0]?.[1]).toEqual(Buffer.alloc(2047, 2));
  });

  it('lets the caller fill in reserved bytes, between others', async () => {
    const sink = new Sink();
    const writer = new GatherWriter(sink);
    writer.write(Buffer.from('a'));
    const at = writer.reserve(4);
    writer.slab.writeUInt32BE(0x62636465, at);
    writer.write(Buffer.from('f'));
    await turn();
    expect(sink.bytes.toString()).toBe('abcdef');
  });

  it('never writes again to what the socket may still have to send', async () => {
    const sink = new Sink();
    const writer = new GatherWriter(sink);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(9000), { maxLength: 30 }), { maxLength: 6 }),
        async (turns) => {
          const expected = [sink.bytes];
          for (const [index, lengths] of turns.entries()) {
            for (const length of lengths) {
              const piece = Buffer.alloc(length, index + length);
              expected.push(piece);
              writer.write(Buffer.from(piece));
            }
            await turn();
          }
          expect(sink.bytes.equals(Buffer.concat(expected))).toBe(true);
        },
      ),
      { numRuns: fuzzRuns(20) },
    );
  });

  it('can be told to write at once', () => {
    const sink = new Sink();
    const writer = new GatherWriter(sink);
    writer.write(Buffer.from('now'));
    writer.flush();
    expect(sink.bytes.toString()).toBe('now');
  });

  it('writes nothing after it was closed', async () => {
    const sink = new Sink();
    const writer = new GatherWriter(sink);
    writer.write(Buffer.from('before'));
    writer.close();
    writer.write(Buffer.alloc(5000));
    writer.write(Buffer.from('after'));
    await turn();
    writer.flush();
    expect(sink.calls).toEqual([]);
  });
});
