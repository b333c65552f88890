/** The registry of workloads. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '../src/base/errors.js';
import type { Workload } from '../src/contracts/workload.js';
import { bulkDownload } from './bulk-download.js';
import { idleFleet } from './idle-fleet.js';
import { requestReply } from './request-reply.js';

export const WORKLOADS: readonly Workload[] = [requestReply, bulkDownload, idleFleet];

/**
 * The workload with this registry id or, when `specifier` has a `/` or ends with `.js`, the default export of that
 * module; relative paths are relative to the working directory.
 *
 * @throws UsageError when there is none
 */
export async function loadWorkload(specifier: string): Promise<Workload> {
  if (specifier.includes('/') || specifier.endsWith('.js')) return importWorkload(specifier);
  const workload = WORKLOADS.find(({ id }) => id === specifier);
  if (workload !== undefined) return workload;
  const ids = WORKLOADS.map(({ id }) => id).join(', ');
  throw new UsageError(
    `workload "${specifier}" is unknown: the ids are ${ids}; a path has a "/" or ends with ".js"`,
  );
}

async function importWorkload(specifier: string): Promise<Workload> {
  const url = specifier.startsWith('file:') ? specifier : pathToFileURL(resolve(specifier)).href;
  let loaded: { default?: unknown };
  try {
    loaded = await import(url);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`workload ${specifier} cannot be loaded: ${reason}`, { cause: error });
  }
  if (!isWorkload(loaded.default)) {
    throw new UsageError(`workload ${specifier} has no default export with id, plan, application and verify`);
  }
  return loaded.default;
}

function isWorkload(value: unknown): value is Workload {
  if (typeof value !== 'object' || value === null) return false;
  const { id, plan, application, verify } = value as Partial<Workload>;
  return typeof id === 'string' && [plan, application, verify].every((part) => typeof part === 'function');
}
