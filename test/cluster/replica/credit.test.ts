/** Credit for what is sent to a client is neither lost nor made up, however long a connection lives. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import type { RecoveryStrategy } from '../../../src/contracts/strategy.js';
import { type CipherSuite, findSuite } from '../../../src/tls/cipher-suites.js';
import { fullStateCopy } from '../../../strategies/full-state-copy.js';
import { spr } from '../../../strategies/spr.js';
import { bulkDownload } from '../../../workloads/bulk-download.js';
import { isTlsRecord, TestCluster } from './harness.js';
import { get, TestClient } from './test-client.js';

const MIB = 1024 * 1024;
const BODIES = createSeededBytes(8);
/** Between two looks at whether anything still moves. */
const LOOK_MS = 50;

const running: TestCluster[] = [];
afterEach(() => {
  for (const cluster of running.splice(0)) cluster.stop();
});

async function start(strategy: RecoveryStrategy, suite: CipherSuite): Promise<TestCluster> {
  const cluster = await TestCluster.start({
    strategy,
    suite,
    application: bulkDownload.application(BODIES),
  });
  running.push(cluster);
  return cluster;
}

async function expectDownload(client: TestClient, id: string, bytes: number): Promise<void> {
  const result = await client.reply();
  if (result === 'lost') throw new Error('the connection was lost');
  expect(result.content.length).toBe(bytes);
  expect(result.content.equals(expectedContent(id, bytes))).toBe(true);
}

function expectedContent(id: string, bytes: number): Buffer {
  const pieces: Buffer[] = [];
  for (let offset = 0; offset < bytes; offset += pieces.at(-1)?.length ?? bytes) {
    pieces.push(BODIES.slice(`reply:${id}`, offset, bytes - offset));
  }
  return Buffer.concat(pieces);
}

/** Resolves when the replica has stopped to send, because its client does not read. */
async function untilStopped(cluster: TestCluster): Promise<void> {
  for (let before = -1; cluster.passed(0).length > before || before <= 0; await sleep(LOOK_MS)) {
    before = cluster.passed(0).length;
  }
}

describe.each([
  ['TLS 1.3', findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' })],
  ['TLS 1.2', findSuite({ version: '1.2', name: 'aes-128-gcm', authentication: 'ecdsa' })],
] as const)('over %s', (_version, suite) => {
  describe.each([spr, fullStateCopy])('$id', (strategy) => {
    it('lasts for more records than what goes around them would use it up in', async () => {
      // Counted with it, the 28 bytes around each record would have used up half of the window, 128 KiB, after 4,681 records.
      const bytes = 96 * MIB;
      const cluster = await start(strategy, suite);
      const client = await TestClient.open(cluster.port, suite);
      client.send(get('0-1', bytes));
      await expectDownload(client, '0-1', bytes);
      expect(cluster.passed(0).filter(isTlsRecord).length).toBeGreaterThan(6000);
      client.destroy();
    });

    it('is kept when the client reads on while the backup still waits for the last of the primary', async () => {
      const bytes = 32 * MIB;
      const cluster = await start(strategy, suite);
      const client = await TestClient.open(cluster.port, suite);
      await client.secure();
      client.socket.pause();
      client.send(get('0-1', bytes));
      await untilStopped(cluster);
      // As if it hung: its link to the backup does not end by itself.
      cluster.director.fence(0, 'test');
      client.socket.resume();
      await expectDownload(client, '0-1', bytes);
      expect(cluster.takenOver).toHaveLength(1);
      client.destroy();
    });
  });
});
