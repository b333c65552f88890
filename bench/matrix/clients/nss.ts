/** NSS's `tstclnt`. It trusts what is in a certificate database, which `certutil` makes. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Client } from '../client.js';
import { PlaintextSession } from '../plaintext.js';
import { outputOf, Program } from '../program.js';

const run = promisify(execFile);

export const nss: Client = {
  id: 'nss',
  noKeyUpdate: 'tstclnt has no command for it',
  describe: async () => {
    const usages = await Promise.all([outputOf('tstclnt'), outputOf('certutil', '-H')]);
    if (usages.includes(undefined)) return undefined;
    // tstclnt does not tell its version.
    const packaged = await outputOf('dpkg-query', '--show', 'libnss3-tools');
    return `NSS ${/\t(?:\d+:)?([^-\s]+)/.exec(packaged ?? '')?.[1] ?? '(version unknown)'} tstclnt`;
  },
  open: async ({ folder, caPath, port, servername, version }) => {
    const database = `sql:${folder}`;
    await run('certutil', ['-N', '-d', database, '--empty-password']);
    await run('certutil', ['-A', '-d', database, '-n', 'ca', '-t', 'C,,', '-i', caPath]);
    const program = new Program('tstclnt', [
      // The certificate is checked against this name, and is valid for it too.
      ...['-h', 'localhost', '-4', '-p', String(port), '-a', servername],
      ...['-d', database, '-V', `tls${version}:tls${version}`],
    ]);
    return new PlaintextSession(program, servername);
  },
};
