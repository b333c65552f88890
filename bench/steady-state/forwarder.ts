/** The least that a Node process in front of a server can do: one connection for each, bytes from one to the other. */
import { connect, createServer } from 'node:net';
import { listenOnLoopback } from '../../src/net/loopback.js';
import { type ParentChannel, serveParent } from '../../src/net/message-channel.js';
import type { ListeningEvent } from './node-server.js';

export interface ForwarderCommand {
  readonly kind: 'start';
  readonly upstreamPort: number;
}

const parent: ParentChannel<ListeningEvent> = serveParent<ForwarderCommand, ListeningEvent>({
  start: async ({ upstreamPort }) => {
    const server = createServer((client) => {
      const upstream = connect(upstreamPort, '127.0.0.1');
      for (const socket of [client, upstream]) {
        socket.setNoDelay(true);
        socket.on('error', () => socket.destroy());
      }
      client.pipe(upstream).pipe(client);
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
    });
    parent.send({ kind: 'listening', port: await listenOnLoopback(server) });
  },
});
