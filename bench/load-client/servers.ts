/** Servers that answer faster than the load client asks: nginx, and one of our own where it is missing, or is to tell its times. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSeededBytes } from '../../src/base/seeded-bytes.js';
import { seededContent } from '../../src/bench/load-protocol/seeded-content.js';
import type { Identity } from '../../src/cluster/certificates.js';
import { freePort } from '../../src/net/free-port.js';
import { spawnChild } from '../../src/net/message-channel.js';
import { replyKey } from '../../workloads/parts/seeded-exchange.js';
import { startForeignServer } from '../foreign-server.js';
import { SEED, TLS } from '../steady-state/stack.js';
import { FIXED_ID } from './fixed-reply.js';
import type { ObservedCommand, ObservedEvent, Stamps } from './observed-server.js';

export interface ServerOptions {
  readonly identity: Identity;
  readonly clockStartNs: string;
  readonly replyBytes: number;
  /** Of the server's own; it exists. */
  readonly folder: string;
}

export interface Server {
  readonly name: string;
  readonly port: number;
  /** How many requests it has answered so far. */
  requests(): Promise<number>;
  end(): Promise<void>;
}

export interface ObservedServer extends Server {
  /** Of all requests since the last call, by the port of the client. */
  stamps(): Promise<ReadonlyMap<number, Stamps>>;
}

/** A process starts within 0.1 s, on a machine with many busy ones within seconds. */
const TIMEOUT_MS = 20_000;

export async function startObservedServer(options: ServerOptions): Promise<ObservedServer> {
  const { identity, clockStartNs, replyBytes } = options;
  const child = spawnChild<ObservedCommand, ObservedEvent>({
    module: new URL('./observed-server.js', import.meta.url),
    name: 'observed server',
  });
  child.send({ kind: 'start', identity, clockStartNs, content: replyContent(replyBytes) });
  const { port } = await child.expect('listening', TIMEOUT_MS);
  return {
    name: 'node:tls',
    port,
    requests: async () => {
      child.send({ kind: 'count' });
      return (await child.expect('counted', TIMEOUT_MS)).requests;
    },
    stamps: async () => {
      child.send({ kind: 'hand-over' });
      return (await child.expect('stamps', TIMEOUT_MS)).stamps;
    },
    end: () => child.end(),
  };
}

/** One process, without a master: it is ended by its pid. */
export async function startNginx({ identity, replyBytes, folder }: ServerOptions): Promise<Server> {
  // nginx cannot be asked which ports it took.
  const [port, statusPort] = [await freePort(), await freePort()];
  await Promise.all([
    writeFile(join(folder, 'certificate.pem'), identity.certificatePem),
    writeFile(join(folder, 'key.pem'), identity.privateKeyPem, { mode: 0o600 }),
    writeFile(join(folder, 'reply'), replyContent(replyBytes)),
    writeFile(join(folder, 'nginx.conf'), nginxConfig(port, statusPort)),
  ]);
  const { end } = await startForeignServer('nginx', ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'], port);
  return {
    name: 'nginx',
    port,
    requests: () => requestsOf(statusPort),
    end,
  };
}

function replyContent(bytes: number): Buffer {
  return seededContent(replyKey(FIXED_ID), bytes, createSeededBytes(SEED));
}

function nginxConfig(port: number, statusPort: number): string {
  return `daemon off;
master_process off;
pid nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  open_file_cache max=1 inactive=600s;
  default_type application/octet-stream;
  ssl_certificate certificate.pem;
  ssl_certificate_key key.pem;
  ssl_protocols TLSv${TLS.version};
  ssl_conf_command Ciphersuites ${TLS.ciphers};
  server {
    listen 127.0.0.1:${port} ssl backlog=1024;
    location = /reply/${FIXED_ID} { alias reply; }
  }
  server {
    listen 127.0.0.1:${statusPort};
    location = /status { stub_status; }
  }
}
`;
}

/** Those of the status page included, which are one each time. */
async function requestsOf(statusPort: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${statusPort}/status`)).text();
  const [, requests] = /^ *\d+ \d+ (\d+) *$/m.exec(text) ?? [];
  if (requests === undefined) throw new Error(`nginx tells no number of requests: ${JSON.stringify(text)}`);
  return Number(requests);
}
