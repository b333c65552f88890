/** The application of a workload, on the protocol library that speaks its protocol. */
import { createClock } from '../../base/clock.js';
import type { SeededBytes, Workload } from '../../contracts/workload.js';
import { HttpApplication } from './http-application.js';
import type { Ledger } from './ledger.js';

/** Load clients are on the same machine. */
const hostClock = createClock(0n);

export function createApplication(
  workload: Workload,
  bodies: SeededBytes,
  ledger: Pick<Ledger, 'record'>,
): HttpApplication {
  const application = workload.application(bodies, hostClock);
  return new HttpApplication(application, ledger, undefined, workload.messages?.(bodies));
}
