/** Clients of HTTP/2 that go away in the middle of replies: nobody else notices. */
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { running } from './support/processes.js';
import { replyContent, replyTarget } from './support/replies.js';
import { SERVERNAME, ServeProcess } from './support/server.js';

const ROUNDS = 8;
const CLIENTS = 20;
/** As many as each connection of the workload has. */
const REQUESTS_AT_A_TIME = 8;
const REPLY_BYTES = 16 * 1024;
/** Long enough for some replies, and not for all of them to have come to an end. */
const LOAD_MS = 60;

interface Open {
  readonly session: ClientHttp2Session;
  readonly socket: TLSSocket;
}

function open({ port, caPath }: ServeProcess): Open {
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    ca: readFileSync(caPath),
    servername: SERVERNAME,
    ALPNProtocols: ['h2'],
  });
  const session = connect(`https://${SERVERNAME}`, { createConnection: () => socket });
  // It is gone before its server is.
  session.on('error', () => {});
  onTestFinished(() => session.destroy());
  return { session, socket };
}

function ask(session: ClientHttp2Session, id: string): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const request = session.request({ ':path': replyTarget(id, REPLY_BYTES) });
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {});
    request.on('close', () => resolve(Buffer.concat(chunks)));
  });
}

async function askOn(session: ClientHttp2Session): Promise<void> {
  while (!session.destroyed) await ask(session, '0-0');
}

it.each(['adopted', 'native'])('that are gone in the middle of replies, engine %s', async (engine) => {
  const options = ['--strategy', 'full-handshake', '--workload', 'http2', '--engine', engine];
  const server = await ServeProcess.start(...options);
  onTestFinished(() => server.destroy());
  const { session: staying } = open(server);
  for (let round = 0; round < ROUNDS; round++) {
    const leaving = Array.from({ length: CLIENTS }, () => open(server));
    for (const { session } of leaving) {
      for (let request = 0; request < REQUESTS_AT_A_TIME; request++) void askOn(session);
    }
    await sleep(LOAD_MS);
    for (const { socket } of leaving) socket.destroy();
    const id = `1-${round}`;
    expect((await ask(staying, id)).equals(replyContent(id, REPLY_BYTES))).toBe(true);
  }
  expect(running(server.pids)).toHaveLength(server.pids.length);
  expect(server.output).not.toContain('failed');
  await server.stop();
});
