/** Plugins out of files: the default export of a module that the user names. */
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from './errors.js';

/** Whether `specifier` names a module rather than an entry of a registry. */
export function isModuleSpecifier(specifier: string): boolean {
  return specifier.includes('/') || specifier.endsWith('.js') || specifier.endsWith('.mjs');
}

/**
 * The entry of `registry` with the id `specifier`, or the default export of the module that it names; relative paths are
 * relative to the working directory.
 *
 * @param kind what error messages call it
 * @param problem says what a value lacks to be such a plugin; undefined when it is one
 * @throws UsageError when there is none
 */
export async function loadPlugin<P extends { readonly id: string }>(
  kind: string,
  specifier: string,
  registry: readonly P[],
  problem: (value: unknown) => string | undefined,
): Promise<P> {
  if (!isModuleSpecifier(specifier)) {
    const entry = registry.find(({ id }) => id === specifier);
    if (entry !== undefined) return entry;
    const ids = registry.map(({ id }) => id).join(', ');
    throw new UsageError(
      `${kind} "${specifier}" is unknown: the ids are ${ids}; a path has a "/" or ends with ".js"`,
    );
  }
  const value = await importDefault(kind, specifier);
  const lacking = problem(value);
  if (lacking !== undefined) throw new UsageError(`${kind} ${specifier}: its default export ${lacking}`);
  return value as P;
}

async function importDefault(kind: string, specifier: string): Promise<unknown> {
  const url = specifier.startsWith('file:') ? specifier : pathToFileURL(resolve(specifier)).href;
  try {
    const module: { default?: unknown } = await import(url);
    return module.default;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${kind} ${specifier} cannot be loaded: ${reason}`, { cause: error });
  }
}
