/**
 * The application's side of a connection. Its stream is made when there is something for the application: a stream and
 * what protocol libraries hang on it cost more than all the rest of a takeover, and most connections are idle.
 */
import { AppStream, type AppStreamHandler } from './app-stream.js';

export class AppSide {
  readonly #handler: AppStreamHandler;
  readonly #serve: (stream: AppStream) => void;
  #stream: AppStream | undefined;
  #inputEnded = false;

  /** @param serve hands the stream to the application; called once, before anything is pushed */
  constructor(handler: AppStreamHandler, serve: (stream: AppStream) => void) {
    this.#handler = handler;
    this.#serve = serve;
  }

  /** The application gets the connection now, although there may be nothing to read yet. */
  begin(): AppStream {
    if (this.#stream !== undefined) return this.#stream;
    const stream = new AppStream(this.#handler);
    this.#stream = stream;
    this.#serve(stream);
    return stream;
  }

  /** Returns whether more may follow. */
  push(input: Buffer): boolean {
    return this.begin().push(input);
  }

  /** Nothing more will be pushed. */
  endInput(): void {
    this.#inputEnded = true;
    const stream = this.begin();
    if (!stream.readableEnded && !stream.destroyed) stream.push(null);
  }

  /** Bytes that the application has written and that were not taken yet. */
  get pendingBytes(): number {
    return this.#stream?.writableLength ?? 0;
  }

  /** Whether one of the two sides will say nothing more. */
  get ending(): boolean {
    return this.#inputEnded || this.#stream?.writableEnded === true;
  }

  destroy(): void {
    this.#stream?.destroy();
  }
}
