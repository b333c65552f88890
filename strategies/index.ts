/** The strategies that come with spr-bench, in the order in which results show them. */
import { loadPlugin } from '../src/base/plugin-module.js';
import { type RecoveryStrategy, STATE_FIELDS } from '../src/contracts/strategy.js';
import { fullHandshake } from './full-handshake.js';
import { fullStateCopy } from './full-state-copy.js';
import { sessionResumption } from './session-resumption.js';
import { spr } from './spr.js';

export const STRATEGIES: readonly RecoveryStrategy[] = [fullHandshake, sessionResumption, fullStateCopy, spr];

/**
 * The strategy with this id, or the default export of a module.
 *
 * @throws UsageError when there is none, or it is not a strategy
 */
export function loadStrategy(specifier: string): Promise<RecoveryStrategy> {
  return loadPlugin('strategy', specifier, STRATEGIES, strategyProblem);
}

/** What `value` lacks to be a {@link RecoveryStrategy}; undefined when it is one. */
export function strategyProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'is not an object';
  const { id, title, summary, expects, replicates, client, primary, backup } =
    value as Partial<RecoveryStrategy>;
  if (typeof id !== 'string' || !/^[a-z][a-z0-9-]*$/.test(id)) return 'has no kebab-case id';
  if (typeof title !== 'string' || typeof summary !== 'string') return 'has no title or no summary';
  if (!['full', 'resumed', 'none'].includes(expects?.handshake ?? '')) {
    return 'has no expects.handshake of full, resumed or none';
  }
  if (!['kept', 'reconnected'].includes(expects?.transport ?? '')) {
    return 'has no expects.transport of kept or reconnected';
  }
  if (!Array.isArray(replicates) || !replicates.every((field) => Object.hasOwn(STATE_FIELDS, field))) {
    return `has no replicates list of ${Object.keys(STATE_FIELDS).join(', ')}`;
  }
  if (client?.onTransportLost !== 'full-handshake' && client?.onTransportLost !== 'resume-session') {
    return 'has no client.onTransportLost of full-handshake or resume-session';
  }
  return expects?.transport === 'kept' ? missingRole(primary, backup) : undefined;
}

function missingRole(
  primary: RecoveryStrategy['primary'],
  backup: RecoveryStrategy['backup'],
): string | undefined {
  if (typeof primary?.decide !== 'function' || typeof backup?.takeOver !== 'function') {
    return 'keeps transports, so it must have primary.decide and backup.takeOver';
  }
  if (!['eager', 'lazy'].includes(backup.idleFlows)) return 'has no backup.idleFlows of eager or lazy';
  return undefined;
}
