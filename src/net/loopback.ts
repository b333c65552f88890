/** Listening where nobody but this machine can connect. */
import type { Server } from 'node:net';

/** Listens on an ephemeral port of 127.0.0.1 and resolves with it. Rejects when that is not possible. */
export function listenOnLoopback(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
