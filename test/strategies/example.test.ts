import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { createSeededBytes } from '../../src/base/seeded-bytes.js';
import { findSuite } from '../../src/tls/cipher-suites.js';
import { loadStrategy } from '../../strategies/index.js';
import { requestReply } from '../../workloads/request-reply.js';
import { TestCluster, until } from '../cluster/replica/harness.js';
import { get, TestClient } from '../cluster/replica/test-client.js';
import { describeStrategy } from './conformance.js';

const FOLDER = fileURLToPath(new URL('../../examples/strategies/', import.meta.url));
const SUITE = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
const strategy = await loadStrategy(join(FOLDER, 'eager-spr.js'));

const running: TestCluster[] = [];
afterAll(() => {
  for (const cluster of running) cluster.stop();
});

describeStrategy(strategy);

it('takes idle flows over before their clients speak', async () => {
  expect(strategy.id).toBe('eager-spr');
  const application = requestReply.application(createSeededBytes(1));
  const cluster = await TestCluster.start({ strategy, suite: SUITE, application });
  running.push(cluster);
  const client = await TestClient.open(cluster.port, SUITE);
  expect(await client.exchange(get('0-1', 10))).toMatchObject({ status: 200 });
  cluster.kill(0);
  await until(() => cluster.takenOver.length === 1);
  expect(await client.exchange(get('0-2', 10))).toMatchObject({ status: 200 });
  client.destroy();
});
