/** The client's side of a flow: its TCP connection, with the round-trip time that the trial asks for. */
import type { Socket } from 'node:net';
import { DelayLine } from './delay-line.js';

/** What the flow hears of its client. */
export interface ClientLinkHandler {
  received(chunk: Buffer): void;
  /** The client has finished sending (FIN). */
  finished(): void;
  /** The connection is gone. */
  lost(cause: string): void;
  /** Something of what was written has left. */
  drained(): void;
}

export interface ClientLink {
  readonly clientAddress: string;
  readonly clientPort: number;
  /** Bytes written that the client's TCP has not taken yet. */
  readonly pendingBytes: number;
  write(record: Buffer): void;
  /** Gathers what follows until {@link uncork}. */
  cork(): void;
  uncork(): void;
  /** Stops and resumes reading from the client. */
  pause(): void;
  resume(): void;
  /** Closes after what was written. */
  end(): void;
  /** Closes at once, with a RST. */
  reset(): void;
}

/** A client that has taken everything and does not close its side is not waited for any longer. */
const LINGER_MS = 5000;

class DirectLink implements ClientLink {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly #socket: Socket;
  #lingering: NodeJS.Timeout | undefined;

  constructor(socket: Socket, handler: ClientLinkHandler) {
    this.#socket = socket;
    this.clientAddress = socket.remoteAddress ?? '';
    this.clientPort = socket.remotePort ?? 0;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => handler.received(chunk));
    socket.on('end', () => handler.finished());
    socket.on('drain', () => handler.drained());
    socket.on('error', (error: NodeJS.ErrnoException) => handler.lost(error.code ?? error.message));
    socket.on('close', () => {
      clearTimeout(this.#lingering);
      handler.lost('closed');
    });
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  write(record: Buffer): void {
    this.#socket.write(record);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end(() => {
      this.#lingering = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    });
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }
}

type Outgoing = Buffer | 'end' | 'reset';
type Incoming = Buffer | 'finished' | { readonly lost: string };

/**
 * Half a round trip in each direction. The TCP handshake of a real client takes one round trip before its first byte
 * leaves; here the kernel has answered it already, so the first byte waits that long.
 */
class DelayedLink implements ClientLink {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly #direct: DirectLink;
  readonly #handler: ClientLinkHandler;
  readonly #incoming: DelayLine<Incoming>;
  readonly #outgoing: DelayLine<Outgoing>;
  #early: Incoming[] | undefined = [];
  #delayedBytes = 0;

  constructor(socket: Socket, handler: ClientLinkHandler, rttMs: number) {
    this.#handler = handler;
    this.#incoming = new DelayLine(rttMs / 2, (item) => deliver(item, handler));
    this.#outgoing = new DelayLine(rttMs / 2, (item) => this.#send(item));
    this.#direct = new DirectLink(socket, {
      received: (chunk) => this.#arrive(chunk),
      finished: () => this.#arrive('finished'),
      lost: (cause) => this.#arrive({ lost: cause }),
      drained: () => handler.drained(),
    });
    this.clientAddress = this.#direct.clientAddress;
    this.clientPort = this.#direct.clientPort;
    setTimeout(() => this.#admit(), rttMs);
  }

  get pendingBytes(): number {
    return this.#delayedBytes + this.#direct.pendingBytes;
  }

  write(record: Buffer): void {
    this.#delayedBytes += record.length;
    this.#outgoing.push(record);
  }

  cork(): void {}

  uncork(): void {}

  pause(): void {
    this.#direct.pause();
  }

  resume(): void {
    this.#direct.resume();
  }

  end(): void {
    this.#outgoing.push('end');
  }

  reset(): void {
    this.#outgoing.push('reset');
  }

  #arrive(item: Incoming): void {
    if (this.#early === undefined) this.#incoming.push(item);
    else this.#early.push(item);
  }

  #admit(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const item of early) this.#incoming.push(item);
  }

  #send(item: Outgoing): void {
    if (item === 'end') this.#direct.end();
    else if (item === 'reset') this.#direct.reset();
    else {
      this.#delayedBytes -= item.length;
      this.#direct.write(item);
      // The socket tells only of what it had to keep.
      this.#handler.drained();
    }
  }
}

function deliver(item: Incoming, handler: ClientLinkHandler): void {
  if (item === 'finished') handler.finished();
  else if (Buffer.isBuffer(item)) handler.received(item);
  else handler.lost(item.lost);
}

/** @param rttMs round-trip time to add, 0 for none. */
export function createClientLink(socket: Socket, handler: ClientLinkHandler, rttMs: number): ClientLink {
  return rttMs > 0 ? new DelayedLink(socket, handler, rttMs) : new DirectLink(socket, handler);
}
