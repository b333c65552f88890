/**
 * The replication link: a TCP connection from each replica to each other one, on which primaries send sealed state and
 * backups acknowledge it. It is never shared with the director.
 */
import { randomBytes } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { ProtocolError } from '../../base/errors.js';
import { GatherWriter } from '../../net/gather-writer.js';
import { listenOnLoopback } from '../../net/loopback.js';
import { readExactly } from '../../net/read-exactly.js';
import { Alert } from '../../tls/alert.js';
import {
  deriveLinkKey,
  type Frame,
  FrameKind,
  FrameOpener,
  FrameSealer,
  SALT_BYTES,
} from './sealed-channel.js';

const MAGIC = Buffer.from('SPR1', 'latin1');
/** Random, from the backup: without it a recorded link could be played to a backup again. */
const CHALLENGE_BYTES = 32;
/** Index and incarnation of the sender. */
const SENDER_BYTES = 1 + 4;
/** A peer on the same machine greets within microseconds; one that hangs must not hold up those who come back. */
const CHALLENGE_TIMEOUT_MS = 5000;
/** Magic, sender, salt. */
const GREETING_BYTES = MAGIC.length + SENDER_BYTES + SALT_BYTES;
const NO_PAYLOAD = Buffer.alloc(0);
const COUNTER_BYTES = 6;

/** Something whose output waits for acknowledgements. */
export interface AcknowledgementWaiter {
  acknowledged(counter: number): void;
}

export interface LinkOptions {
  /** Index of the backup. */
  readonly peer: number;
  /** Index of the primary. */
  readonly self: number;
  /** Processes that this replica had before this one. */
  readonly incarnation: number;
  readonly clusterKey: Buffer;
}

/** The primary's end. */
export class OutgoingLink {
  readonly peer: number;
  readonly #socket: Socket;
  readonly #writer: GatherWriter;
  readonly #sealer: FrameSealer;
  #waiters = new Set<AcknowledgementWaiter>();
  #acknowledged = 0;

  private constructor(
    { peer, self, incarnation, clusterKey }: LinkOptions,
    socket: Socket,
    challenge: Buffer,
  ) {
    this.peer = peer;
    this.#socket = socket;
    this.#writer = new GatherWriter(socket);
    const sender = Buffer.alloc(SENDER_BYTES);
    sender.writeUInt8(self, 0);
    sender.writeUInt32BE(incarnation, 1);
    // The sender is a part of the salt: whoever changes it on the way changes the keys.
    const ownSalt = Buffer.concat([sender, randomBytes(SALT_BYTES)]);
    const salt = Buffer.concat([challenge, ownSalt]);
    this.#sealer = new FrameSealer(deriveLinkKey(clusterKey, salt, 'to-backup'));
    const opener = new FrameOpener(deriveLinkKey(clusterKey, salt, 'to-primary'));
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(opener, chunk));
    socket.on('error', () => this.#lost());
    socket.on('close', () => this.#lost());
    this.#writer.write(Buffer.concat([MAGIC, ownSalt]));
    this.#send({ flowId: 0, epoch: 0, kind: FrameKind.hello, payload: NO_PAYLOAD });
  }

  /** Resolves when the backup has sent its challenge. Rejects when it cannot be reached, or does not within 5 s. */
  static async connect(options: LinkOptions & { readonly port: number }): Promise<OutgoingLink> {
    const socket = connect(options.port, '127.0.0.1');
    const late = new Error(
      `no challenge came from replica ${options.peer} within ${CHALLENGE_TIMEOUT_MS} ms`,
    );
    const timeout = setTimeout(() => socket.destroy(late), CHALLENGE_TIMEOUT_MS);
    try {
      const challenge = await readExactly(socket, CHALLENGE_BYTES);
      return new OutgoingLink(options, socket, challenge);
    } finally {
      clearTimeout(timeout);
    }
  }

  /** The highest counter that the backup has acknowledged; Infinity when there is no backup to wait for any more. */
  get acknowledgedCounter(): number {
    return this.#acknowledged;
  }

  /** The counter of what was sent last, of any flow. */
  get sentCounter(): number {
    return this.#sealer.count;
  }

  /** Sends the state of a flow. Returns the counter whose acknowledgement says that the backup has it. */
  replicate(flowId: number, epoch: number, payload: Buffer): number {
    return this.#send({ flowId, epoch, kind: FrameKind.state, payload });
  }

  /** Hands what was sent to the kernel now: it then arrives even if this process dies before the end of the turn. */
  flush(): void {
    this.#writer.flush();
  }

  /** The flow has ended: the backup wipes what it has of it. */
  forget(flowId: number): void {
    this.#send({ flowId, epoch: 0, kind: FrameKind.forget, payload: NO_PAYLOAD });
  }

  /** `waiter` hears of every acknowledgement until it is removed. */
  wait(waiter: AcknowledgementWaiter): void {
    this.#waiters.add(waiter);
  }

  stopWaiting(waiter: AcknowledgementWaiter): void {
    this.#waiters.delete(waiter);
  }

  /** Closes the link behind what was sent. */
  end(): void {
    this.#writer.flush();
    this.#socket.end();
  }

  #send(frame: Frame): number {
    this.#writer.write(this.#sealer.seal(frame));
    return this.#sealer.count;
  }

  #receive(opener: FrameOpener, chunk: Buffer): void {
    let counter = 0;
    try {
      opener.push(chunk, (frame) => {
        counter = frame.payload.readUIntBE(0, COUNTER_BYTES);
      });
    } catch {
      this.#lost();
      return;
    }
    if (counter > 0) this.#acknowledge(counter);
  }

  #acknowledge(counter: number): void {
    this.#acknowledged = counter;
    for (const waiter of this.#waiters) waiter.acknowledged(counter);
  }

  /** Without the backup its flows go on unprotected: waiting for it would turn one failure into two. */
  #lost(): void {
    if (this.#acknowledged === Number.POSITIVE_INFINITY) return;
    this.#writer.close();
    this.#socket.destroy();
    this.#acknowledge(Number.POSITIVE_INFINITY);
  }
}

/** What a backup does with what primaries send. An exception ends the link that it came on. */
export interface ReplicationHandler {
  state(flowId: number, payload: Buffer): void;
  forget(flowId: number): void;
}

/** Bytes and messages received, framing included. Counted where they arrive: a killed primary cannot tell. */
export interface ReplicationCounters {
  bytes: number;
  messages: number;
  /** Frames or whole links that were refused. */
  refused: number;
  /** Frames of primaries that had been fenced before: none of them was used. Not among the bytes and messages. */
  fenced: number;
}

/** The backup's end of all links. */
export class IncomingLinks {
  readonly counters: ReplicationCounters = { bytes: 0, messages: 0, refused: 0, fenced: 0 };
  readonly #clusterKey: Buffer;
  readonly #handler: ReplicationHandler;
  readonly #server: Server;
  /** By process, see {@link processKey}. */
  readonly #links = new Map<string, PeerLink>();
  readonly #sockets = new Set<Socket>();

  constructor(clusterKey: Buffer, handler: ReplicationHandler) {
    this.#clusterKey = clusterKey;
    this.#handler = handler;
    this.#server = createServer((socket) => this.#greet(socket));
  }

  /** Listens on an ephemeral port of 127.0.0.1 and resolves with it. */
  listen(): Promise<number> {
    return listenOnLoopback(this.#server);
  }

  /** Stops listening and closes all links. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /**
   * Calls back when nothing more of this process of `peer` will count. A dead one's link is drained to its end; one that
   * still lives after `graceMs` only hung, and is fenced: what it sends later is counted, not used, and not acknowledged.
   * The link of the process that replaced it is left alone.
   */
  whenDrained(peer: number, incarnation: number, graceMs: number, callback: () => void): void {
    const link = this.#links.get(processKey(peer, incarnation));
    if (link === undefined || link.fenced) {
      callback();
      return;
    }
    link.drained.push(callback);
    link.fence ??= setTimeout(() => {
      link.fenced = true;
      this.#drained(link);
    }, graceMs);
  }

  #greet(socket: Socket): void {
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const challenge = randomBytes(CHALLENGE_BYTES);
    socket.write(challenge);
    let greeting: Buffer = NO_PAYLOAD;
    const onData = (chunk: Buffer): void => {
      greeting = Buffer.concat([greeting, chunk]);
      if (greeting.length < GREETING_BYTES) return;
      socket.off('data', onData);
      this.#admit(socket, greeting, challenge);
    };
    socket.on('data', onData);
  }

  #admit(socket: Socket, greeting: Buffer, challenge: Buffer): void {
    if (!greeting.subarray(0, MAGIC.length).equals(MAGIC)) {
      this.#refuse(socket);
      return;
    }
    const peerSalt = greeting.subarray(MAGIC.length, GREETING_BYTES);
    const salt = Buffer.concat([challenge, peerSalt]);
    const key = processKey(peerSalt.readUInt8(0), peerSalt.readUInt32BE(1));
    const peer: PeerLink = { drained: [], fence: undefined, fenced: false };
    const link = new IncomingLink(socket, {
      opener: new FrameOpener(deriveLinkKey(this.#clusterKey, salt, 'to-backup')),
      sealer: new FrameSealer(deriveLinkKey(this.#clusterKey, salt, 'to-primary')),
      // Only a frame that opens proves that the peer has the cluster key.
      admitted: () => this.#links.set(key, peer),
      frame: (frame) => {
        if (peer.fenced) this.#ignore(frame);
        else this.#dispatch(frame);
      },
      acknowledges: () => !peer.fenced,
      refused: () => this.#refuse(socket),
    });
    socket.on('close', () => {
      if (this.#links.get(key) === peer) this.#links.delete(key);
      this.#drained(peer);
    });
    const receive = (chunk: Buffer): void => {
      if (!peer.fenced) this.counters.bytes += chunk.length;
      link.receive(chunk);
    };
    socket.on('data', receive);
    receive(greeting.subarray(GREETING_BYTES));
  }

  #drained(peer: PeerLink): void {
    clearTimeout(peer.fence);
    for (const callback of peer.drained.splice(0)) callback();
  }

  #ignore({ payload }: Frame): void {
    this.counters.fenced += 1;
    payload.fill(0);
  }

  #dispatch(frame: Frame): void {
    switch (frame.kind) {
      case FrameKind.hello:
        return;
      case FrameKind.state:
        this.counters.messages += 1;
        this.#handler.state(frame.flowId, frame.payload);
        return;
      case FrameKind.forget:
        this.#handler.forget(frame.flowId);
        return;
      default:
        throw new ProtocolError(Alert.decode_error, `replication frame of kind ${frame.kind}`);
    }
  }

  #refuse(socket: Socket): void {
    this.counters.refused += 1;
    socket.destroy();
  }
}

/** One link for each process that a replica had: a late end of an old one is not that of the new one. */
function processKey(index: number, incarnation: number): string {
  return `${index}.${incarnation}`;
}

interface PeerLink {
  /** Called when the link has ended or is fenced: all flows of a failed primary wait for it at once. */
  readonly drained: (() => void)[];
  /** Fences a link that does not end by itself; undefined while nobody waits for it. */
  fence: NodeJS.Timeout | undefined;
  /** Nothing that arrives on it counts any more. */
  fenced: boolean;
}

interface IncomingLinkOptions {
  readonly opener: FrameOpener;
  readonly sealer: FrameSealer;
  readonly admitted: () => void;
  readonly frame: (frame: Frame) => void;
  /** Whether frames are acknowledged: what does not count is not. */
  readonly acknowledges: () => boolean;
  readonly refused: () => void;
}

class IncomingLink {
  readonly #options: IncomingLinkOptions;
  readonly #writer: GatherWriter;
  #acknowledgementDue = false;

  constructor(socket: Socket, options: IncomingLinkOptions) {
    this.#options = options;
    this.#writer = new GatherWriter(socket);
  }

  receive(chunk: Buffer): void {
    const { opener, admitted, frame, acknowledges, refused } = this.#options;
    const before = opener.count;
    try {
      opener.push(chunk, frame);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      refused();
      return;
    }
    if (opener.count === before) return;
    if (before === 0) admitted();
    if (acknowledges()) this.#acknowledge();
  }

  /** One acknowledgement for everything of a turn. */
  #acknowledge(): void {
    if (this.#acknowledgementDue) return;
    this.#acknowledgementDue = true;
    queueMicrotask(() => {
      this.#acknowledgementDue = false;
      const payload = Buffer.alloc(COUNTER_BYTES);
      payload.writeUIntBE(this.#options.opener.count, 0, COUNTER_BYTES);
      this.#writer.write(
        this.#options.sealer.seal({ flowId: 0, epoch: 0, kind: FrameKind.acknowledgement, payload }),
      );
    });
  }
}
