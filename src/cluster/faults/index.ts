/** The registry of faults. */
import { loadPlugin } from '../../base/plugin-module.js';
import type { Fault } from '../../contracts/fault.js';
import { directorRestart } from './director-restart.js';
import { double } from './double.js';
import { drain } from './drain.js';
import { hang } from './hang.js';
import { kill } from './kill.js';
import { partition } from './partition.js';
import { restart } from './restart.js';
import { rolling } from './rolling.js';
import { slow } from './slow.js';

export const FAULTS: readonly Fault[] = [
  kill,
  hang,
  double,
  partition,
  restart,
  drain,
  rolling,
  slow,
  directorRestart,
];

/**
 * The fault with this registry id or, when `specifier` has a `/` or ends with `.js`, the default export of that module;
 * relative paths are relative to the working directory.
 *
 * @throws UsageError when there is none, or it is not a fault
 */
export function loadFault(specifier: string): Promise<Fault> {
  return loadPlugin('fault', specifier, FAULTS, faultProblem);
}

const FUNCTIONS = ['victims', 'durationMs', 'outcome', 'inject', 'verify'] as const;

/** What `value` lacks to be a {@link Fault}; undefined when it is one. */
export function faultProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'is not an object';
  const { id, title, question, ...rest } = value as Partial<Fault>;
  if (![id, title, question].every((text) => typeof text === 'string' && text !== '')) {
    return 'has no id, title and question';
  }
  const lacking = FUNCTIONS.filter((name) => typeof rest[name] !== 'function');
  return lacking.length === 0 ? undefined : `lacks ${lacking.join(', ')}`;
}
