/** GnuTLS's `gnutls-cli`. The line `^rekey^` makes it send a KeyUpdate that asks for one in return. */
import { join } from 'node:path';
import type { Client } from '../client.js';
import { PlaintextSession } from '../plaintext.js';
import { outputOf, Program } from '../program.js';

const PRIORITIES = {
  '1.3': 'NORMAL:-VERS-ALL:+VERS-TLS1.3',
  '1.2': 'NORMAL:-VERS-ALL:+VERS-TLS1.2',
};

/** It writes its output byte by byte, so slowly that not even this fits between the primary and what it has written. */
const LONG_REPLY_BYTES = 8 * 1024 * 1024;

export const gnutls: Client = {
  id: 'gnutls',
  longReplyBytes: LONG_REPLY_BYTES,
  describe: async () =>
    (await outputOf('gnutls-cli', '--version'))?.replace(/^gnutls-cli (\S+).*/s, 'GnuTLS $1 gnutls-cli'),
  open: async (endpoint) => {
    const program = new Program('gnutls-cli', [
      ...['--port', String(endpoint.port), '--x509cafile', endpoint.caPath],
      ...['--sni-hostname', endpoint.servername, '--verify-hostname', endpoint.servername],
      // Its notes go there, so that stdout has nothing but plaintext.
      ...['--logfile', join(endpoint.folder, 'gnutls.log')],
      ...['--inline-commands', '--priority', PRIORITIES[endpoint.version], '127.0.0.1'],
    ]);
    return Object.assign(new PlaintextSession(program, endpoint.servername), {
      updateKeys: () => program.write('^rekey^\n'),
    });
  },
};
