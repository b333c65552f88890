/** Listening where nobody but this machine can connect. */
import type { Server } from 'node:net';

export interface ListenOptions {
  /** 0 for any. */
  readonly port?: number;
  /** Connections that may wait to be accepted; 511 when absent, as Node has it. */
  readonly backlog?: number;
}

/** Listens on 127.0.0.1 and resolves with the port. Rejects when that is not possible; errors after that are ignored. */
export function listenOnLoopback(
  server: Server,
  { port = 0, backlog = 511 }: ListenOptions = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    // Once it listens: an accept that failed. That client is lost, the others are not.
    server.on('error', reject);
    server.listen({ host: '127.0.0.1', port, backlog }, () => resolve(portOf(server) ?? port));
  });
}

/** Undefined of a server that does not listen. */
export function portOf(server: Server): number | undefined {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : undefined;
}
