/** What the strategy says about a takeover, by what its backup has and what the director saw. */
import type { RecoveryStrategy, TakeoverDecision } from '../../contracts/strategy.js';
import type { Take } from '../../net/control-records.js';
import type { KeptConnection } from './kept-state.js';

/** @param applicationState whether the application state of the last commit came with the takeover, and is authentic */
export function takeoverDecision(
  { backup }: RecoveryStrategy,
  kept: KeptConnection,
  { commit, delivered, received }: Pick<Take, 'commit' | 'delivered' | 'received'>,
  applicationState: boolean,
): TakeoverDecision {
  if (backup === undefined) return { kind: 'refuse', reason: 'state-missing' };
  return backup.takeOver(kept.describe(), { commit, delivered, received, applicationState });
}
