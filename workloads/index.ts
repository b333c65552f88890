/** The registry of workloads. */
import { UsageError } from '../src/base/errors.js';
import { loadPlugin } from '../src/base/plugin-module.js';
import type { Workload } from '../src/contracts/workload.js';
import { bulkDownload } from './bulk-download.js';
import { bulkUpload } from './bulk-upload.js';
import { eventStream } from './event-stream.js';
import { http2 } from './http2.js';
import { idleFleet } from './idle-fleet.js';
import { ownServer } from './own-server.js';
import { mixWorkloads } from './parts/mixed.js';
import { configureWorkload, plainId, splitSpecifier } from './parts/parameters.js';
import { requestReply } from './request-reply.js';
import { trace } from './trace.js';
import { websocket } from './websocket.js';

export const WORKLOADS: readonly Workload[] = [
  requestReply,
  bulkDownload,
  idleFleet,
  bulkUpload,
  eventStream,
  trace,
  websocket,
  http2,
  ownServer,
];

/**
 * The workload with this registry id or, when `specifier` has a `/` or ends with `.js`, the default export of that
 * module; relative paths are relative to the working directory. Settings follow it as `:name=value`. Several of them, with
 * commas between, are one workload in which each has its share of the connections.
 *
 * @throws UsageError when there is none, it is not a workload, a setting is wrong, or one is named twice
 */
export async function loadWorkload(specifier: string): Promise<Workload> {
  const parts = await Promise.all(specifier.split(',').map(loadPart));
  const [only, ...others] = parts;
  if (only !== undefined && others.length === 0) return only;
  if (new Set(parts.map(plainId)).size < parts.length) {
    throw new UsageError(`workload "${specifier}": names a workload twice`);
  }
  const foreign = parts.find(({ protocol = 'http/1.1' }) => protocol !== 'http/1.1');
  if (foreign !== undefined) {
    throw new UsageError(
      `workload "${specifier}": ${foreign.id} speaks ${foreign.protocol}, and only http/1.1 mixes`,
    );
  }
  const streamed = parts.find(({ replies }) => replies !== undefined);
  if (streamed !== undefined) {
    throw new UsageError(
      `workload "${specifier}": ${streamed.id} has no reply per request, and does not mix`,
    );
  }
  return mixWorkloads(parts);
}

async function loadPart(specifier: string): Promise<Workload> {
  const { name, settings } = splitSpecifier(specifier);
  const workload = await loadPlugin('workload', name, WORKLOADS, workloadProblem);
  return configureWorkload(workload, settings);
}

/** What `value` lacks to be a {@link Workload}; undefined when it is one. */
function workloadProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'is not an object';
  const { id, plan, application, verify } = value as Partial<Workload>;
  const whole =
    typeof id === 'string' && [plan, application, verify].every((part) => typeof part === 'function');
  return whole ? undefined : 'has no id, plan, application and verify';
}
