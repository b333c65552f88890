/** The application state that came back with a takeover, as the failed primary committed it. */
import type { Take } from '../../net/control-records.js';
import type { CommittedStateSeal } from '../replication/committed-state-seal.js';
import { type CommittedState, parseCommittedState } from '../replication/state-message.js';

/**
 * Undefined when there is none, or it is not authentic.
 *
 * @throws ProtocolError when it is authentic and no committed state
 */
export function openCommittedState(
  seal: CommittedStateSeal,
  flowId: number,
  { commit, sealedState }: Pick<Take, 'commit' | 'sealedState'>,
): CommittedState | undefined {
  const opened = sealedState && seal.open(flowId, commit, sealedState);
  if (opened === undefined) return undefined;
  try {
    return parseCommittedState(opened);
  } finally {
    opened.fill(0);
  }
}
