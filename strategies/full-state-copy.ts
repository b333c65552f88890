/**
 * The expensive way to keep a connection: its whole state goes to the backup each time it changes, and no output
 * leaves before the backup has the state that it belongs to.
 */
import type {
  Evidence,
  KeptState,
  Occasion,
  RecoveryStrategy,
  ReplicationDecision,
  StateField,
  TakeoverDecision,
} from '../src/contracts/strategy.js';

const WHOLE_STATE: readonly StateField[] = [
  'secrets',
  'sequence-numbers',
  'input',
  'output',
  'application-state',
];

const COPY: ReplicationDecision = { replicate: WHOLE_STATE, output: 'release-when-acknowledged' };
const COPY_AND_COMMIT: ReplicationDecision = { ...COPY, commit: 'plain' };

function decide({ moment }: Occasion): ReplicationDecision {
  return moment === 'checkpoint' ? COPY_AND_COMMIT : COPY;
}

function takeOver({ established, snapshot }: KeptState, evidence: Evidence): TakeoverDecision {
  if (established === undefined || snapshot === undefined) return { kind: 'refuse', reason: 'state-missing' };
  // Output is released only after the backup has it: a client that saw more, or a copy that no longer reaches back
  // to what the client saw, means that the copy is not of this connection's last state.
  const covers = snapshot.outputFrom <= evidence.delivered || snapshot.recordsWritten <= evidence.delivered;
  if (snapshot.recordsRead < evidence.commit.recordsRead || !covers) {
    return { kind: 'refuse', reason: 'state-mismatch' };
  }
  return { kind: 'restore' };
}

export const fullStateCopy: RecoveryStrategy = {
  id: 'full-state-copy',
  title: 'Full state copy',
  summary: 'kept; the whole connection state is copied at each change, before output is released',
  expects: { handshake: 'none', transport: 'kept' },
  replicates: WHOLE_STATE,
  sharesTicketKeys: false,
  client: { onTransportLost: 'full-handshake' },
  primary: { decide },
  backup: { idleFlows: 'eager', takeOver },
};
