/**
 * The least that a client of `node:tls` can do, as the floor of the load client: each connection sends one and the same request
 * as soon as the bytes of the reply before it have been counted. Nothing is planned, looked at or recorded but times.
 */
import { once } from 'node:events';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { type Clock, createClock } from '../../src/base/clock.js';
import { type ParentChannel, serveParent } from '../../src/net/message-channel.js';
import { SERVERNAME, TLS } from '../steady-state/stack.js';

export type BareCommand =
  | {
      readonly kind: 'run';
      readonly port: number;
      readonly ca: string;
      readonly connections: number;
      readonly clockStartNs: string;
      readonly target: string;
    }
  | { readonly kind: 'stop' };

export type BareEvent =
  | { readonly kind: 'running' }
  /** Of each request, in the order of their replies. */
  | { readonly kind: 'report'; readonly repliedMs: Float64Array; readonly latencyMs: Float64Array };

const END_OF_HEAD = '\r\n\r\n';

class BareClient {
  readonly #clock: Clock;
  readonly #request: Buffer;
  readonly #sockets: TLSSocket[] = [];
  readonly #repliedMs: number[] = [];
  readonly #latencyMs: number[] = [];

  constructor(clock: Clock, target: string) {
    this.#clock = clock;
    this.#request = Buffer.from(`GET ${target} HTTP/1.1\r\nHost: ${SERVERNAME}\r\n\r\n`);
  }

  async run(port: number, connections: number, secureContext: SecureContext): Promise<void> {
    for (let index = 0; index < connections; index++) {
      const socket = connect({ host: '127.0.0.1', port, servername: SERVERNAME, secureContext });
      socket.setNoDelay(true);
      await once(socket, 'secureConnect');
      this.#sockets.push(socket);
    }
    for (const socket of this.#sockets) this.#load(socket);
  }

  report(): BareEvent {
    for (const socket of this.#sockets) socket.destroy();
    const [repliedMs, latencyMs] = [this.#repliedMs, this.#latencyMs].map((times) =>
      Float64Array.from(times),
    );
    return {
      kind: 'report',
      repliedMs: repliedMs ?? new Float64Array(),
      latencyMs: latencyMs ?? new Float64Array(),
    };
  }

  #load(socket: TLSSocket): void {
    let sentMs = 0;
    let replyBytes = 0;
    let received = 0;
    const send = (): void => {
      received = 0;
      sentMs = this.#clock();
      socket.write(this.#request);
    };
    socket.on('data', (chunk: Buffer) => {
      // All replies are as long as the first one.
      if (replyBytes === 0) replyBytes = lengthOfReply(chunk);
      received += chunk.length;
      if (received < replyBytes) return;
      const nowMs = this.#clock();
      this.#repliedMs.push(nowMs);
      this.#latencyMs.push(nowMs - sentMs);
      send();
    });
    send();
  }
}

/** @param chunk the first of a reply; its head is in it */
function lengthOfReply(chunk: Buffer): number {
  const text = chunk.toString('latin1');
  const [, digits] = /\r\ncontent-length: (\d+)\r\n/i.exec(text) ?? [];
  if (digits === undefined) throw new Error('the first chunk of a reply does not say how long it is');
  return text.indexOf(END_OF_HEAD) + END_OF_HEAD.length + Number(digits);
}

function serveCommands(): void {
  let client: BareClient | undefined;
  const parent: ParentChannel<BareEvent> = serveParent<BareCommand, BareEvent>({
    run: async ({ port, ca, connections, clockStartNs, target }) => {
      client = new BareClient(createClock(BigInt(clockStartNs)), target);
      const version = `TLSv${TLS.version}` as const;
      const limits = { minVersion: version, maxVersion: version, ciphers: TLS.ciphers };
      await client.run(port, connections, createSecureContext({ ca, ...limits }));
      parent.send({ kind: 'running' });
    },
    stop: () => {
      if (client === undefined) throw new Error("nothing runs: 'running' must have been answered first");
      parent.send(client.report());
    },
  });
}

serveCommands();
