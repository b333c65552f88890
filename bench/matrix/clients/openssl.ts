/** OpenSSL's `s_client`. A line that begins with K makes it send a KeyUpdate that asks for one in return. */
import type { Client, Endpoint, Session } from '../client.js';
import { PlaintextSession } from '../plaintext.js';
import { outputOf, Program } from '../program.js';

const READY = 'Verify return code: 0 (ok)';
const KEY_UPDATE_SENT = 'KEYUPDATE';

export const openssl: Client = {
  id: 'openssl',
  describe: async () =>
    (await outputOf('openssl', 'version'))?.replace(/^OpenSSL (\S+).*/s, 'OpenSSL $1 s_client'),
  open: (endpoint) => openSClient(endpoint),
};

/** @param keyLogPath where it writes its secrets to */
export async function openSClient(endpoint: Endpoint, keyLogPath?: string): Promise<Session> {
  const program = new Program('openssl', [
    's_client',
    ...['-connect', `127.0.0.1:${endpoint.port}`, '-servername', endpoint.servername],
    ...['-CAfile', endpoint.caPath, '-verify_return_error', '-verify_hostname', endpoint.servername],
    endpoint.version === '1.3' ? '-tls1_3' : '-tls1_2',
    ...(keyLogPath === undefined ? [] : ['-keylogfile', keyLogPath]),
  ]);
  await untilReady(program);
  return new SClientSession(program, endpoint.servername);
}

class SClientSession extends PlaintextSession {
  readonly #program: Program;

  constructor(program: Program, servername: string) {
    super(program, servername);
    this.#program = program;
  }

  async updateKeys(): Promise<void> {
    const before = this.#program.countStderr(KEY_UPDATE_SENT);
    await this.#program.write('K\n');
    await this.#program.untilStderr(KEY_UPDATE_SENT, before);
  }
}

/** A request that is written before could be read together with a K, which is then no command. */
async function untilReady(program: Program): Promise<void> {
  let printed = '';
  while (!printed.includes(READY)) {
    const bytes = await program.read();
    if (bytes === undefined) throw new Error(`no handshake: ${program.lastWords()}`);
    printed += bytes.toString('latin1');
  }
}
