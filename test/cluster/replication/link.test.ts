import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ProtocolError } from '../../../src/base/errors.js';
import { IncomingLinks, OutgoingLink } from '../../../src/cluster/replication/link.js';
import { listen, until } from '../replica/harness.js';

const CLUSTER_KEY = Buffer.alloc(32, 1);

type Heard = readonly ['state', number, string] | readonly ['forget', number];

interface Backup {
  readonly incoming: IncomingLinks;
  readonly port: number;
  readonly heard: Heard[];
}

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function startBackup(onState: () => void = () => {}): Promise<Backup> {
  const heard: Heard[] = [];
  const incoming = new IncomingLinks(CLUSTER_KEY, {
    state: (flowId, payload) => {
      onState();
      heard.push(['state', flowId, payload.toString()]);
    },
    forget: (flowId) => heard.push(['forget', flowId]),
  });
  closing.push(() => incoming.close());
  return { incoming, port: await incoming.listen(), heard };
}

async function connectLink(
  port: number,
  clusterKey = CLUSTER_KEY,
  self = 0,
  incarnation = 0,
): Promise<OutgoingLink> {
  const link = await OutgoingLink.connect({ peer: 1, self, incarnation, port, clusterKey });
  closing.push(() => link.end());
  return link;
}

/** A proxy that shows, changes, holds back or cuts what goes to the backup. */
async function startTap(
  targetPort: number,
  change: (chunk: Buffer) => Buffer = (chunk) => chunk,
): Promise<{ port: number; sent: Buffer[]; far: () => Socket | undefined; near: () => Socket | undefined }> {
  const sent: Buffer[] = [];
  let ends: { near: Socket; far: Socket } | undefined;
  const server: Server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    ends = { near, far };
    for (const socket of [near, far]) socket.on('error', () => {});
    near.on('data', (chunk: Buffer) => {
      sent.push(chunk);
      far.write(change(chunk));
    });
    far.on('data', (chunk: Buffer) => near.write(chunk));
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  closing.push(() => {
    ends?.near.destroy();
    ends?.far.destroy();
    server.close();
  });
  return { port: await listen(server), sent, far: () => ends?.far, near: () => ends?.near };
}

function replicate(link: OutgoingLink, flowId: number, text: string): number {
  return link.replicate(flowId, 0, Buffer.from(text));
}

describe('a replication link', () => {
  it('carries state and acknowledges it, in order', async () => {
    const { port, heard } = await startBackup();
    const link = await connectLink(port);
    const counters: number[] = [];
    const waiter = { acknowledged: (counter: number) => counters.push(counter) };
    link.wait(waiter);
    const first = replicate(link, 1, 'a');
    const second = replicate(link, 2, 'b');
    link.forget(1);
    expect(second).toBe(first + 1);
    await until(() => link.acknowledgedCounter === second + 1);
    expect(heard).toEqual([
      ['state', 1, 'a'],
      ['state', 2, 'b'],
      ['forget', 1],
    ]);
    expect(counters).toEqual([...counters].sort((a, b) => a - b));
    link.stopWaiting(waiter);
    const told = counters.length;
    const third = replicate(link, 1, 'c');
    await until(() => link.acknowledgedCounter === third);
    expect(counters).toHaveLength(told);
  });

  it('counts what arrives', async () => {
    const { port, incoming } = await startBackup();
    const tap = await startTap(port);
    const link = await connectLink(tap.port);
    replicate(link, 1, 'some state');
    const last = replicate(link, 1, 'more');
    await until(() => link.acknowledgedCounter === last);
    const greetingBytes = 4 + 37;
    expect(incoming.counters).toEqual({
      bytes: Buffer.concat(tap.sent).length - greetingBytes,
      messages: 2,
      refused: 0,
      fenced: 0,
    });
  });

  it('that is lost acknowledges everything, also what comes later', async () => {
    const { port, incoming } = await startBackup();
    const link = await connectLink(port);
    const counters: number[] = [];
    await until(() => link.acknowledgedCounter > 0);
    link.wait({ acknowledged: (counter) => counters.push(counter) });
    incoming.close();
    await until(() => counters.includes(Number.POSITIVE_INFINITY));
    replicate(link, 1, 'late');
    link.forget(1);
    expect(link.acknowledgedCounter).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    ['the index of the peer', 4],
    ['its incarnation', 8],
    ['the salt', 20],
    ['the first frame', 50],
  ])('is refused when somebody changes %s', async (_what, at) => {
    const { port, incoming, heard } = await startBackup();
    let seen = 0;
    const tap = await startTap(port, (chunk) => {
      const changed = Buffer.from(chunk);
      if (at >= seen && at < seen + chunk.length) changed[at - seen] = (changed[at - seen] ?? 0) ^ 1;
      seen += chunk.length;
      return changed;
    });
    const link = await connectLink(tap.port);
    replicate(link, 1, 'state');
    await until(() => link.acknowledgedCounter === Number.POSITIVE_INFINITY);
    expect(incoming.counters.refused).toBe(1);
    expect(heard).toEqual([]);
  });

  it('is refused from a peer with another cluster key', async () => {
    const { port, incoming, heard } = await startBackup();
    const link = await connectLink(port, Buffer.alloc(32, 2));
    replicate(link, 1, 'state');
    await until(() => link.acknowledgedCounter === Number.POSITIVE_INFINITY);
    expect(incoming.counters.refused).toBe(1);
    expect(heard).toEqual([]);
  });

  it('is refused when it greets with something else, without harm to others', async () => {
    const { port, incoming } = await startBackup();
    const stranger = connect(port, '127.0.0.1');
    stranger.on('error', () => {});
    stranger.write(Buffer.alloc(100, 0x47));
    await until(() => incoming.counters.refused === 1);
    const link = await connectLink(port);
    const counter = replicate(link, 1, 'state');
    await until(() => link.acknowledgedCounter === counter);
    stranger.destroy();
  });

  it('cannot be played again from a recording', async () => {
    const { port, incoming, heard } = await startBackup();
    const tap = await startTap(port);
    const link = await connectLink(tap.port);
    const counter = replicate(link, 1, 'state');
    await until(() => link.acknowledgedCounter === counter);
    const heardBefore = heard.length;
    const replayed = connect(port, '127.0.0.1');
    replayed.on('error', () => {});
    replayed.write(Buffer.concat(tap.sent));
    await until(() => incoming.counters.refused === 1);
    expect(heard).toHaveLength(heardBefore);
  });

  it('does not believe acknowledgements that it cannot open', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write(Buffer.alloc(200, 0x11));
    });
    closing.push(() => server.close());
    const link = await connectLink(await listen(server));
    await until(() => link.acknowledgedCounter > 0);
    expect(link.acknowledgedCounter).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('draining', () => {
  it('is over at once for a peer that never had a link', async () => {
    const { incoming } = await startBackup();
    let drained = false;
    incoming.whenDrained(5, 0, 60_000, () => {
      drained = true;
    });
    expect(drained).toBe(true);
  });

  it('of a dead peer waits for all it got out', async () => {
    const { port, incoming, heard } = await startBackup();
    const tap = await startTap(port);
    const link = await connectLink(tap.port, CLUSTER_KEY, 3);
    const counter = replicate(link, 1, 'first');
    await until(() => link.acknowledgedCounter === counter);
    tap.near()?.pause();
    const order: string[] = [];
    for (let flow = 0; flow < 50; flow++)
      incoming.whenDrained(3, 0, 60_000, () => order.push(`drained ${heard.length}`));
    replicate(link, 1, 'last');
    link.end();
    tap.near()?.resume();
    await until(() => order.length === 50);
    expect(heard.at(-1)).toEqual(['state', 1, 'last']);
    expect(new Set(order)).toEqual(new Set(['drained 2']));
  });

  it('of a peer that only hangs fences it after the grace: what it sends is counted, not used, not acknowledged', async () => {
    const { port, incoming, heard } = await startBackup();
    const tap = await startTap(port);
    const link = await connectLink(tap.port, CLUSTER_KEY, 3);
    const counter = replicate(link, 1, 'before');
    await until(() => link.acknowledgedCounter === counter);
    tap.near()?.pause();
    replicate(link, 1, 'of the zombie');
    await new Promise<void>((resolve) => incoming.whenDrained(3, 0, 5, resolve));
    const { bytes } = incoming.counters;
    tap.near()?.resume();
    link.forget(1);
    await until(() => incoming.counters.fenced === 2);
    expect(heard).toEqual([['state', 1, 'before']]);
    expect(incoming.counters).toMatchObject({ bytes, messages: 1, refused: 0 });
    // An acknowledgement would have been sent in the turn of the last frame: a later link's comes behind it.
    const other = await connectLink(port, CLUSTER_KEY, 4);
    await until(() => other.acknowledgedCounter > 0);
    expect(link.acknowledgedCounter).toBe(counter);
  });

  it('of a peer that is fenced already is over at once', async () => {
    const { port, incoming } = await startBackup();
    const link = await connectLink(port, CLUSTER_KEY, 3);
    await until(() => link.acknowledgedCounter > 0);
    await new Promise<void>((resolve) => incoming.whenDrained(3, 0, 0, resolve));
    let drained = false;
    incoming.whenDrained(3, 0, 60_000, () => {
      drained = true;
    });
    expect(drained).toBe(true);
  });

  it('calls back once, although the link of a fenced peer ends later', async () => {
    const { port, incoming } = await startBackup();
    const link = await connectLink(port, CLUSTER_KEY, 3);
    await until(() => link.acknowledgedCounter > 0);
    let calls = 0;
    await new Promise<void>((resolve) => {
      incoming.whenDrained(3, 0, 0, () => {
        calls += 1;
        resolve();
      });
    });
    link.end();
    await until(() => link.acknowledgedCounter === Number.POSITIVE_INFINITY);
    expect(calls).toBe(1);
  });

  it('of a peer that has come back does not wait for its new process, and leaves the link of that one alone', async () => {
    const { port, incoming, heard } = await startBackup();
    const first = await connectLink(port, CLUSTER_KEY, 3);
    await until(() => first.acknowledgedCounter > 0);
    first.end();
    await until(() => first.acknowledgedCounter === Number.POSITIVE_INFINITY);
    const second = await connectLink(port, CLUSTER_KEY, 3, 1);
    await until(() => second.acknowledgedCounter > 0);
    // With this grace a link that is waited for is as good as fenced.
    await new Promise<void>((resolve) => incoming.whenDrained(3, 0, 0, resolve));
    const counter = replicate(second, 1, 'again');
    await until(() => second.acknowledgedCounter >= counter);
    expect(second.acknowledgedCounter).toBe(counter);
    expect(heard).toEqual([['state', 1, 'again']]);
  });

  it('of an old process goes on while the link of the new one is open', async () => {
    const { port, incoming, heard } = await startBackup();
    const tap = await startTap(port);
    const first = await connectLink(tap.port, CLUSTER_KEY, 3);
    await until(() => first.acknowledgedCounter > 0);
    tap.near()?.pause();
    replicate(first, 1, 'last words');
    first.end();
    const second = await connectLink(port, CLUSTER_KEY, 3, 1);
    await until(() => second.acknowledgedCounter > 0);
    const drained = new Promise<number>((resolve) =>
      incoming.whenDrained(3, 0, 60_000, () => resolve(heard.length)),
    );
    tap.near()?.resume();
    expect(await drained).toBe(1);
    expect(heard).toEqual([['state', 1, 'last words']]);
  });
});

it('a handler that refuses state ends the link on which it came', async () => {
  const { port, incoming } = await startBackup(() => {
    throw new ProtocolError(50, 'no such field');
  });
  const link = await connectLink(port);
  replicate(link, 1, 'bad');
  await until(() => link.acknowledgedCounter === Number.POSITIVE_INFINITY);
  expect(incoming.counters.refused).toBe(1);
});
