/** Stacks of plain Node servers: behind HAProxy, as they run today, and the floor. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Identity } from '../../src/cluster/certificates.js';
import { freePort } from '../../src/net/free-port.js';
import { type ChildChannel, spawnChild } from '../../src/net/message-channel.js';
import type { ForwarderCommand } from './forwarder.js';
import type { ListeningEvent, NodeServerCommand } from './node-server.js';
import type { Stack, StackOptions } from './stack.js';

/** A process starts within 0.1 s, on a machine with many busy ones within seconds. */
const START_TIMEOUT_MS = 20_000;
const HAPROXY_POLL_MS = 20;

interface NodeServer {
  readonly child: ChildChannel<NodeServerCommand, ListeningEvent>;
  readonly port: number;
  readonly ledgerPath: string;
}

/** HAProxy with one thread in TCP mode in front of `node:https`. */
export async function startHaproxyStack({ identity, folder }: StackOptions): Promise<Stack> {
  const server = await startNodeServer(folder, identity);
  const haproxy = await startHaproxy(server.port, folder);
  return {
    id: 'haproxy',
    origin: `https://127.0.0.1:${haproxy.port}`,
    frontPid: haproxy.pid,
    serverPids: [server.child.pid],
    ledgerPaths: [server.ledgerPath],
    end: async () => {
      await haproxy.end();
      await server.child.end();
    },
  };
}

/** A forwarder that does nothing in front of `node:http`: no TLS at all. */
export async function startFloorStack({ folder }: StackOptions): Promise<Stack> {
  const server = await startNodeServer(folder, undefined);
  const forwarder = spawnChild<ForwarderCommand, ListeningEvent>({
    module: new URL('./forwarder.js', import.meta.url),
    name: 'forwarder',
  });
  forwarder.send({ kind: 'start', upstreamPort: server.port });
  const { port } = await forwarder.expect('listening', START_TIMEOUT_MS);
  return {
    id: 'floor',
    origin: `http://127.0.0.1:${port}`,
    frontPid: forwarder.pid,
    serverPids: [server.child.pid],
    ledgerPaths: [server.ledgerPath],
    end: async () => {
      await forwarder.end();
      await server.child.end();
    },
  };
}

async function startNodeServer(folder: string, identity: Identity | undefined): Promise<NodeServer> {
  const ledgerPath = join(folder, 'ledger.log');
  const child = spawnChild<NodeServerCommand, ListeningEvent>({
    module: new URL('./node-server.js', import.meta.url),
    name: 'server',
  });
  child.send({ kind: 'start', ledgerPath, identity });
  const { port } = await child.expect('listening', START_TIMEOUT_MS);
  return { child, port, ledgerPath };
}

interface Haproxy {
  readonly pid: number;
  readonly port: number;
  end(): Promise<void>;
}

async function startHaproxy(serverPort: number, folder: string): Promise<Haproxy> {
  // HAProxy cannot be asked which port it took.
  const port = await freePort();
  const configPath = join(folder, 'haproxy.cfg');
  await writeFile(configPath, haproxyConfig(port, serverPort));
  const child = spawn('haproxy', ['-db', '-q', '-f', configPath], { stdio: 'ignore' });
  await once(child, 'spawn');
  // It has no channel that closes with this process.
  const kill = (): boolean => child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = once(child, 'exit');
  await untilListening(port);
  return {
    pid: child.pid ?? 0,
    port,
    end: async () => {
      process.off('exit', kill);
      kill();
      await exited;
    },
  };
}

function haproxyConfig(port: number, serverPort: number): string {
  return [
    'global',
    '  nbthread 1',
    '  maxconn 4096',
    'defaults',
    '  mode tcp',
    '  timeout connect 10s',
    '  timeout client 60s',
    '  timeout server 60s',
    'listen tls',
    `  bind 127.0.0.1:${port}`,
    `  server node 127.0.0.1:${serverPort}`,
    '',
  ].join('\n');
}

async function untilListening(port: number): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (connected) return;
    if (performance.now() > deadline) {
      throw new Error(`haproxy did not listen on port ${port} within ${START_TIMEOUT_MS} ms`);
    }
    await sleep(HAPROXY_POLL_MS);
  }
}
