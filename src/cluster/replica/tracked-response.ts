/** A response of node:http that tells when its last part is being written. */
import { ServerResponse } from 'node:http';

/** What a connection has to know of a reply. */
export interface TrackedReply {
  /** What is written from now on is the last of it. */
  readonly ending: boolean;
  /** Bytes that wait in the reply itself. */
  readonly writableLength: number;
  onEnded: (() => void) | undefined;
}

export class TrackedResponse extends ServerResponse implements TrackedReply {
  /** `end()` has been called: what is written from now on is the last of it. */
  ending = false;
  /** Called when `end()` returns: where everything was written before, nothing more is written. */
  onEnded: (() => void) | undefined;

  // A reply that says when it was made could not be made again.
  override sendDate = false;

  override end(...args: unknown[]): this {
    this.ending = true;
    super.end(...(args as []));
    this.onEnded?.();
    return this;
  }
}
