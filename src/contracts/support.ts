/** Which strategy can do what it promises with which workload. What cannot be kept is run all the same, and is reset. */
import type { RecoveryStrategy } from './strategy.js';
import type { Protocol, Workload } from './workload.js';

/** Why a connection that speaks it cannot be taken over; null when it can. */
const NOT_KEPT_BECAUSE: Readonly<Record<Protocol, string | null>> = {
  'http/1.1': null,
  websocket: null,
  h2: 'HTTP/2 is never between two messages: its header compression and flow control are state of the connection, which replayed requests do not bring back',
};

/**
 * Why the connections of a workload cannot be kept by a strategy that keeps connections; undefined when they can, or when
 * the strategy does not promise to.
 */
export function notKeptReason(
  { expects }: Pick<RecoveryStrategy, 'expects'>,
  { protocol = 'http/1.1' }: Pick<Workload, 'protocol'>,
): string | undefined {
  if (expects.transport === 'reconnected') return undefined;
  return NOT_KEPT_BECAUSE[protocol] ?? undefined;
}

/**
 * The strategy as replicas and director carry it out for a workload: where connections cannot be kept, nothing is
 * replicated, and they are reset like those of a strategy that reconnects.
 */
export function strategyFor(
  strategy: RecoveryStrategy,
  workload: Pick<Workload, 'protocol'>,
): RecoveryStrategy {
  if (notKeptReason(strategy, workload) === undefined) return strategy;
  const { primary: _primary, backup: _backup, ...rest } = strategy;
  const handshake = strategy.client.onTransportLost === 'resume-session' ? 'resumed' : 'full';
  return { ...rest, expects: { handshake, transport: 'reconnected' }, replicates: [] };
}
