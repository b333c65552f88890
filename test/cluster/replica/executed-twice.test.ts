/**
 * One POST on a connection that has been used before, and a primary that is cut off at every point of it: how often is the
 * request executed, and what does its client know? The table in `docs/executed-twice.md` is what this test finds.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSeededBytes } from '../../../src/base/seeded-bytes.js';
import type { RecoveryStrategy } from '../../../src/contracts/strategy.js';
import type { Application } from '../../../src/contracts/workload.js';
import { ControlType } from '../../../src/net/control-records.js';
import { findSuite, type TlsVersion } from '../../../src/tls/cipher-suites.js';
import { STRATEGIES } from '../../../strategies/index.js';
import { requestReply } from '../../../workloads/request-reply.js';
import { type Cut, TestCluster, until } from './harness.js';
import { get, post, TestClient } from './test-client.js';

const BODIES = createSeededBytes(3);
const REPLY_BYTES = 500;
const POST_ID = '0-1';
const POST = post(POST_ID, REPLY_BYTES, BODIES.slice(`request:${POST_ID}`, 0, 64));
const DOCUMENT_NAME = 'executed-twice.md';
const DOCUMENT = new URL(`../../../docs/${DOCUMENT_NAME}`, import.meta.url);

const running: TestCluster[] = [];
afterAll(() => {
  for (const cluster of running.splice(0)) cluster.stop();
});

/** Where the primary is cut off. */
interface FaultPoint {
  readonly name: string;
  /** Arranges for it on a cluster whose connection has been used before. */
  arm(cluster: TestCluster): void;
  /** What happens inside of the execution: nothing of it has left the process. */
  executed?(cluster: TestCluster): void;
}

interface Observed {
  readonly point: string;
  /** Of the POST, on all replicas together. */
  readonly executions: number;
  /** The same when its client got the reply; undefined when it got none. */
  readonly executionsWhenAnswered: number | undefined;
  /** Whether its client got the whole, right reply. */
  readonly answered: boolean;
  /** Whether the next request on the connection was answered. */
  readonly kept: boolean;
}

/** The undisturbed exchange, as the wires of the primary see it. */
interface Course {
  /** Records on the trunk. */
  readonly records: number;
  /** Frames on the replication link. */
  readonly frames: number;
}

async function start(
  strategy: RecoveryStrategy,
  version: TlsVersion,
  executed: (cluster: TestCluster) => void = () => {},
): Promise<{ cluster: TestCluster; client: TestClient }> {
  const suite = findSuite({ version, name: 'aes-128-gcm', authentication: 'ecdsa' });
  const application: Application = (request, response, exchange) =>
    requestReply.application(BODIES)(request, response, {
      resumedFrom: exchange.resumedFrom,
      checkpoint: (state) => exchange.checkpoint(state),
      recordExecution: (id) => {
        exchange.recordExecution(id);
        if (id === POST_ID && cluster.executions.length === 2) executed(cluster);
      },
    });
  const cluster: TestCluster = await TestCluster.start({ strategy, suite, application });
  running.push(cluster);
  const client = await TestClient.open(cluster.port, suite);
  // A connection in the middle of its life: the handshake and its windows are the subject of other tests.
  await client.exchange(get('0-0', REPLY_BYTES));
  await settled(cluster);
  return { cluster, client };
}

/** Nothing of the exchange is under way any more: its commit is the last thing, and waits for what was replicated. */
async function settled(cluster: TestCluster): Promise<void> {
  await until(() => cluster.passed(0).at(-1) === ControlType.commit);
}

async function undisturbed(strategy: RecoveryStrategy, version: TlsVersion): Promise<Course> {
  const { cluster, client } = await start(strategy, version);
  const frames = (): number => (strategy.primary === undefined ? 0 : cluster.replicated(0, 1));
  const before = { records: cluster.passed(0).length, frames: frames() };
  expect(await client.exchange(POST)).toMatchObject({ status: 200 });
  await settled(cluster);
  client.destroy();
  return {
    records: cluster.passed(0).length - before.records,
    frames: frames() - before.frames,
  };
}

/** In the order in which an exchange passes them. */
function faultPoints({ records, frames }: Course): FaultPoint[] {
  const points: FaultPoint[] = [
    { name: 'before the request is read', arm: (cluster) => cluster.kill(0) },
    { name: 'right after it was executed', arm: () => {}, executed: (cluster) => cluster.kill(0) },
  ];
  if (frames > 0) points.push(SILENT_LINK);
  for (let frame = 1; frame <= frames; frame++) {
    const place = `frame ${frame} of ${frames} to the backup`;
    points.push(
      linkPoint(`before ${place}`, { after: frame - 1, moment: 'on-next' }),
      linkPoint(`right after ${place}`, { after: frame, moment: 'at-once' }),
    );
  }
  for (let record = 1; record <= records; record++) {
    const place = `record ${record} of ${records} to the director`;
    points.push(
      trunkPoint(`before ${place}`, { after: record - 1, moment: 'on-next' }),
      trunkPoint(`right after ${place}`, { after: record, moment: 'at-once' }),
    );
  }
  return points;
}

/** Turns of the event loop, each of which takes bytes one hop further: far more hops than there are. */
const MANY_TURNS = 100;

/** A reply that waits for its backup never leaves; one that does not wait is cut off when it has. */
const SILENT_LINK: FaultPoint = {
  name: 'while nothing reaches the backup',
  arm: (cluster) => {
    cluster.silenceLink(0, 1);
    cluster.plan(0, { after: cluster.passed(0).length + 1, moment: 'at-once' });
  },
  executed: (cluster) => {
    const killLater = (turns: number): void => {
      if (turns === 0) cluster.kill(0);
      else setImmediate(() => killLater(turns - 1));
    };
    killLater(MANY_TURNS);
  },
};

function linkPoint(name: string, { after, moment }: Cut): FaultPoint {
  return {
    name,
    arm: (cluster) => cluster.planLink(0, 1, { after: cluster.replicated(0, 1) + after, moment }),
  };
}

function trunkPoint(name: string, { after, moment }: Cut): FaultPoint {
  return { name, arm: (cluster) => cluster.plan(0, { after: cluster.passed(0).length + after, moment }) };
}

async function observe(
  strategy: RecoveryStrategy,
  version: TlsVersion,
  point: FaultPoint,
): Promise<Observed> {
  const { cluster, client } = await start(strategy, version, (each) => point.executed?.(each));
  const executionsNow = (): number => cluster.executions.filter((id) => id === POST_ID).length;
  point.arm(cluster);
  const result = await client.exchange(POST);
  const executionsWhenAnswered = result === 'lost' ? undefined : executionsNow();
  await until(() => cluster.failed.includes(0));
  const next = result === 'lost' ? result : await client.exchange(get('0-2', REPLY_BYTES));
  client.destroy();
  const answered = result !== 'lost';
  if (answered) {
    expect(result).toEqual({ status: 200, content: BODIES.slice(`reply:${POST_ID}`, 0, REPLY_BYTES) });
  }
  cluster.stop();
  const kept = next !== 'lost';
  return { point: point.name, executions: executionsNow(), executionsWhenAnswered, answered, kept };
}

async function sweep(strategy: RecoveryStrategy, version: TlsVersion): Promise<Observed[]> {
  const seen: Observed[] = [];
  for (const point of faultPoints(await undisturbed(strategy, version))) {
    seen.push(await observe(strategy, version, point));
  }
  return seen;
}

/** Executed twice: nobody who is left can know that it was executed before. */
const TWICE: Readonly<Record<string, readonly string[]>> = {
  'full-handshake': [],
  'session-resumption': [],
  'full-state-copy': [
    'right after it was executed',
    'while nothing reaches the backup',
    'before frame 1 of 3 to the backup',
    'right after frame 1 of 3 to the backup',
    'before frame 2 of 3 to the backup',
  ],
  spr: [
    'right after it was executed',
    'while nothing reaches the backup',
    'before frame 1 of 1 to the backup',
  ],
};
const LOST_WITH_THE_CONNECTION = [
  'before the request is read',
  'right after it was executed',
  'before record 1 of 2 to the director',
];
/** Not answered: the client cannot know whether it was executed. */
const IN_DOUBT: Readonly<Record<string, readonly string[]>> = {
  'full-handshake': LOST_WITH_THE_CONNECTION,
  'session-resumption': LOST_WITH_THE_CONNECTION,
  'full-state-copy': [],
  spr: [],
};

function pointsOf(seen: readonly Observed[], condition: (each: Observed) => boolean): string[] {
  return seen.filter(condition).map(({ point }) => point);
}

/** One row of the table in the document. */
function tableRow(id: string, seen: readonly Observed[]): string {
  const once = seen.filter(({ executions, answered }) => executions === 1 && answered).length;
  const twice = pointsOf(seen, ({ executions }) => executions > 1);
  const inDoubt = seen
    .filter(({ answered }) => !answered)
    .map(({ point, executions }) => `${point} (executed ${executions === 0 ? 'never' : 'once'})`);
  const list = (points: readonly string[]): string =>
    points.length === 0 ? 'none' : `${points.length}: ${points.join('; ')}`;
  return `| \`${id}\` | ${seen.length} | ${once} | ${list(twice)} | ${list(inDoubt)} |`;
}

describe.each(STRATEGIES)('$id', (strategy) => {
  describe.each<TlsVersion>(['1.3', '1.2'])('TLS %s', (version) => {
    let seen: readonly Observed[] = [];

    beforeAll(async () => {
      seen = await sweep(strategy, version);
    });

    it('executes the request twice at these points, and at no others', () => {
      expect(pointsOf(seen, ({ executions }) => executions > 1)).toEqual(TWICE[strategy.id]);
      expect(Math.max(...seen.map(({ executions }) => executions))).toBeLessThanOrEqual(2);
    });

    it('leaves the client in doubt at these points, and at no others', () => {
      expect(pointsOf(seen, ({ answered }) => !answered)).toEqual(IN_DOUBT[strategy.id]);
    });

    it('has executed what it answers, and never executes it again after that', () => {
      for (const { point, executions, executionsWhenAnswered } of seen) {
        if (executionsWhenAnswered === undefined) continue;
        expect({ point, executions: executionsWhenAnswered }).toEqual({ point, executions });
        expect(executions).toBeGreaterThan(0);
      }
    });

    it('keeps the connection exactly if it promises to, whatever the point', () => {
      const keeps = strategy.expects.transport === 'kept';
      expect(pointsOf(seen, ({ kept }) => kept !== keeps)).toEqual([]);
    });

    it('is in the document as it was found here', () => {
      expect(readFileSync(DOCUMENT, 'utf8')).toContain(`${tableRow(strategy.id, seen)}\n`);
    });
  });
});
