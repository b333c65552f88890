import { afterEach, describe, expect, it } from 'vitest';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import type { RecoveryStrategy } from '../../../src/contracts/strategy.js';
import { findSuite } from '../../../src/tls/cipher-suites.js';
import { fullStateCopy } from '../../../strategies/full-state-copy.js';
import { spr } from '../../../strategies/spr.js';
import { eventStream } from '../../../workloads/event-stream.js';
import { eventBlock, formatEventTarget } from '../../../workloads/parts/events.js';
import { atEachCut, handshakeRecords } from './cuts.js';
import { TestCluster } from './harness.js';
import { TestClient } from './test-client.js';

const BODIES = createSeededBytes(5);
const SUITE = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
const STREAM = { connection: 0, seed: 7, everyMs: 4, bytes: 100, events: 12 };
const ALL_EVENTS = Array.from({ length: STREAM.events }, (_, index) =>
  eventBlock(STREAM, index, BODIES),
).join('');

const everythingIsDue = (): number => Number.POSITIVE_INFINITY;
/** Goes on when somebody looks at it: however slow the machine is, no event is due before those ahead of it have left. */
function steppingClock(): () => number {
  let nowMs = 0;
  return () => {
    nowMs += 1;
    return nowMs;
  };
}

const running: TestCluster[] = [];
afterEach(() => {
  for (const cluster of running.splice(0)) cluster.stop();
});

async function start(strategy: RecoveryStrategy, nowMs: () => number, replicas = 2): Promise<TestCluster> {
  const application = eventStream.application(BODIES, nowMs);
  const cluster = await TestCluster.start({ strategy, suite: SUITE, application, replicas });
  running.push(cluster);
  return cluster;
}

/** Reads the whole stream, without a word after the request: every event once, in order. */
async function readStream(cluster: TestCluster, startMs: number): Promise<void> {
  const client = await TestClient.open(cluster.port, SUITE);
  const result = await client.exchange(
    `GET ${formatEventTarget(STREAM)} HTTP/1.1\r\nHost: localhost\r\nEvents-Start: ${startMs}\r\n\r\n`,
  );
  expect(cluster.refused).toEqual([]);
  expect(result === 'lost' ? result : result.content.toString()).toBe(ALL_EVENTS);
  client.destroy();
}

describe.each([spr, fullStateCopy])('an event stream, $id', (strategy) => {
  it('goes on at the backup, whatever record the primary was cut off after', async () => {
    await atEachCut(
      () => start(strategy, everythingIsDue),
      (cluster) => readStream(cluster, 0),
    );
  });

  it('goes on in time at the backup although its client says nothing, also after a second failure', async () => {
    const undisturbed = await start(strategy, everythingIsDue);
    await readStream(undisturbed, 0);
    const handshake = handshakeRecords(undisturbed);
    const cluster = await start(strategy, steppingClock(), 3);
    cluster.plan(0, { after: handshake + 8, moment: 'at-once' });
    cluster.plan(1, { after: 8, moment: 'at-once' });
    await readStream(cluster, 0);
    expect(cluster.failed).toEqual([0, 1]);
  });
});
