/**
 * A server of plain `node:https` or `node:http`, in a process of its own: what runs today, and the floor. It runs the same
 * application as the replicas, with the same ledger.
 */
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createClock } from '../../src/base/clock.js';
import { createSeededBytes } from '../../src/base/seeded-bytes.js';
import type { Identity } from '../../src/cluster/certificates.js';
import { Ledger } from '../../src/cluster/replica/ledger.js';
import type { Application } from '../../src/contracts/workload.js';
import { listenOnLoopback } from '../../src/net/loopback.js';
import { type ParentChannel, serveParent } from '../../src/net/message-channel.js';
import { loadWorkload } from '../../workloads/index.js';
import { SEED, TLS, WORKLOAD } from './stack.js';

export interface NodeServerCommand {
  readonly kind: 'start';
  readonly ledgerPath: string;
  /** Plain HTTP without one. */
  readonly identity: Identity | undefined;
}

export interface ListeningEvent {
  readonly kind: 'listening';
  readonly port: number;
}

const parent: ParentChannel<ListeningEvent> = serveParent<NodeServerCommand, ListeningEvent>({
  start: async ({ ledgerPath, identity }) => {
    const workload = await loadWorkload(WORKLOAD);
    const ledger = new Ledger(ledgerPath, createClock(process.hrtime.bigint()));
    const listener = requestListener(workload.application(createSeededBytes(SEED)), ledger);
    const server =
      identity === undefined ? createHttpServer(listener) : createHttpsServer(tlsOptions(identity), listener);
    parent.send({ kind: 'listening', port: await listenOnLoopback(server) });
  },
});

function requestListener(application: Application, ledger: Ledger): RequestListener {
  const exchange = {
    resumedFrom: undefined,
    recordExecution: (id: string) => ledger.record(id),
    checkpoint() {},
  };
  return (request, response) => application(request, response, exchange);
}

function tlsOptions({ certificatePem, privateKeyPem }: Identity): Parameters<typeof createHttpsServer>[0] {
  const version = `TLSv${TLS.version}` as const;
  return {
    cert: certificatePem,
    key: privateKeyPem,
    minVersion: version,
    maxVersion: version,
    ciphers: TLS.ciphers,
  };
}
