/** Stacks of plain Node servers: behind HAProxy, as they run today, and the floor. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Identity } from '../../src/cluster/certificates.js';
import { freePort } from '../../src/net/free-port.js';
import { type ChildChannel, spawnChild } from '../../src/net/message-channel.js';
import { type ForeignServer, startForeignServer } from '../foreign-server.js';
import type { ForwarderCommand } from './forwarder.js';
import type { ListeningEvent, NodeServerCommand } from './node-server.js';
import type { Stack, StackOptions } from './stack.js';

/** A process starts within 0.1 s, on a machine with many busy ones within seconds. */
const START_TIMEOUT_MS = 20_000;

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

interface Haproxy extends ForeignServer {
  readonly port: number;
}

async function startHaproxy(serverPort: number, folder: string): Promise<Haproxy> {
  // HAProxy cannot be asked which port it took.
  const port = await freePort();
  const configPath = join(folder, 'haproxy.cfg');
  await writeFile(configPath, haproxyConfig(port, serverPort));
  return { port, ...(await startForeignServer('haproxy', ['-db', '-q', '-f', configPath], port)) };
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
