/** The plaintext side of a connection, as the application's protocol library sees it. */
import { Duplex } from 'node:stream';

export interface AppStreamHandler {
  /** The application wrote; the callback asks for more. */
  output(chunks: readonly Buffer[], bytes: number, callback: () => void): void;
  /** The application has written its last byte. */
  outputEnd(): void;
  /** The application can take more input. */
  inputWanted(): void;
  /** The application gave the connection up. */
  abandoned(): void;
}

/** Output that the application may have written ahead of the record layer, bytes. */
const HIGH_WATER_MARK_BYTES = 64 * 1024;

export class AppStream extends Duplex {
  readonly #handler: AppStreamHandler;
  #finished = false;

  constructor(handler: AppStreamHandler) {
    super({ highWaterMark: HIGH_WATER_MARK_BYTES, decodeStrings: true, allowHalfOpen: true });
    this.#handler = handler;
    // The protocol library reports errors of its own to its client; there is nobody else to tell.
    this.on('error', () => {});
  }

  override _read(): void {
    this.#handler.inputWanted();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.#handler.output([chunk], chunk.length, callback);
  }

  override _writev(items: { chunk: Buffer }[], callback: () => void): void {
    const chunks = items.map(({ chunk }) => chunk);
    this.#handler.output(
      chunks,
      chunks.reduce((sum, chunk) => sum + chunk.length, 0),
      callback,
    );
  }

  override _final(callback: () => void): void {
    this.#finished = true;
    this.#handler.outputEnd();
    callback();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    if (!this.#finished) this.#handler.abandoned();
    callback(error);
  }
}
