/**
 * JSSE, the TLS of the JDK, by a small Java program. With `jdk.tls.keyLimits` it replaces keys on its own: in a long
 * response many times, before and after the kill.
 */
import { fileURLToPath } from 'node:url';
import type { Client } from '../client.js';
import { PlaintextSession } from '../plaintext.js';
import { outputOf, Program } from '../program.js';

/** Java sources are not compiled with the rest: the file stays where it is. */
const SOURCE = fileURLToPath(new URL('../../../../bench/matrix/clients/JsseClient.java', import.meta.url));
/** About thirty times in the long response. */
const KEY_LIMIT_BYTES = 1024 * 1024;
/** JSSE's own trace of what it sends. */
const KEY_UPDATE_SENT = 'Produced KeyUpdate post-handshake message';

export const jsse: Client = {
  id: 'jsse',
  describe: async () => {
    // A Java program as one source file needs the compiler.
    const [compiler, version] = await Promise.all([
      outputOf('javac', '-version'),
      outputOf('java', '--version'),
    ]);
    return compiler === undefined ? undefined : version?.replace(/^openjdk (\S+).*/s, 'JSSE of OpenJDK $1');
  },
  open: async ({ port, servername, caPath, version, updatesKeys }) => {
    const limit = updatesKeys ? KEY_LIMIT_BYTES : 0;
    const program = new Program('java', [
      ...(updatesKeys ? ['-Djavax.net.debug=ssl:handshake'] : []),
      ...[SOURCE, String(port), servername, caPath, `TLSv${version}`, String(limit)],
    ]);
    return Object.assign(new PlaintextSession(program, servername), {
      updateKeys: async () => {
        const before = program.countStderr(KEY_UPDATE_SENT);
        await program.write('rekey\n');
        await program.untilStderr(KEY_UPDATE_SENT, before);
      },
    });
  },
};
