/** The usual improvement: replicas share the session ticket keys, so that a lost connection is resumed elsewhere. */
import type { RecoveryStrategy } from '../src/contracts/strategy.js';

export const sessionResumption: RecoveryStrategy = {
  id: 'session-resumption',
  title: 'Session resumption',
  summary: 'reset; the client reconnects with a resumed handshake: one 48-byte key shared by all replicas',
  expects: { handshake: 'resumed', transport: 'reconnected' },
  replicates: [],
  sharesTicketKeys: true,
  client: { onTransportLost: 'resume-session' },
};
