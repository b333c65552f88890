/** A real TLS server with a workload's application behind it, for tests of the load client. */
import { createServer as createHttpServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import forge from 'node-forge';
import { createClock } from '../../src/base/clock.js';
import { createSeededBytes } from '../../src/base/seeded-bytes.js';
import type { LoadConfig } from '../../src/contracts/load.js';
import type { PlannedRequest, Workload } from '../../src/contracts/workload.js';
import { freePort } from '../../src/net/free-port.js';

export const SEED = 7;
export const SERVERNAME = 'replica.test';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Self-signed, thus its own authority. Costs an RSA key: once per test file. */
export function createCertificate(): Certificate {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const cert = forge.pki.createCertificate();
  cert.publicKey = keys.publicKey;
  cert.serialNumber = '01';
  cert.validity.notBefore = new Date(Date.now() - 86_400_000);
  cert.validity.notAfter = new Date(Date.now() + 86_400_000);
  const name = [{ name: 'commonName', value: SERVERNAME }];
  cert.setSubject(name);
  cert.setIssuer(name);
  cert.setExtensions([
    { name: 'basicConstraints', cA: true },
    { name: 'subjectAltName', altNames: [{ type: 2, value: SERVERNAME }] },
  ]);
  cert.sign(keys.privateKey, forge.md.sha256.create());
  return { cert: forge.pki.certificateToPem(cert), key: forge.pki.privateKeyToPem(keys.privateKey) };
}

export interface TestServer {
  readonly port: number;
  /** Connections in the order in which their handshakes were done. */
  readonly connections: readonly TLSSocket[];
  /** Whether each of them resumed a session, as the server sees it. */
  readonly resumed: readonly boolean[];
  readonly targets: readonly string[];
  /** Header fields of each request. */
  readonly headers: readonly IncomingHttpHeaders[];
  readonly executions: readonly string[];
  close(): Promise<void>;
}

/** Takes a request over instead of the application; true when it did. `count` counts requests from 1. */
export type Disturb = (count: number, response: ServerResponse, socket: TLSSocket, method: string) => boolean;

export async function startServer(
  certificate: Certificate,
  workload: Workload,
  disturb: Disturb = () => false,
): Promise<TestServer> {
  const connections: TLSSocket[] = [];
  const resumed: boolean[] = [];
  const targets: string[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const executions: string[] = [];
  const application = workload.application(createSeededBytes(SEED), createClock(0n));
  const exchange = {
    resumedFrom: undefined,
    recordExecution: (id: string) => executions.push(id),
    checkpoint: () => {},
  };
  const http = createHttpServer((request, response) => {
    targets.push(request.url ?? '');
    headers.push(request.headers);
    const socket = request.socket as TLSSocket;
    if (disturb(targets.length, response, socket, request.method ?? '')) return;
    application(request, response, exchange);
  });
  const tls = createTlsServer({ ...certificate }, (socket) => {
    connections.push(socket);
    resumed.push(socket.isSessionReused());
    socket.on('error', () => {});
    http.emit('connection', socket);
  });
  // Clients connect to it also when it has closed: nobody else may be given its port by then.
  const port = await freePort();
  await new Promise<void>((resolve) => tls.listen(port, '127.0.0.1', resolve));
  return {
    port,
    connections,
    resumed,
    targets,
    headers,
    executions,
    close: () => {
      for (const socket of connections) socket.destroy();
      return new Promise((resolve) => tls.close(() => resolve()));
    },
  };
}

export function loadConfig(port: number, ca: string, changes: Partial<LoadConfig> = {}): LoadConfig {
  return {
    clockStartNs: String(process.hrtime.bigint()),
    port,
    servername: SERVERNAME,
    ca,
    tls: { version: '1.3', ciphers: undefined },
    workload: 'request-reply',
    seed: SEED,
    options: { connections: 3, durationMs: 60_000, arrivals: 'closed' },
    onTransportLost: 'full-handshake',
    connectConcurrency: 2,
    ...changes,
  };
}

/** `workload` cut off after `count` requests on each connection, each changed by `change`. */
export function limited(
  workload: Workload,
  count: number,
  change: (request: PlannedRequest, index: number) => Partial<PlannedRequest> = () => ({}),
): Workload {
  return {
    ...workload,
    plan: (options, prng) => ({
      connections: workload.plan(options, prng).connections.map((requests) => ({
        *[Symbol.iterator]() {
          let index = 0;
          for (const request of requests) {
            if (index === count) return;
            yield { ...request, ...change(request, index++) };
          }
        },
      })),
    }),
  };
}
