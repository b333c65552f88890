/** The application of a workload, on the protocol library that speaks its protocol. */
import type { SeededBytes, Workload } from '../../contracts/workload.js';
import { HttpApplication } from './http-application.js';
import { Http2Application } from './http2-application.js';
import type { Ledger } from './ledger.js';
import type { ReplicaApplication } from './replica-application.js';

export function createApplication(
  workload: Workload,
  bodies: SeededBytes,
  ledger: Pick<Ledger, 'record'>,
): ReplicaApplication {
  if (workload.protocol === 'h2') return new Http2Application(workload.application(bodies), ledger);
  return new HttpApplication(workload.application(bodies), ledger, undefined, workload.messages?.(bodies));
}
