/** What is left in a process of replicas that have stopped: nothing may keep them, their connections or their application. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { collectedMemory } from '../../../src/base/process-memory.js';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import type { Replica } from '../../../src/cluster/replica/replica.js';
import type { Engine } from '../../../src/cluster/replica/replica-options.js';
import { findSuite } from '../../../src/tls/cipher-suites.js';
import { sessionResumption } from '../../../strategies/session-resumption.js';
import { spr } from '../../../strategies/spr.js';
import { requestReply } from '../../../workloads/request-reply.js';
import { TestCluster } from './harness.js';
import { get, TestClient } from './test-client.js';

const BODIES = createSeededBytes(3);
const SUITE = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });

/** Replicas of a cluster that has served, lost one, served again and stopped: nothing else refers to them here. */
async function lived(strategy: typeof spr, engine: Engine): Promise<WeakRef<Replica>[]> {
  const application = requestReply.application(BODIES);
  const cluster = await TestCluster.start({ strategy, suite: SUITE, application, engine });
  const client = await TestClient.open(cluster.port, SUITE);
  expect(await client.exchange(get('0-1', 50))).toMatchObject({ status: 200 });
  cluster.kill(0);
  const after = await client.exchange(get('0-2', 50));
  expect(after === 'lost').toBe(strategy.expects.transport === 'reconnected');
  client.destroy();
  cluster.stop();
  return cluster.replicas.map((replica) => new WeakRef(replica));
}

function left(replicas: readonly WeakRef<Replica>[]): number {
  collectedMemory();
  return replicas.filter((replica) => replica.deref() !== undefined).length;
}

describe('replicas that have stopped', () => {
  it.each([
    { strategy: spr, engine: 'adopted' as const },
    { strategy: sessionResumption, engine: 'native' as const },
  ])('are kept alive by nothing: $strategy.id', async ({ strategy, engine }) => {
    const replicas = await lived(strategy, engine);
    expect(replicas).toHaveLength(2);
    // Sockets say that they are closed some turns later; what a WeakRef gives lives to the end of its turn.
    for (let turn = 0; turn < 20 && left(replicas) > 0; turn++) await nextTurn();
    expect(left(replicas)).toBe(0);
  });
});
