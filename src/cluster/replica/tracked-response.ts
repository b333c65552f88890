/** A response of node:http that tells when its last part is being written. */
import { ServerResponse } from 'node:http';

export class TrackedResponse extends ServerResponse {
  /** `end()` has been called: what is written from now on is the last of it. */
  ending = false;

  // A reply that says when it was made could not be made again.
  override sendDate = false;

  override end(...args: unknown[]): this {
    this.ending = true;
    return super.end(...(args as []));
  }
}
