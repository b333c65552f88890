/** The application of a workload, on the protocol library that speaks its protocol. Only that one is loaded. */
import { createClock } from '../../base/clock.js';
import type { SeededBytes, Workload } from '../../contracts/workload.js';
import { HttpApplication } from './http-application.js';
import type { Ledger } from './ledger.js';
import type { ReplicaApplication } from './replica-application.js';

/** Load clients are on the same machine. */
const hostClock = createClock(0n);

export type CreateApplication = (bodies: SeededBytes, ledger: Pick<Ledger, 'record'>) => ReplicaApplication;

export async function loadApplication(workload: Workload): Promise<CreateApplication> {
  if (workload.protocol === 'h2') {
    const { Http2Application } = await import('./http2-application.js');
    return (bodies, ledger) => new Http2Application(workload.application(bodies, hostClock), ledger);
  }
  const library = workload.messages && (await import('./websocket-application.js'));
  return (bodies, ledger) => {
    const messages = workload.messages?.(bodies);
    const sockets = messages && library && new library.WebSocketApplication(messages, ledger);
    return new HttpApplication(workload.application(bodies, hostClock), ledger, undefined, sockets);
  };
}
