import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { deriveTrunkKey, greetDirector, greetReplica } from '../../src/net/trunk-greeting.js';

const KEY = deriveTrunkKey(Buffer.alloc(32, 1));
const OTHER_KEY = deriveTrunkKey(Buffer.alloc(32, 2));

interface Ends {
  /** Accepted by the replica. */
  readonly replica: Socket;
  /** Connected by the director. */
  readonly director: Socket;
}

async function connected(): Promise<Ends> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const director = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [replica] = (await once(server, 'connection')) as [Socket];
  onTestFinished(() => {
    for (const socket of [director, replica]) socket.destroy();
    server.close();
  });
  for (const socket of [director, replica]) socket.on('error', () => {});
  return { replica, director };
}

/** How each end fares: undefined is success. */
async function greet(ofReplica: Promise<void>, ofDirector: Promise<void>): Promise<(string | undefined)[]> {
  const results = await Promise.allSettled([ofReplica, ofDirector]);
  return results.map((result) => (result.status === 'rejected' ? String(result.reason) : undefined));
}

describe('the ends of a trunk', () => {
  it('recognize each other, and what is sent behind the greeting stays to be read', async () => {
    const { replica, director } = await connected();
    const ofReplica = greetDirector(replica, KEY).then(() => void replica.write('first record'));
    expect(await greet(ofReplica, greetReplica(director, KEY))).toEqual([undefined, undefined]);
    const [chunk] = await once(director, 'data');
    expect(String(chunk)).toBe('first record');
  });

  it('recognize nobody of another run, and close', async () => {
    const { replica, director } = await connected();
    const [ofReplica, ofDirector] = await greet(
      greetDirector(replica, KEY),
      greetReplica(director, OTHER_KEY),
    );
    expect(ofReplica).toContain('is no director of this run');
    expect(ofDirector).toContain('ended before');
    expect([replica.destroyed, director.destroyed]).toEqual([true, true]);
  });

  it.each([
    ['in the place of a replica', 'director'],
    ['in the place of the director', 'replica'],
  ] as const)('recognize nobody who knows nothing, %s', async (_where, honest) => {
    const { replica, director } = await connected();
    const impostor = honest === 'director' ? replica : director;
    impostor.write(Buffer.alloc(200, 0x5a));
    const greeting = honest === 'director' ? greetReplica(director, KEY) : greetDirector(replica, KEY);
    await expect(greeting).rejects.toThrow('of this run');
  });

  it('do not take their own proof for one of the other', async () => {
    const { replica, director } = await connected();
    // A mirror: it sends back whatever it gets.
    replica.on('data', (chunk: Buffer) => replica.write(chunk));
    replica.write(Buffer.alloc(32));
    await expect(greetReplica(director, KEY)).rejects.toThrow('is no replica of this run');
  });

  it('notice an end in the middle', async () => {
    const { replica, director } = await connected();
    replica.end(Buffer.alloc(20));
    await expect(greetReplica(director, KEY)).rejects.toThrow('ended before 32 bytes had come');
  });

  it('cannot be played a recording', async () => {
    const first = await connected();
    const sent: Buffer[] = [];
    const write = first.director.write.bind(first.director);
    first.director.write = (chunk: Buffer): boolean => {
      sent.push(chunk);
      return write(chunk);
    };
    await Promise.all([greetDirector(first.replica, KEY), greetReplica(first.director, KEY)]);
    const second = await connected();
    second.director.write(Buffer.concat(sent));
    await expect(greetDirector(second.replica, KEY)).rejects.toThrow('is no director of this run');
  });
});

it('the trunk key does not show the cluster key', () => {
  const clusterKey = Buffer.alloc(32, 1);
  expect(deriveTrunkKey(clusterKey)).not.toEqual(clusterKey);
  expect(deriveTrunkKey(clusterKey)).toEqual(KEY);
  expect(OTHER_KEY).not.toEqual(KEY);
});
