/** A TCP socket without a network: what is written to it stays here, what it is to receive is handed to it. */
import { Socket } from 'node:net';

/** As clients on this machine have it. */
const ADDRESS = '127.0.0.1';

export class MemorySocket extends Socket {
  /** Where written bytes go; they are dropped while it is undefined. */
  sink: ((chunk: Buffer) => void) | undefined;

  constructor(remotePort = 1) {
    super({ allowHalfOpen: true });
    // Getters of the class that it extends.
    Object.defineProperties(this, {
      remoteAddress: { value: ADDRESS },
      remotePort: { value: remotePort },
    });
  }

  /** Hands `chunk` over as if it had arrived; in a turn behind that in which somebody began to listen. */
  deliver(chunk: Buffer): void {
    this.push(chunk);
  }

  override resetAndDestroy(): this {
    this.destroy();
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.sink?.(chunk);
    done();
  }

  override _writev(chunks: { readonly chunk: Buffer }[], done: (error?: Error | null) => void): void {
    for (const { chunk } of chunks) this.sink?.(chunk);
    done();
  }

  override _final(done: (error?: Error | null) => void): void {
    done();
  }
}
