/** A connection that reads into memory which is used again, where Node takes new memory for each read. */
import { connect, type Socket } from 'node:net';

/** As much as Node reads at a time where it brings the memory itself. */
const READ_BYTES = 64 * 1024;
/** With less room than this behind what is still needed, reads would become small: other memory is taken. */
const LEAST_READ_BYTES = READ_BYTES / 4;

/** @returns whether a part of the chunk is still needed as it is; else it is overwritten by the next read */
export type ChunkReceiver = (chunk: Buffer) => boolean;

export class RecycledReads {
  readonly socket: Socket;
  /** What the next read goes to. */
  #room = Buffer.allocUnsafeSlow(READ_BYTES);
  #receiver: ChunkReceiver = (chunk) => this.#keepForStream(chunk);

  private constructor(port: number) {
    this.socket = connect({
      port,
      host: '127.0.0.1',
      onread: {
        buffer: () => this.#room,
        callback: (bytes) => {
          this.#received(bytes);
          return true;
        },
      },
    });
  }

  /** Connects to 127.0.0.1. Until {@link receive} the socket is a stream as any other. */
  static async connect(port: number): Promise<RecycledReads> {
    const reads = new RecycledReads(port);
    const { socket } = reads;
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return reads;
  }

  /** Once this turn is over, what is read goes to `receiver`, what the stream still has first. There are no `data` events. */
  receive(receiver: ChunkReceiver): void {
    process.nextTick(() => {
      this.#receiver = receiver;
      const rest: Buffer | null = this.socket.read();
      if (rest !== null) receiver(rest);
      this.socket.resume();
    });
  }

  #received(bytes: number): void {
    const chunk = this.#room.subarray(0, bytes);
    if (!this.#receiver(chunk)) return;
    this.#room = this.#room.subarray(bytes);
    if (this.#room.length >= LEAST_READ_BYTES) return;
    this.#room = Buffer.allocUnsafeSlow(READ_BYTES);
  }

  #keepForStream(chunk: Buffer): boolean {
    this.socket.push(chunk);
    return true;
  }
}
