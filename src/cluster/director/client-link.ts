/** The client's side of a flow: its TCP connection, with the path to it that the trial asks for. */
import type { Socket } from 'node:net';
import type { Prng } from '../../contracts/workload.js';
import { DelayLine } from './delay-line.js';
import { isShaped, LinkDirection, type LinkShape } from './link-direction.js';

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
 * Bytes of a client that may be under way on a shaped link: then its TCP connection is not read any further, as if its
 * window were full. As much as 80 Mbit/s bring in 100 ms.
 */
const MAX_IN_FLIGHT_BYTES = 1024 * 1024;

/**
 * A path with round-trip time, jitter and bandwidth, each direction by itself. The TCP handshake of a real client takes one
 * round trip before its first byte leaves; here the kernel has answered it already, so the first byte waits that long.
 */
class ShapedLink implements ClientLink {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly #direct: DirectLink;
  readonly #handler: ClientLinkHandler;
  readonly #fromClient: LinkDirection;
  readonly #toClient: LinkDirection;
  readonly #incoming = new DelayLine<Incoming>((item) => this.#receive(item));
  readonly #outgoing = new DelayLine<Outgoing>((item) => this.#send(item));
  #early: Incoming[] | undefined = [];
  /** Towards the client, and from it. */
  #outgoingBytes = 0;
  #incomingBytes = 0;
  #full = false;

  constructor(socket: Socket, handler: ClientLinkHandler, shape: LinkShape, prng: Prng) {
    this.#handler = handler;
    this.#fromClient = new LinkDirection(shape, prng.fork('from client'));
    this.#toClient = new LinkDirection(shape, prng.fork('to client'));
    this.#direct = new DirectLink(socket, {
      received: (chunk) => this.#arrive(chunk),
      finished: () => this.#arrive('finished'),
      lost: (cause) => this.#arrive({ lost: cause }),
      drained: () => handler.drained(),
    });
    this.clientAddress = this.#direct.clientAddress;
    this.clientPort = this.#direct.clientPort;
    setTimeout(() => this.#admit(), this.#fromClient.drawDelayMs() + this.#toClient.drawDelayMs());
  }

  get pendingBytes(): number {
    return this.#outgoingBytes + this.#direct.pendingBytes;
  }

  write(record: Buffer): void {
    this.#outgoingBytes += record.length;
    transmit(this.#toClient, this.#outgoing, record);
  }

  cork(): void {}

  uncork(): void {}

  pause(): void {
    this.#incoming.pause();
    this.#direct.pause();
  }

  resume(): void {
    this.#incoming.resume();
    if (!this.#full) this.#direct.resume();
  }

  end(): void {
    transmit(this.#toClient, this.#outgoing, 'end');
  }

  reset(): void {
    transmit(this.#toClient, this.#outgoing, 'reset');
  }

  #arrive(item: Incoming): void {
    if (Buffer.isBuffer(item)) this.#takeIn(item.length);
    if (this.#early === undefined) transmit(this.#fromClient, this.#incoming, item);
    else this.#early.push(item);
  }

  #takeIn(bytes: number): void {
    this.#incomingBytes += bytes;
    if (this.#full || this.#incomingBytes < MAX_IN_FLIGHT_BYTES) return;
    this.#full = true;
    this.#direct.pause();
  }

  #admit(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const item of early) transmit(this.#fromClient, this.#incoming, item);
  }

  #receive(item: Incoming): void {
    if (item === 'finished') this.#handler.finished();
    else if (Buffer.isBuffer(item)) {
      this.#letGo(item.length);
      this.#handler.received(item);
    } else this.#handler.lost(item.lost);
  }

  /** Nothing is received while the flow has paused the link. */
  #letGo(bytes: number): void {
    this.#incomingBytes -= bytes;
    if (!this.#full || this.#incomingBytes > MAX_IN_FLIGHT_BYTES / 2) return;
    this.#full = false;
    this.#direct.resume();
  }

  #send(item: Outgoing): void {
    if (item === 'end') this.#direct.end();
    else if (item === 'reset') this.#direct.reset();
    else {
      this.#outgoingBytes -= item.length;
      this.#direct.write(item);
      // The socket tells only of what it had to keep.
      this.#handler.drained();
    }
  }
}

/** Sends in segments, so that the first bytes of a long piece do not wait for its last on a slow link. */
function transmit<Item>(direction: LinkDirection, line: DelayLine<Item | Buffer>, item: Item | Buffer): void {
  const nowMs = performance.now();
  const delayMs = direction.drawDelayMs();
  if (!Buffer.isBuffer(item)) {
    line.push(direction.send(nowMs, 0, delayMs), item);
    return;
  }
  for (let from = 0; from < item.length; from += direction.segmentBytes) {
    const segment = item.subarray(from, from + direction.segmentBytes);
    line.push(direction.send(nowMs, segment.length, delayMs), segment);
  }
}

/** @param prng of this flow: from it jitter is drawn */
export function createClientLink(
  socket: Socket,
  handler: ClientLinkHandler,
  shape: LinkShape,
  prng: () => Prng,
): ClientLink {
  return isShaped(shape) ? new ShapedLink(socket, handler, shape, prng()) : new DirectLink(socket, handler);
}
