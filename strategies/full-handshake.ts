/** What happens without any of this: the connection dies with its server, and its client starts over. */
import type { RecoveryStrategy } from '../src/contracts/strategy.js';

export const fullHandshake: RecoveryStrategy = {
  id: 'full-handshake',
  title: 'Full handshake',
  summary: 'reset; the client reconnects with a full handshake: costs nothing until the fault, most after it',
  expects: { handshake: 'full', transport: 'reconnected' },
  replicates: [],
  sharesTicketKeys: false,
  client: { onTransportLost: 'full-handshake' },
};
