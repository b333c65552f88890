/** Collects what is written to a socket during one event-loop turn and hands it over in one system call. */
import type { Writable } from 'node:stream';

/** Below this, copying into the slab is cheaper than another element of the gather list. */
const COPY_LIMIT_BYTES = 2048;
/** Holds the small records of a busy turn; a multiple of what one socket read takes. */
const SLAB_BYTES = 64 * 1024;

export class GatherWriter {
  readonly #socket: Writable;
  #slab: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #pieces: Buffer[] = [];
  #scheduled = false;
  #closed = false;

  constructor(socket: Writable) {
    this.#socket = socket;
  }

  /**
   * Appends `bytes`. Long ones are kept by reference: the caller must not change them afterwards.
   */
  write(bytes: Buffer): void {
    if (bytes.length < COPY_LIMIT_BYTES) {
      const at = this.reserve(bytes.length);
      bytes.copy(this.#slab, at);
      return;
    }
    this.#cut();
    if (!this.#closed) this.#pieces.push(bytes);
    this.#schedule();
  }

  /** Appends `length` bytes that the caller fills in at once, through {@link slab}. Returns their position in it. */
  reserve(length: number): number {
    if (this.#slab.length - this.#end < length) this.#renewSlab();
    const at = this.#end;
    this.#end += length;
    this.#schedule();
    return at;
  }

  /** Where reserved bytes are; ask again after each {@link reserve}. */
  get slab(): Buffer {
    return this.#slab;
  }

  /** Hands everything over now instead of at the end of the turn. */
  flush(): void {
    this.#cut();
    const pieces = this.#pieces;
    if (pieces.length === 0 || this.#closed) return;
    this.#pieces = [];
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.uncork();
  }

  /** Forgets what was not handed over, and everything that comes after. */
  close(): void {
    this.#closed = true;
    this.#pieces = [];
    this.#start = this.#end;
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  /** Moves the filled part of the slab to the gather list; the socket reads it later, so it is never written again. */
  #cut(): void {
    if (this.#end === this.#start) return;
    if (!this.#closed) this.#pieces.push(this.#slab.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }

  #renewSlab(): void {
    this.#cut();
    this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.#start = 0;
    this.#end = 0;
  }
}
