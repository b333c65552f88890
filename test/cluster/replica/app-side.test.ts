import { describe, expect, it } from 'vitest';
import { AppSide } from '../../../src/cluster/replica/app-side.js';
import type { AppStream } from '../../../src/cluster/replica/app-stream.js';

interface Side {
  readonly side: AppSide;
  /** Streams that the application was given, each with what could be read of it then. */
  readonly served: { readonly stream: AppStream; readonly readable: number }[];
  readonly abandoned: () => number;
}

function create(): Side {
  const served: Side['served'] = [];
  let abandoned = 0;
  const side: AppSide = new AppSide(
    {
      output: (_chunks, _bytes, callback) => callback(),
      outputEnd() {},
      inputWanted() {},
      abandoned: () => {
        abandoned += 1;
      },
    },
    (stream) => served.push({ stream, readable: stream.readableLength }),
  );
  return { side, served, abandoned: () => abandoned };
}

describe('the side of the application', () => {
  it('is made for the first byte, once, before the byte is there', () => {
    const { side, served } = create();
    expect([side.pendingBytes, side.ending]).toEqual([0, false]);
    expect(served).toEqual([]);
    side.push(Buffer.from('a'));
    side.push(Buffer.from('b'));
    expect(served.map(({ readable }) => readable)).toEqual([0]);
    expect(served[0]?.stream.read().toString()).toBe('ab');
  });

  it('is made when the connection is to be served from its beginning', () => {
    const { side, served } = create();
    side.begin();
    side.push(Buffer.from('a'));
    expect(served).toHaveLength(1);
  });

  it('learns of the end of a client that has said nothing', async () => {
    const { side, served } = create();
    side.endInput();
    const ended = new Promise((resolve) => served[0]?.stream.once('end', resolve).resume());
    expect(side.ending).toBe(true);
    await ended;
  });

  it('is never made for a connection that ends before', () => {
    const { side, served, abandoned } = create();
    side.destroy();
    expect(served).toEqual([]);
    expect(abandoned()).toBe(0);
  });

  it('says when the application ends its output, and what of it waits', () => {
    const { side, served } = create();
    side.begin();
    const stream = served[0]?.stream;
    stream?.cork();
    stream?.write('reply');
    expect([side.pendingBytes, side.ending]).toEqual([5, false]);
    stream?.end();
    expect(side.ending).toBe(true);
  });
});
