import { crc32 } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import { MAX_JOURNAL_BYTES } from '../../../src/cluster/director/journal.js';
import type { RecoveryStrategy } from '../../../src/contracts/strategy.js';
import { ControlType } from '../../../src/net/control-records.js';
import { findSuite } from '../../../src/tls/cipher-suites.js';
import { fullStateCopy } from '../../../strategies/full-state-copy.js';
import { spr } from '../../../strategies/spr.js';
import { bulkUpload } from '../../../workloads/bulk-upload.js';
import { atEachCut, handshakeRecords } from './cuts.js';
import { TestCluster } from './harness.js';
import { TestClient } from './test-client.js';

const BODIES = createSeededBytes(5);
const SUITE = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
/** More than the journal holds: without commits in the middle it could not be taken over. */
const UPLOAD_BYTES = 2 * MAX_JOURNAL_BYTES + 12_345;
const CONTENT = content();
const REQUEST = Buffer.concat([
  Buffer.from(
    `PUT /upload/0-1?bytes=${UPLOAD_BYTES} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${UPLOAD_BYTES}\r\n\r\n`,
  ),
  CONTENT,
]);
const RECEIPT = `received ${UPLOAD_BYTES} bytes, CRC-32 ${crc32(CONTENT).toString(16).padStart(8, '0')}\n`;

const running: TestCluster[] = [];
afterEach(() => {
  for (const cluster of running.splice(0)) cluster.stop();
});

function content(): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < UPLOAD_BYTES; ) {
    const piece = BODIES.slice('request:0-1', at, UPLOAD_BYTES - at);
    pieces.push(piece);
    at += piece.length;
  }
  return Buffer.concat(pieces);
}

async function start(strategy: RecoveryStrategy, replicas = 2): Promise<TestCluster> {
  const cluster = await TestCluster.start({
    strategy,
    suite: SUITE,
    application: bulkUpload.application(BODIES),
    replicas,
  });
  running.push(cluster);
  return cluster;
}

/** Uploads once; the receipt has to be that of all bytes. */
async function upload(cluster: TestCluster): Promise<void> {
  const client = await TestClient.open(cluster.port, SUITE);
  const result = await client.exchange(REQUEST);
  expect(cluster.refused).toEqual([]);
  expect(result === 'lost' ? result : result.content.toString()).toBe(RECEIPT);
  client.destroy();
}

const commitsOf = (cluster: TestCluster, index: number): number =>
  cluster.passed(index).filter((type) => type === ControlType.commit).length;

describe.each([spr, fullStateCopy])('an upload that is longer than the journal, $id', (strategy) => {
  it('is received whole, and committed on the way', async () => {
    const cluster = await start(strategy);
    await upload(cluster);
    // One per 256 KiB, that of the handshake and that of the reply.
    expect(commitsOf(cluster, 0)).toBeGreaterThanOrEqual(2 + Math.floor(UPLOAD_BYTES / (256 * 1024)) - 1);
    expect(cluster.executions).toEqual(['0-1']);
  });

  it('goes on at the backup, whatever record the primary was cut off after', async () => {
    await atEachCut(
      () => start(strategy),
      async (cluster) => {
        await upload(cluster);
        expect(new Set(cluster.executions)).toEqual(new Set(['0-1']));
      },
    );
  });

  it('survives a second failure before the first backup has committed anything, and one after it has', async () => {
    const first = await start(strategy);
    await upload(first);
    const handshake = handshakeRecords(first);
    for (const after of [1, 5]) {
      const cluster = await start(strategy, 3);
      cluster.plan(0, { after: handshake + 6, moment: 'on-next' });
      cluster.plan(1, { after, moment: 'on-next' });
      await upload(cluster);
      expect(cluster.failed).toEqual([0, 1]);
    }
  });

  it('survives a first backup that dies while it tells the next one what it has taken over', async () => {
    const first = await start(strategy);
    await upload(first);
    const handshake = handshakeRecords(first);
    // The greeting of the link, and the first message; of some strategies further ones.
    for (const after of [2, 3, 4]) {
      const cluster = await start(strategy, 3);
      cluster.plan(0, { after: handshake + 6, moment: 'on-next' });
      cluster.planLink(1, 2, { after, moment: 'at-once' });
      await upload(cluster);
      expect(cluster.failed.slice(0, after === 2 ? 2 : 1)).toEqual(after === 2 ? [0, 1] : [0]);
    }
  });
});

describe('an upload whose application does not say what it has taken', () => {
  it('is too long to be taken over', async () => {
    const cluster = await TestCluster.start({
      strategy: spr,
      suite: SUITE,
      application: (request, response, exchange) =>
        bulkUpload.application(BODIES)(request, response, {
          resumedFrom: exchange.resumedFrom,
          recordExecution: (id) => exchange.recordExecution(id),
          checkpoint: () => {},
        }),
    });
    running.push(cluster);
    // Nothing but credit and the commit of the handshake comes before the reply.
    const undisturbed = await TestClient.open(cluster.port, SUITE);
    expect(await undisturbed.exchange(REQUEST)).not.toBe('lost');
    const records = cluster.passed(0).length;
    const again = await TestClient.open(cluster.port, SUITE);
    cluster.plan(0, { after: records + records - 2, moment: 'on-next' });
    expect(await again.exchange(REQUEST)).toBe('lost');
  });
});
