/**
 * Selective partial recovery: replicate only what cannot be recomputed, recover only what is needed now.
 *
 * The secrets go to the backup once per epoch; sequence numbers are counted by the director; replies to idempotent
 * requests are computed again; only the outcome of a request that must not run twice is replicated before it is
 * released.
 */
import type {
  Evidence,
  KeptState,
  Occasion,
  RecoveryStrategy,
  ReplicationDecision,
  TakeoverDecision,
} from '../src/contracts/strategy.js';

const NOTHING: ReplicationDecision = {};
const HOLD: ReplicationDecision = { output: 'hold' };
const SECRETS: ReplicationDecision = { replicate: ['secrets'], output: 'release-when-acknowledged' };
const OUTCOME: ReplicationDecision = { replicate: ['outcome'], output: 'release-when-acknowledged' };
const COMMIT_MIDWAY: ReplicationDecision = { commit: 'sealed-state' };

function decide({ moment, idempotent }: Occasion): ReplicationDecision {
  switch (moment) {
    case 'established':
    case 'rekeyed':
      return SECRETS;
    case 'output':
      return idempotent ? NOTHING : HOLD;
    case 'answered':
      return idempotent ? NOTHING : OUTCOME;
    case 'checkpoint':
      return idempotent ? COMMIT_MIDWAY : NOTHING;
    case 'input':
    case 'boundary':
      return NOTHING;
  }
}

function takeOver({ established }: KeptState, { commit, delivered }: Evidence): TakeoverDecision {
  if (established === undefined) return { kind: 'refuse', reason: 'state-missing' };
  if (commit.recordsRead >= established.recordsRead) return { kind: 'replay', from: 'commit' };
  // The handshake was finished, but its commit was lost with the primary.
  if (delivered < established.recordsWritten) return { kind: 'refuse', reason: 'handshake-unfinished' };
  return { kind: 'replay', from: 'established' };
}

export const spr: RecoveryStrategy = {
  id: 'spr',
  title: 'SPR',
  summary: 'kept; secrets are replicated once, the rest is counted, replayed or computed again',
  expects: { handshake: 'none', transport: 'kept' },
  replicates: ['secrets', 'outcome', 'application-state'],
  sharesTicketKeys: false,
  client: { onTransportLost: 'full-handshake' },
  primary: { decide },
  backup: { idleFlows: 'lazy', takeOver },
};
