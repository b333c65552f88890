/** Connections of the warm-up end at once, with requests under way, and nothing of them is counted afterwards. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { createIdentity } from '../../src/cluster/certificates.js';
import type * as ClusterModule from '../../src/cluster/cluster.js';
import { findSuite } from '../../src/tls/cipher-suites.js';
import { spr } from '../../strategies/spr.js';
import { Client } from './support/client.js';
import { temporaryFolder } from './support/folder.js';
import { ROOT } from './support/program.js';
import { SERVERNAME } from './support/server.js';

// Its processes are started from the compiled modules.
const { Cluster } = (await import(join(ROOT, 'dist/src/cluster/cluster.js'))) as typeof ClusterModule;

/** No machine stands still for so long. */
const WITHIN_MS = 60_000;

it('a replica forgets what it recorded when its connections have ended, and not before', async () => {
  const folder = temporaryFolder();
  const identity = await createIdentity({ key: 'ecdsa-p256', servername: SERVERNAME });
  const caPath = join(folder, 'ca.pem');
  writeFileSync(caPath, identity.caPem);
  const cluster = await Cluster.start({
    clockStartNs: process.hrtime.bigint(),
    replicas: 2,
    strategy: spr,
    strategySpecifier: spr.id,
    workloadSpecifier: 'request-reply',
    seed: 1,
    engine: 'adopted',
    tls: {
      version: '1.3',
      ciphers: findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' }).opensslName,
    },
    identity,
    rttMs: 0,
    folder,
    port: 0,
  });
  onTestFinished(() => cluster.end());
  const client = new Client({ port: cluster.port, caPath });
  onTestFinished(() => client.close());
  await client.check(100);
  let forgotten = false;
  const reset = cluster.resetReplicas(WITHIN_MS).then(() => {
    forgotten = true;
  });
  // Longer than an answer takes that waits for nothing.
  await sleep(200);
  expect(forgotten).toBe(false);
  await client.check(100);
  client.close();
  await reset;
  const { handshakes } = await cluster.collectReplica(0);
  expect(handshakes).toEqual([]);

  const stranger = new Client({ port: cluster.port, caPath });
  onTestFinished(() => stranger.close());
  await stranger.check(100);
  // It does not end, and nobody waits for it for ever.
  await cluster.resetReplicas(1);
  await stranger.check(100);
});
