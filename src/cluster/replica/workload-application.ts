/** The application of a workload, on the protocol library that speaks its protocol. */
import { createClock } from '../../base/clock.js';
import type { SeededBytes, Workload } from '../../contracts/workload.js';
import { HttpApplication } from './http-application.js';
import { Http2Application } from './http2-application.js';
import type { Ledger } from './ledger.js';
import type { ReplicaApplication } from './replica-application.js';

/** Load clients are on the same machine. */
const hostClock = createClock(0n);

export function createApplication(
  workload: Workload,
  bodies: SeededBytes,
  ledger: Pick<Ledger, 'record'>,
): ReplicaApplication {
  const application = workload.application(bodies, hostClock);
  if (workload.protocol === 'h2') return new Http2Application(application, ledger);
  return new HttpApplication(application, ledger, undefined, workload.messages?.(bodies));
}
