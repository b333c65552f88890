/** The application of a workload, on the protocol library that speaks its protocol. */
import type { SeededBytes, Workload } from '../../contracts/workload.js';
import { HttpApplication } from './http-application.js';
import type { Ledger } from './ledger.js';

export function createApplication(
  workload: Workload,
  bodies: SeededBytes,
  ledger: Pick<Ledger, 'record'>,
): HttpApplication {
  return new HttpApplication(workload.application(bodies), ledger, undefined, workload.messages?.(bodies));
}
