/** A primary that only hangs is replaced, and stays replaced when it wakes up: nothing of it reaches a client. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { isMissing } from './support/program.js';
import { replyContent, replyTarget } from './support/replies.js';
import { OpensslSession } from './support/s-client.js';
import { ServeProcess } from './support/server.js';
import { Wrk } from './support/wrk.js';

const KEEPING = ['spr', 'full-state-copy'];
const CONNECTIONS = 50;

async function startServer(strategy: string): Promise<ServeProcess> {
  const server = await ServeProcess.start('--strategy', strategy);
  // A stopped process would survive a test that failed.
  onTestFinished(() => server.destroy());
  return server;
}

describe.skipIf(isMissing('openssl'))('one connection', () => {
  it.each(KEEPING)(
    'is answered by the backup, before and after the primary wakes up: %s',
    async (strategy) => {
      const server = await startServer(strategy);
      const session = new OpensslSession(server, '1.3');
      onTestFinished(() => session.destroy());
      await session.untilReady();
      expect(await session.get(replyTarget('1-0', 500))).toEqual(replyContent('1-0', 500));
      server.signalReplica(0, 'SIGSTOP');
      // Sent to the primary, which does not run: the backup answers it from the journal.
      expect(await session.get(replyTarget('1-1', 40_000))).toEqual(replyContent('1-1', 40_000));
      expect(server.output).toContain('replica 0 failed: missed-heartbeats');
      server.signalReplica(0, 'SIGCONT');
      for (const id of ['1-2', '1-3', '1-4']) {
        expect(await session.get(replyTarget(id, 500))).toEqual(replyContent(id, 500));
      }
      await server.stop();
    },
  );
});

describe.skipIf(isMissing('wrk'))('under load', () => {
  it.each(KEEPING)('no connection is lost and no byte is wrong: %s', async (strategy) => {
    const server = await startServer(strategy);
    const wrk = new Wrk(server, CONNECTIONS);
    onTestFinished(() => wrk.destroy());
    await wrk.untilReplies(10 * CONNECTIONS);
    server.signalReplica(0, 'SIGSTOP');
    await server.untilFailureIsDetected(0);
    await wrk.untilReplies(wrk.replies + 3 * CONNECTIONS);
    server.signalReplica(0, 'SIGCONT');
    await wrk.untilReplies(wrk.replies + 20 * CONNECTIONS);
    const statistics = await wrk.stop();
    // Replies were late by the time of detection, which wrk counts as a time-out.
    expect(statistics).not.toMatch(/Socket errors: (?!connect 0, read 0, write 0,)|Non-2xx|wrong reply/);
    await server.stop();
  });
});
