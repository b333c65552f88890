import { Duplex } from 'node:stream';

/** What a protocol library takes for its socket: the plaintext side of a transport. */
export class PlaintextWire extends Duplex {
  readonly #writeOut: (bytes: Buffer) => void;

  constructor(writeOut: (bytes: Buffer) => void) {
    super();
    this.#writeOut = writeOut;
  }

  /** The next bytes for the library. It reads them when it likes, so that they are copied. */
  receive(chunk: Buffer): void {
    this.push(Buffer.from(chunk));
  }

  /** Bytes are pushed as they come. */
  override _read(): void {}

  override _write(bytes: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#writeOut(bytes);
    callback();
  }
}
