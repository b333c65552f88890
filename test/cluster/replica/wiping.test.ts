/** Secrets are wiped on every way on which a flow can end: looks at the very buffers that held them. */
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import type { StateMessage } from '../../../src/cluster/replication/state-message.js';
import type { RecoveryStrategy } from '../../../src/contracts/strategy.js';
import type { Application } from '../../../src/contracts/workload.js';
import { findSuite } from '../../../src/tls/cipher-suites.js';
import { RecordLayer } from '../../../src/tls/record-layer.js';
import { staticStateBytes } from '../../../src/tls/static-state.js';
import { fullStateCopy } from '../../../strategies/full-state-copy.js';
import { spr } from '../../../strategies/spr.js';
import { requestReply } from '../../../workloads/request-reply.js';
import { TestCluster, until } from './harness.js';
import { get, post, TestClient } from './test-client.js';

/** Everything secret that was in the memory of the replicas, by what it was. */
const held = vi.hoisted(() => ({
  secrets: [] as Buffer[],
  moved: [] as Buffer[],
  sent: [] as Buffer[],
  received: [] as Buffer[],
  kept: [] as Buffer[],
}));

// Modules that an earlier file has loaded know the originals, and a later file must not get the spies.
vi.hoisted(() => vi.resetModules());
afterAll(() => {
  for (const path of ['base/secret', 'tls/static-state', 'cluster/replication/state-message'])
    vi.doUnmock(`../../../src/${path}.js`);
  vi.resetModules();
});

vi.mock(import('../../../src/base/secret.js'), async (importOriginal) => {
  const { allocateSecret, copySecret, moveSecret } = await importOriginal();
  const record = (secret: Buffer): Buffer => {
    held.secrets.push(secret);
    return secret;
  };
  return {
    allocateSecret: (bytes) => record(allocateSecret(bytes)),
    copySecret: (secret) => record(copySecret(secret)),
    moveSecret: (secret) => {
      const moved = record(moveSecret(secret));
      held.moved.push(moved);
      return moved;
    },
  };
});

vi.mock(import('../../../src/tls/static-state.js'), async (importOriginal) => {
  const original = await importOriginal();
  const serializeStaticState: typeof original.serializeStaticState = (state) => {
    const serialized = original.serializeStaticState(state);
    held.sent.push(serialized);
    return serialized;
  };
  return { ...original, serializeStaticState };
});

vi.mock(import('../../../src/cluster/replication/state-message.js'), async (importOriginal) => {
  const original = await importOriginal();
  return {
    ...original,
    encodeStateMessage: (message) => {
      const encoded = original.encodeStateMessage(message);
      held.sent.push(encoded);
      return encoded;
    },
    parseStateMessage: (bytes) => {
      held.received.push(bytes);
      const message = original.parseStateMessage(bytes);
      held.kept.push(...contents(message));
      return message;
    },
  };
});

function contents({ input, output, outcome, checkpoint }: StateMessage): Buffer[] {
  const records = output?.records.map(({ content }) => content) ?? [];
  return [input?.bytes, outcome?.output, checkpoint?.state, ...records].filter(
    (bytes) => bytes !== undefined,
  );
}

const BODIES = createSeededBytes(3);
const VERSIONS = ['1.3', '1.2'] as const;
const CASES = [spr, fullStateCopy].flatMap((strategy) => VERSIONS.map((version) => ({ strategy, version })));

const running: TestCluster[] = [];

beforeEach(() => {
  for (const buffers of Object.values(held)) buffers.length = 0;
});

afterEach(() => {
  for (const cluster of running.splice(0)) cluster.stop();
});

interface Served {
  readonly cluster: TestCluster;
  readonly client: TestClient;
}

/** A cluster with one connection that had requests of both kinds answered. */
async function serve(strategy: RecoveryStrategy, version: '1.3' | '1.2', replicas = 2): Promise<Served> {
  const suite = findSuite({ version, name: 'aes-256-gcm', authentication: 'ecdsa' });
  const application = requestReply.application(BODIES);
  const cluster = await TestCluster.start({ strategy, suite, application, replicas });
  running.push(cluster);
  const client = await TestClient.open(cluster.port, suite);
  await client.exchange(get('0-1', 50));
  await client.exchange(post('0-2', 50, BODIES.slice('request:0-2', 0, 64)));
  return { cluster, client };
}

const holdsSomething = (bytes: Buffer): boolean => bytes.some((byte) => byte !== 0);

/** Client randoms and the wiping of what never held a secret are no proof: there must have been some. */
function expectSomethingHeld(): void {
  expect(held.secrets.some(holdsSomething)).toBe(true);
}

async function untilWiped(...kinds: (keyof typeof held)[]): Promise<void> {
  await until(() => kinds.every((kind) => !held[kind].some(holdsSomething)));
  for (const kind of kinds) expect(held[kind].filter(holdsSomething)).toEqual([]);
}

describe.each(CASES)('$strategy.id, TLS $version', ({ strategy, version }) => {
  it('what was sent and what was received is wiped at once', async () => {
    await serve(strategy, version);
    expect(held.sent.length).toBeGreaterThan(1);
    expect(held.received.length).toBeGreaterThan(1);
    await untilWiped('sent', 'received');
    expectSomethingHeld();
  });

  it('a flow that its client ends', async () => {
    const { client } = await serve(strategy, version);
    expectSomethingHeld();
    client.destroy();
    await untilWiped('secrets', 'sent', 'received', 'kept');
  });

  it('a flow that was taken over, then ended', async () => {
    const { cluster, client } = await serve(strategy, version, 3);
    cluster.kill(0);
    await client.exchange(get('0-3', 50));
    expect(cluster.takenOver).toHaveLength(1);
    client.destroy();
    await untilWiped('secrets', 'sent', 'received');
  });

  it('flows of a director that is gone', async () => {
    const { cluster } = await serve(strategy, version);
    cluster.director.stop();
    await untilWiped('secrets', 'sent', 'received', 'kept');
  });

  it('flows of replicas that stop', async () => {
    const { cluster } = await serve(strategy, version);
    for (const replica of cluster.replicas) replica.stop();
    await untilWiped('secrets', 'sent', 'received', 'kept');
  });
});

it.each(VERSIONS)(
  'a flow that was taken over while it was idle, and has needed no key, TLS %s',
  async (version) => {
    const { cluster, client } = await serve(fullStateCopy, version, 3);
    const derive = vi.spyOn(RecordLayer.prototype, 'deriveKeys');
    cluster.kill(0);
    await until(() => cluster.takenOver.length === 1);
    expectSomethingHeld();
    client.destroy();
    await untilWiped('secrets', 'sent', 'received');
    expect(derive).not.toHaveBeenCalled();
    derive.mockRestore();
  },
);

describe('epochs that a later backup would need', () => {
  const suite = findSuite({ version: '1.3', name: 'aes-256-gcm', authentication: 'ecdsa' });
  /** Each record has a key of its own. */
  const sealing = { rekey: false, rekeyAfterRecords: 1 };

  /** Other than the secrets in use, which are moved too. */
  function epochsHeld(): number {
    const bytes = staticStateBytes(suite);
    return held.moved.filter((moved) => moved.length === bytes && holdsSomething(moved)).length;
  }

  /** A connection in the middle of a reply: the rest comes when `finish` is called. */
  async function begin(): Promise<Served & { finish: () => void }> {
    let finish = (): void => {};
    const application: Application = (_request, response) => {
      response.writeHead(200, { 'Content-Length': 50_000 });
      response.write(Buffer.alloc(40_000));
      finish = () => response.end(Buffer.alloc(10_000));
    };
    const cluster = await TestCluster.start({ strategy: spr, suite, application, sealing });
    running.push(cluster);
    const client = await TestClient.open(cluster.port, suite);
    await client.secure();
    held.moved.length = 0;
    client.send(get('0-1', 1));
    await until(() => epochsHeld() >= 2);
    return { cluster, client, finish: () => finish() };
  }

  it('are wiped by the next commit', async () => {
    const { client, finish } = await begin();
    finish();
    await client.reply();
    await until(() => epochsHeld() === 0);
    expect(held.moved.some(holdsSomething)).toBe(true);
    client.destroy();
  });

  it('are wiped when the flow ends before', async () => {
    const { client } = await begin();
    client.destroy();
    await untilWiped('secrets', 'moved', 'sent', 'received', 'kept');
  });
});

/** Takes over, or does not, as a test wants. */
function deciding(takeOver: NonNullable<RecoveryStrategy['backup']>['takeOver']): RecoveryStrategy {
  return { ...spr, backup: { idleFlows: 'eager', takeOver } };
}

describe('a flow that is refused', () => {
  it.each<[string, RecoveryStrategy]>([
    ['by the strategy', deciding(() => ({ kind: 'refuse', reason: 'state-missing' }))],
    ['because a part of the state is missing', deciding(() => ({ kind: 'restore' }))],
    ['because the evidence does not reach so far', deciding(() => ({ kind: 'replay', from: 'established' }))],
  ])('%s', async (_why, strategy) => {
    const { cluster } = await serve(strategy, '1.3');
    cluster.kill(0);
    await until(() => cluster.refused.length === 1);
    cluster.replicas[0]?.stop();
    await untilWiped('secrets', 'sent', 'received', 'kept');
  });
});

it('a flow whose state was passed on before anybody touched it', async () => {
  const { cluster, client } = await serve(spr, '1.3', 3);
  const before = held.received.length;
  cluster.kill(0);
  await until(() => held.received.length > before);
  expect(cluster.takenOver).toEqual([]);
  cluster.replicas[0]?.stop();
  client.destroy();
  await untilWiped('secrets', 'sent', 'received', 'kept');
});

it('a handshake that nobody finishes', async () => {
  const { cluster, client } = await serve(spr, '1.3');
  client.destroy();
  await untilWiped('secrets');
  const socket = connect(cluster.port, '127.0.0.1');
  // It never hears the answer to its ClientHello.
  const deaf = new Duplex({
    read() {},
    write: (chunk, _encoding, done) => socket.write(chunk, () => done()),
  });
  connectTls({ socket: deaf, servername: 'localhost' }).on('error', () => {});
  await until(() => held.secrets.some(holdsSomething));
  socket.destroy();
  await untilWiped('secrets');
});
