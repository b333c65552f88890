/**
 * A server that answers every request alike, as fast as `node:tls` can, and notes when it read each request and when its
 * reply had been written. In a process of its own, on the clock that it shares with its clients: a look at their latencies from
 * outside.
 */
import { createServer, type TLSSocket } from 'node:tls';
import { type Clock, createClock } from '../../src/base/clock.js';
import type { Identity } from '../../src/cluster/certificates.js';
import { listenOnLoopback } from '../../src/net/loopback.js';
import { type ParentChannel, serveParent } from '../../src/net/message-channel.js';
import { TLS } from '../steady-state/stack.js';

/** Of the requests of one connection, in their order, on the shared clock. */
export interface Stamps {
  readonly readMs: readonly number[];
  /**
   * The system call that wrote the reply is over. On loopback the bytes are in the client's socket then: what passes until it
   * has read them is its own doing.
   */
  readonly writtenMs: readonly number[];
}

export type ObservedCommand =
  | {
      readonly kind: 'start';
      readonly identity: Identity;
      readonly clockStartNs: string;
      /** Content of all replies. */
      readonly content: Buffer;
    }
  /** How many requests were there so far. */
  | { readonly kind: 'count' }
  /** Hands the stamps over, and forgets them. */
  | { readonly kind: 'hand-over' };

export type ObservedEvent =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'counted'; readonly requests: number }
  /** By the port of the client. */
  | { readonly kind: 'stamps'; readonly stamps: ReadonlyMap<number, Stamps> };

const END_OF_REQUEST = Buffer.from('\r\n\r\n');

class ObservedServer {
  readonly #clock: Clock;
  readonly #reply: Buffer;
  #stamps = new Map<number, { readonly readMs: number[]; readonly writtenMs: number[] }>();
  requests = 0;

  constructor(clock: Clock, content: Buffer) {
    this.#clock = clock;
    this.#reply = Buffer.concat([Buffer.from(replyHead(content.length)), content]);
  }

  serve(socket: TLSSocket): void {
    socket.setNoDelay(true);
    // Clients go away when they have been measured.
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => this.#answer(socket, chunk));
  }

  handOver(): ReadonlyMap<number, Stamps> {
    const stamps = this.#stamps;
    this.#stamps = new Map();
    return stamps;
  }

  /** A request is one record, and nobody sends the next one before the reply: a chunk that is anything else is refused. */
  #answer(socket: TLSSocket, chunk: Buffer): void {
    const readMs = this.#clock();
    if (chunk.indexOf(END_OF_REQUEST) !== chunk.length - END_OF_REQUEST.length) {
      socket.destroy();
      return;
    }
    this.requests += 1;
    socket.write(this.#reply);
    this.#stamp(socket.remotePort ?? 0, readMs, this.#clock());
  }

  #stamp(port: number, readMs: number, writtenMs: number): void {
    const stamps = this.#stamps.get(port) ?? { readMs: [], writtenMs: [] };
    stamps.readMs.push(readMs);
    stamps.writtenMs.push(writtenMs);
    this.#stamps.set(port, stamps);
  }
}

/** As replicas send it. */
function replyHead(bytes: number): string {
  const fields = [
    'Content-Type: application/octet-stream',
    `Content-Length: ${bytes}`,
    'Connection: keep-alive',
  ];
  return `${['HTTP/1.1 200 OK', ...fields].join('\r\n')}\r\n\r\n`;
}

function serveCommands(): void {
  let server: ObservedServer | undefined;
  const parent: ParentChannel<ObservedEvent> = serveParent<ObservedCommand, ObservedEvent>({
    start: async ({ identity, clockStartNs, content }) => {
      const started = new ObservedServer(createClock(BigInt(clockStartNs)), content);
      server = started;
      const tls = createServer(
        {
          cert: identity.certificatePem,
          key: identity.privateKeyPem,
          minVersion: `TLSv${TLS.version}`,
          maxVersion: `TLSv${TLS.version}`,
          ciphers: TLS.ciphers,
        },
        (socket) => started.serve(socket),
      );
      parent.send({ kind: 'listening', port: await listenOnLoopback(tls) });
    },
    count: () => parent.send({ kind: 'counted', requests: server?.requests ?? 0 }),
    'hand-over': () => parent.send({ kind: 'stamps', stamps: server?.handOver() ?? new Map() }),
  });
}

serveCommands();
