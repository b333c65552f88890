/** The registry of workloads. */
import { loadPlugin } from '../src/base/plugin-module.js';
import type { Workload } from '../src/contracts/workload.js';
import { bulkDownload } from './bulk-download.js';
import { idleFleet } from './idle-fleet.js';
import { requestReply } from './request-reply.js';

export const WORKLOADS: readonly Workload[] = [requestReply, bulkDownload, idleFleet];

/**
 * The workload with this registry id or, when `specifier` has a `/` or ends with `.js`, the default export of that
 * module; relative paths are relative to the working directory.
 *
 * @throws UsageError when there is none, or it is not a workload
 */
export function loadWorkload(specifier: string): Promise<Workload> {
  return loadPlugin('workload', specifier, WORKLOADS, workloadProblem);
}

/** What `value` lacks to be a {@link Workload}; undefined when it is one. */
function workloadProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'is not an object';
  const { id, plan, application, verify } = value as Partial<Workload>;
  const whole =
    typeof id === 'string' && [plan, application, verify].every((part) => typeof part === 'function');
  return whole ? undefined : 'has no id, plan, application and verify';
}
