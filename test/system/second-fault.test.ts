/** A second fault, during or after the recovery from the first, is survived as long as a replica with the state lives. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { isMissing } from './support/program.js';
import { replyContent, replyTarget } from './support/replies.js';
import { OpensslSession } from './support/s-client.js';
import { ServeProcess } from './support/server.js';
import { Wrk } from './support/wrk.js';

const KEEPING = ['spr', 'full-state-copy'];
const CONNECTIONS = 100;
/** One request per connection is in flight: more replies than that come from whoever serves now. */
const REPLIES_BETWEEN = 3 * CONNECTIONS;

/** Deaths end the trunk at once; many handshakes on a busy machine can silence a replica for seconds. */
const PATIENCE = ['--heartbeat-missed', '300'];

async function startServer(strategy: string, replicas: number): Promise<ServeProcess> {
  const server = await ServeProcess.start(
    '--strategy',
    strategy,
    '--replicas',
    String(replicas),
    ...PATIENCE,
  );
  onTestFinished(() => server.destroy());
  return server;
}

describe.skipIf(isMissing('wrk'))('under load', () => {
  async function killInTurn(strategy: string, replicas: number, victims: readonly number[]): Promise<string> {
    const server = await startServer(strategy, replicas);
    const wrk = new Wrk(server, CONNECTIONS);
    onTestFinished(() => wrk.destroy());
    for (const victim of victims) {
      await wrk.untilReplies(wrk.replies + REPLIES_BETWEEN);
      server.killReplica(victim);
      await server.untilFailureIsDetected(victim);
    }
    await wrk.untilReplies(wrk.replies + REPLIES_BETWEEN);
    const statistics = await wrk.stop();
    await server.stop();
    return statistics;
  }

  it.each(KEEPING)('the replica that took over dies too: %s', async (strategy) => {
    const statistics = await killInTurn(strategy, 4, [0, 1, 2]);
    expect(statistics).not.toMatch(/Socket errors|Non-2xx|wrong reply/);
  });

  it.each(KEEPING)('the backup dies before its primary: %s', async (strategy) => {
    const statistics = await killInTurn(strategy, 3, [1, 0]);
    expect(statistics).not.toMatch(/Socket errors|Non-2xx|wrong reply/);
  });

  it('primary and backup die at once: the flows are reset, and new ones are served', async () => {
    const server = await startServer('spr', 3);
    const wrk = new Wrk(server, CONNECTIONS);
    onTestFinished(() => wrk.destroy());
    await wrk.untilReplies(REPLIES_BETWEEN);
    server.killReplica(1);
    server.killReplica(0);
    await server.untilFailureIsDetected(0);
    await server.untilFailureIsDetected(1);
    await wrk.untilReplies(wrk.replies + REPLIES_BETWEEN);
    expect(await wrk.stop()).not.toMatch(/Non-2xx|wrong reply/);
    await server.stop();
  });
});

describe.skipIf(isMissing('openssl'))('idle', () => {
  /** A connection with one request answered. */
  async function openSession(server: ServeProcess): Promise<OpensslSession> {
    const session = new OpensslSession(server, '1.3');
    onTestFinished(() => session.destroy());
    await session.untilReady();
    expect(await session.get(replyTarget('1-0', 500))).toEqual(replyContent('1-0', 500));
    return session;
  }

  it.each(KEEPING)('a connection that nobody has touched since the first fault: %s', async (strategy) => {
    const server = await startServer(strategy, 3);
    const session = await openSession(server);
    server.killReplica(0);
    await server.untilFailureIsDetected(0);
    // What replica 1 was told to pass on, it was told before it was given this one.
    await openSession(server);
    server.killReplica(1);
    await server.untilFailureIsDetected(1);
    expect(await session.get(replyTarget('1-1', 40_000))).toEqual(replyContent('1-1', 40_000));
    await server.stop();
  });
});
