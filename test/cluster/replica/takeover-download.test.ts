import { afterEach, describe, expect, it } from 'vitest';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import type { RecoveryStrategy } from '../../../src/contracts/strategy.js';
import { ControlType } from '../../../src/net/control-records.js';
import { type CipherSuite, findSuite } from '../../../src/tls/cipher-suites.js';
import { fullStateCopy } from '../../../strategies/full-state-copy.js';
import { spr } from '../../../strategies/spr.js';
import { bulkDownload } from '../../../workloads/bulk-download.js';
import { atEachCut } from './cuts.js';
import { TestCluster } from './harness.js';
import { get, type Result, TestClient } from './test-client.js';

const BODIES = createSeededBytes(5);
const REPLY_BYTES = 1024 * 1024;
const REQUEST = get('0-1', REPLY_BYTES);

const running: TestCluster[] = [];
afterEach(() => {
  for (const cluster of running.splice(0)) cluster.stop();
});

async function start(strategy: RecoveryStrategy, suite: CipherSuite, replicas = 2): Promise<TestCluster> {
  const cluster = await TestCluster.start({
    strategy,
    suite,
    application: bulkDownload.application(BODIES),
    replicas,
  });
  running.push(cluster);
  return cluster;
}

function expectReply(result: Result): void {
  if (result === 'lost') throw new Error('the connection was lost');
  expect(result.content.length).toBe(REPLY_BYTES);
  expect(result.content.equals(expectedContent())).toBe(true);
}

function expectedContent(): Buffer {
  const first = BODIES.slice('reply:0-1', 0, REPLY_BYTES);
  return Buffer.concat([first, BODIES.slice('reply:0-1', first.length, REPLY_BYTES)]).subarray(
    0,
    REPLY_BYTES,
  );
}

describe.each([
  ['TLS 1.3', findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' }), 1],
  ['TLS 1.2', findSuite({ version: '1.2', name: 'chacha20-poly1305', authentication: 'ecdsa' }), 3],
] as const)('a download of 1 MiB over %s', (_version, suite, step) => {
  describe.each([spr, fullStateCopy])('$id', (strategy) => {
    it('goes on bit for bit, whatever record the primary was cut off after', async () => {
      const download = async ({ port }: TestCluster): Promise<void> => {
        const client = await TestClient.open(port, suite);
        expectReply(await client.exchange(REQUEST));
        client.destroy();
      };
      await atEachCut(() => start(strategy, suite), download, step);
    });

    it('commits at its checkpoints, and is then not executed from its beginning', async () => {
      const cluster = await start(strategy, suite);
      // Behind the second checkpoint, 512 KiB.
      cluster.plan(0, { after: 50, moment: 'on-next' });
      const client = await TestClient.open(cluster.port, suite);
      expectReply(await client.exchange(REQUEST));
      const commits = cluster.passed(0).filter((type) => type === ControlType.commit);
      expect(commits.length).toBeGreaterThanOrEqual(3);
      expect(cluster.executions).toEqual(['0-1']);
      client.destroy();
    });

    it('survives a second failure in the middle of what the first backup sends', async () => {
      const cluster = await start(strategy, suite, 3);
      cluster.plan(0, { after: 30, moment: 'on-next' });
      cluster.plan(1, { after: 20, moment: 'on-next' });
      const client = await TestClient.open(cluster.port, suite);
      expectReply(await client.exchange(REQUEST));
      expect(cluster.failed).toEqual([0, 1]);
      client.destroy();
    });

    it('survives a first backup that dies while it tells the next one what it has taken over', async () => {
      for (const [after, told] of [10, 20, 30, 40].flatMap((each) => [2, 3, 4].map((told) => [each, told]))) {
        const cluster = await start(strategy, suite, 3);
        cluster.plan(0, { after: after ?? 0, moment: 'on-next' });
        // The greeting of the link, and the first message; of some strategies further ones.
        cluster.planLink(1, 2, { after: told ?? 0, moment: 'at-once' });
        const client = await TestClient.open(cluster.port, suite);
        expectReply(await client.exchange(REQUEST));
        client.destroy();
        cluster.stop();
      }
    });
  });
});
