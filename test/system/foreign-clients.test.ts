/** TLS clients that know nothing of this project, while the replica that serves them is killed. */
import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { once } from '../fixtures/once.js';
import { PausedDownload } from './support/download.js';
import { isMissing } from './support/program.js';
import { replyContent, replyTarget } from './support/replies.js';
import { OpensslSession } from './support/s-client.js';
import { ServeProcess } from './support/server.js';
import { Wrk } from './support/wrk.js';

const withoutWrk = isMissing('wrk');
const withoutCurl = isMissing('curl');
const withoutOpenssl = isMissing('openssl');

const VERSIONS = ['1.3', '1.2'];
const KEEPING = ['spr', 'full-state-copy'];
const CASES = VERSIONS.flatMap((tls) => KEEPING.map((strategy) => ({ tls, strategy })));

/** Replies of each connection before the fault: by then the handshakes of all of them are over. */
const REPLIES_BEFORE = 10;
/** More than what can still be under way of the dead primary's: one request per connection is in flight. */
const REPLIES_AFTER = 3;
const MIB = 1024 * 1024;
/** Above all that the kernel and the processes between buffer: the fault is in the middle for certain. */
const DOWNLOAD_BYTES = 64 * MIB;
/** 38,400 records: a few bytes too few of credit for each of them would have stopped it before its end. */
const LONG_DOWNLOAD_BYTES = 600 * MIB;

/** SHA-256 of the content of each download, in hex: it is the same for all of them. */
const downloadDigest = once(() => {
  const content = replyContent('1-0', DOWNLOAD_BYTES);
  return createHash('sha256').update(content).digest('hex');
});

/** Deaths end the trunk at once; hundreds of handshakes on a busy machine can silence a replica for seconds. */
const PATIENCE = ['--heartbeat-missed', '300'];

async function startServer(...args: string[]): Promise<ServeProcess> {
  const server = await ServeProcess.start(...PATIENCE, ...args);
  onTestFinished(() => server.destroy());
  return server;
}

/** Runs `wrk`, kills the primary under load, and returns the statistics after enough further replies of each connection. */
async function wrkThroughKill(
  server: ServeProcess,
  connections: number,
  repliesAfter = REPLIES_AFTER,
): Promise<string> {
  const wrk = new Wrk(server, connections);
  onTestFinished(() => wrk.destroy());
  await wrk.untilReplies(REPLIES_BEFORE * connections);
  server.killPrimary();
  await server.untilFailureIsDetected();
  await wrk.untilReplies(wrk.replies + repliesAfter * connections);
  return wrk.stop();
}

describe.skipIf(withoutWrk)('wrk', () => {
  const cases = CASES.flatMap((each) => [32, 500].map((connections) => ({ ...each, connections })));
  it.each(cases)('with $connections connections notices nothing: $strategy, TLS $tls', async (each) => {
    const server = await startServer('--strategy', each.strategy, '--tls', each.tls);
    const statistics = await wrkThroughKill(server, each.connections);
    expect(statistics).toMatch(/ requests in /);
    expect(statistics).not.toMatch(/Socket errors|Non-2xx|wrong reply/);
    expect(server.output).toContain('replica 0 failed');
    await server.stop();
  });

  it('sees its connections reset where they are not kept', async () => {
    const server = await startServer('--strategy', 'full-handshake');
    // The failure is told before the last connection has been reset, and replies of the time before may not be read yet.
    const statistics = await wrkThroughKill(server, 32, 100);
    // Who is just sending sees the reset there.
    const [, read, write] = /Socket errors: .*read (\d+), write (\d+)/.exec(statistics) ?? [];
    expect(Number(read) + Number(write), statistics).toBeGreaterThanOrEqual(32);
    expect(statistics).not.toMatch(/wrong reply/);
    await server.stop();
  });
});

describe.skipIf(withoutCurl)('curl, with backups that begin with a key of their own', () => {
  it.each(CASES)('completes a download: $strategy, TLS $tls', async ({ strategy, tls }) => {
    const options = ['--strategy', strategy, '--tls', tls, '--workload', 'bulk-download', '--rekey'];
    const server = await startServer(...options, '--replicas', '3');
    const download = new PausedDownload(server, replyTarget('1-0', DOWNLOAD_BYTES));
    onTestFinished(() => download.destroy());
    for (const [replica, bytes] of [MIB, 2 * MIB].entries()) {
      await download.read(bytes);
      server.killReplica(replica);
      await server.untilFailureIsDetected(replica);
    }
    const expected = { code: 0, stderr: 'connections 1', digest: downloadDigest() };
    expect(await download.finish()).toEqual(expected);
    await server.stop();
  });
});

describe.skipIf(withoutCurl)('curl', () => {
  it.each(CASES)('completes a download on one connection: $strategy, TLS $tls', async ({ strategy, tls }) => {
    const server = await startServer('--strategy', strategy, '--tls', tls, '--workload', 'bulk-download');
    const download = new PausedDownload(server, replyTarget('1-0', DOWNLOAD_BYTES));
    onTestFinished(() => download.destroy());
    await download.read(MIB);
    server.killPrimary();
    await server.untilFailureIsDetected();
    const expected = { code: 0, stderr: 'connections 1', digest: downloadDigest() };
    expect(await download.finish()).toEqual(expected);
    expect(download.receivedBytes).toBe(DOWNLOAD_BYTES);
    await server.stop();
  });
});

describe.skipIf(withoutCurl)('curl, for long', () => {
  it.each(KEEPING)('gets all of what it asks for: %s', async (strategy) => {
    const server = await startServer('--strategy', strategy, '--workload', 'bulk-download');
    const download = new PausedDownload(server, replyTarget('1-0', LONG_DOWNLOAD_BYTES));
    onTestFinished(() => download.destroy());
    expect(await download.finish()).toMatchObject({ code: 0, stderr: 'connections 1' });
    expect(download.receivedBytes).toBe(LONG_DOWNLOAD_BYTES);
    await server.stop();
  });
});

describe.skipIf(withoutOpenssl)('openssl s_client', () => {
  it.each(CASES)('goes on with its session: $strategy, TLS $tls', async ({ strategy, tls }) => {
    const server = await startServer('--strategy', strategy, '--tls', tls);
    const session = await openSession(server, tls);
    expect(await session.get(replyTarget('1-0', 500))).toEqual(replyContent('1-0', 500));
    server.killPrimary();
    await server.untilFailureIsDetected();
    expect(await session.get(replyTarget('1-1', 40_000))).toEqual(replyContent('1-1', 40_000));
    expect(await session.get(replyTarget('1-2', 1))).toEqual(replyContent('1-2', 1));
    await server.stop();
  });

  it.each(CASES)(
    'goes on with backups that begin with a key of their own: $strategy, TLS $tls',
    async (each) => {
      const { strategy, tls } = each;
      const server = await startServer('--strategy', strategy, '--tls', tls, '--rekey', '--replicas', '3');
      const session = await openSession(server, tls);
      for (const replica of [0, 1]) {
        expect(await session.get(replyTarget(`1-${replica}`, 500))).toEqual(
          replyContent(`1-${replica}`, 500),
        );
        server.killReplica(replica);
        await server.untilFailureIsDetected(replica);
      }
      expect(await session.get(replyTarget('1-2', 40_000))).toEqual(replyContent('1-2', 40_000));
      await server.stop();
    },
  );

  it.each(KEEPING)('goes on with keys that it updated: %s', async (strategy) => {
    const server = await startServer('--strategy', strategy);
    const session = await openSession(server, '1.3');
    await session.updateKeys();
    expect(await session.get(replyTarget('1-0', 500))).toEqual(replyContent('1-0', 500));
    server.killPrimary();
    await server.untilFailureIsDetected();
    expect(await session.get(replyTarget('1-1', 40_000))).toEqual(replyContent('1-1', 40_000));
    await session.updateKeys();
    expect(await session.get(replyTarget('1-2', 500))).toEqual(replyContent('1-2', 500));
    await server.stop();
  });
});

async function openSession(server: ServeProcess, tls: string): Promise<OpensslSession> {
  const session = new OpensslSession(server, tls);
  onTestFinished(() => session.destroy());
  await session.untilReady();
  return session;
}
