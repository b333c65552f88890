/** The load client against whole clusters in this process, in every protocol but HTTP/1.1, through a failure. */
import { afterEach, describe, expect, it } from 'vitest';
import { createSeededBytes } from '../../src/base/seeded-bytes.js';
import { LoadClient } from '../../src/bench/load-client.js';
import { loadProtocolOf } from '../../src/bench/load-protocol/load-protocol-of.js';
import { loadApplication } from '../../src/cluster/replica/workload-application.js';
import type { LoadReport } from '../../src/contracts/load.js';
import type { RecoveryStrategy } from '../../src/contracts/strategy.js';
import { notKeptReason, strategyFor } from '../../src/contracts/support.js';
import type { Application, MessageApplication, Workload } from '../../src/contracts/workload.js';
import { findSuite } from '../../src/tls/cipher-suites.js';
import { fullHandshake } from '../../strategies/full-handshake.js';
import { fullStateCopy } from '../../strategies/full-state-copy.js';
import { sessionResumption } from '../../strategies/session-resumption.js';
import { spr } from '../../strategies/spr.js';
import { http2 } from '../../workloads/http2.js';
import { websocket } from '../../workloads/websocket.js';
import { IDENTITY, TestCluster, until } from '../cluster/replica/harness.js';
import { loadConfig, SEED } from './load-support.js';

const SUITE = findSuite({ version: '1.3', name: 'aes-128-gcm', authentication: 'ecdsa' });
const CONNECTIONS = 3;
/** Before the failure, and after it: more than are under way at a time. */
const EXECUTIONS = 60;
const BODIES = createSeededBytes(SEED);

const running: { stop(): void }[] = [];
afterEach(() => {
  for (const each of running.splice(0).reverse()) each.stop();
});

interface Run {
  readonly report: LoadReport;
  readonly cluster: TestCluster;
}

/** A load on all connections, the failure of their primary in its middle, and the check of each connection at its end. */
async function run(
  workload: Workload,
  strategy: RecoveryStrategy,
  engine: 'adopted' | 'native' = 'adopted',
  fault: 'kill' | 'drain' = 'kill',
): Promise<Run> {
  const createApplication = await loadApplication(workload);
  const cluster = await TestCluster.start({
    strategy: strategyFor(strategy, workload),
    suite: SUITE,
    application: workload.application(BODIES),
    serve: (ledger) => createApplication(BODIES, ledger),
    engine,
  });
  const { caPem } = await IDENTITY;
  const config = loadConfig(cluster.port, caPem, {
    servername: 'localhost',
    options: { connections: CONNECTIONS, durationMs: 60_000, arrivals: 'closed' },
    onTransportLost: strategy.client.onTransportLost,
  });
  const client = new LoadClient(config, workload, await loadProtocolOf(workload));
  running.push(cluster, { stop: () => client.close() });
  await client.open();
  const clock = (): number => Number(process.hrtime.bigint() - BigInt(config.clockStartNs)) / 1e6;
  client.run(clock());
  const { executions } = cluster;
  await until(() => executions.length >= EXECUTIONS);
  const faultMs = clock();
  if (fault === 'kill') cluster.kill(0);
  else await cluster.drain(0);
  const before = executions.length;
  await until(() => executions.length >= before + EXECUTIONS);
  await client.stop(faultMs);
  return { report: client.report(), cluster };
}

/** By connection. */
function transportsOf({ transports }: LoadReport): number[] {
  return Array.from(
    { length: CONNECTIONS },
    (_, index) => transports.filter(({ connection }) => connection === index).length,
  );
}

function expectRightReplies({ corruptedBytes, requests }: LoadReport): void {
  expect(corruptedBytes).toBe(0);
  expect(requests.outcome.filter((outcome) => outcome === 'ok').length).toBeGreaterThan(3 * CONNECTIONS);
}

describe('WebSocket', () => {
  it.each([spr, fullStateCopy])('goes on with $id: no message is lost', async (strategy) => {
    const { report, cluster } = await run(websocket, strategy);
    expectRightReplies(report);
    expect(report.requests.outcome.filter((outcome) => outcome !== 'ok')).toEqual([]);
    expect(transportsOf(report)).toEqual([1, 1, 1]);
    expect([cluster.failed, cluster.takenOver.length, cluster.refused]).toEqual([[0], CONNECTIONS, []]);
  });

  it.each([
    { strategy: fullHandshake, engine: 'adopted' },
    { strategy: sessionResumption, engine: 'adopted' },
    { strategy: fullHandshake, engine: 'native' },
  ] as const)('is opened anew with $strategy.id, $engine: what was under way is lost', async (each) => {
    const { strategy, engine } = each;
    const { report } = await run(websocket, strategy, engine);
    expectRightReplies(report);
    expect(transportsOf(report)).toEqual([2, 2, 2]);
    const lost = report.requests.outcome.filter((outcome) => outcome !== 'ok').length;
    expect(lost).toBeGreaterThanOrEqual(CONNECTIONS);
    expect(lost).toBeLessThanOrEqual(CONNECTIONS * (websocket.requestsInFlight ?? 1));
  });

  it.each([
    ['comes twice', (send: Send, message: Buffer) => [send(message), send(message)]],
    ['has a place that is not its own', (send: Send, message: Buffer) => send(outOfOrder(message))],
    ['is wrong', (send: Send, message: Buffer) => send(flipped(message))],
    ['belongs to nobody', (send: Send) => send(Buffer.from('9-9 1/1\nnobody'))],
    ['is no reply at all', (send: Send) => send(Buffer.from('hello'))],
  ])('sees that a message %s', async (_what, disturb) => {
    const { corruptedBytes, requests } = await exchangeDisturbed(disturb);
    expect(corruptedBytes).toBeGreaterThan(0);
    expect(requests.outcome).toContain('failed');
  });

  it('says which message of a reply was missing', async () => {
    const { transports } = await exchangeDisturbed((send, message) => send(outOfOrder(message)));
    expect(transports.map(({ cause }) => cause)).toContain('message 2 of a reply came where 1 was due');
  });
});

type Send = (message: Buffer) => void;

/** Some messages to a server of which the fifth reply is another one. */
async function exchangeDisturbed(disturb: (send: Send, message: Buffer) => unknown): Promise<LoadReport> {
  let replies = 0;
  const messages = (bodies: typeof BODIES): MessageApplication => {
    const application = websocket.messages?.(bodies);
    if (application === undefined) throw new Error('the workload has no WebSocket');
    return (exchange) =>
      application({
        resumedFrom: undefined,
        recordExecution: (id) => exchange.recordExecution(id),
        checkpoint: () => true,
        end: (code, reason) => exchange.end(code, reason),
        send: (message) => {
          replies += 1;
          if (replies === 5) disturb((other) => exchange.send(other), message);
          else exchange.send(message);
        },
      });
  };
  const { report } = await run({ ...websocket, messages }, fullHandshake);
  return report;
}

/** The second part of a reply, before the first. */
function outOfOrder(message: Buffer): Buffer {
  return Buffer.from(message.toString('latin1').replace(' 1/1\n', ' 2/2\n'), 'latin1');
}

function flipped(message: Buffer): Buffer {
  const wrong = Buffer.from(message);
  wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1;
  return wrong;
}

describe('HTTP/2', () => {
  it.each([
    { strategy: fullHandshake, engine: 'adopted' },
    { strategy: sessionResumption, engine: 'adopted' },
    { strategy: fullHandshake, engine: 'native' },
    { strategy: spr, engine: 'adopted' },
    { strategy: fullStateCopy, engine: 'adopted' },
  ] as const)(
    'has many requests on a connection, which is reset with $strategy.id, $engine',
    async (each) => {
      const { strategy, engine } = each;
      const { report, cluster } = await run(http2, strategy, engine);
      expectRightReplies(report);
      expect(transportsOf(report)).toEqual([2, 2, 2]);
      expect(cluster.takenOver).toEqual([]);
      expect(mostAtOnce(report)).toBe(http2.requestsInFlight);
      const lost = report.requests.outcome.filter((outcome) => outcome !== 'ok').length;
      expect(lost).toBeLessThanOrEqual(CONNECTIONS * (http2.requestsInFlight ?? 1));
    },
  );

  it('finishes what is under way when the server goes away as planned, and connects again', async () => {
    const { report, cluster } = await run(
      { ...http2, application: slowly },
      fullHandshake,
      'adopted',
      'drain',
    );
    expectRightReplies(report);
    expect(transportsOf(report)).toEqual([2, 2, 2]);
    // What was on its way to the server when it said so may be refused. All that it had begun is answered.
    const { id, outcome } = report.requests;
    const failed = id.filter((_, row) => outcome[row] !== 'ok');
    expect(failed.filter((each) => cluster.executions.includes(each))).toEqual([]);
  });

  it('cannot be kept, and says why', () => {
    for (const strategy of [spr, fullStateCopy]) {
      expect(notKeptReason(strategy, http2)).toContain('HTTP/2');
      expect(strategyFor(strategy, http2)).toMatchObject({
        expects: { transport: 'reconnected', handshake: 'full' },
      });
      expect(notKeptReason(strategy, websocket)).toBeUndefined();
      expect(strategyFor(strategy, websocket)).toBe(strategy);
    }
    expect(notKeptReason(fullHandshake, http2)).toBeUndefined();
  });
});

/** Each request is begun at once, and answered some turns later. */
function slowly(bodies: typeof BODIES): Application {
  const application = http2.application(bodies);
  return (request, response, exchange) => {
    const id = /\d+-\d+/.exec(request.url ?? '')?.[0] ?? '';
    exchange.recordExecution(id);
    const begun = { ...exchange, recordExecution() {} };
    setTimeout(() => application(request, response, begun), Number(id.split('-')[1]) % 7);
  };
}

/** Requests of the first connection that were outstanding together. */
function mostAtOnce({ requests }: LoadReport): number {
  const own = requests.id.flatMap((_, row) =>
    requests.connection[row] === 0 && requests.outcome[row] === 'ok' ? row : [],
  );
  const pendingAt = (atMs: number): number =>
    own.filter((row) => (requests.sentMs[row] ?? 0) <= atMs && atMs < (requests.repliedMs[row] ?? 0)).length;
  return Math.max(...own.map((row) => pendingAt(requests.sentMs[row] ?? 0)));
}
