/** A response of node:http that tells what it is, and when its last part is being written. */
import { ServerResponse } from 'node:http';

/** What a connection has to know of a reply. */
export interface TrackedReply {
  /** What is written from now on is the last of it. */
  readonly ending: boolean;
  /** Bytes that wait in the reply itself. */
  readonly writableLength: number;
  onEnded: (() => void) | undefined;
}

/** Parameters, such as a charset, may follow (RFC 9110 8.3.1). */
const EVENT_STREAM = /^\s*text\/event-stream\s*(;|$)/i;

export class TrackedResponse extends ServerResponse implements TrackedReply {
  /** `end()` has been called: what is written from now on is the last of it. */
  ending = false;
  /** Called when `end()` returns: where everything was written before, nothing more is written. */
  onEnded: (() => void) | undefined;
  /** As they were given: what they say is looked up when it is asked for. */
  #writtenFields: unknown;

  // A reply that says when it was made could not be made again.
  override sendDate = false;

  /** Server push without an end of its own; its client comes back when it is ended (WHATWG HTML 9.2.3). */
  get isEventStream(): boolean {
    return EVENT_STREAM.test(
      contentTypeIn(this.#writtenFields) ?? String(this.getHeader('Content-Type') ?? ''),
    );
  }

  // Fields that are given here are not found by `getHeader`.
  override writeHead(...args: unknown[]): this {
    this.#writtenFields = args.at(-1);
    return super.writeHead(...(args as [number]));
  }

  override end(...args: unknown[]): this {
    this.ending = true;
    super.end(...(args as []));
    this.onEnded?.();
    return this;
  }
}

/** @param fields an object, or names and values in turn, or pairs of them */
function contentTypeIn(fields: unknown): string | undefined {
  if (typeof fields !== 'object' || fields === null) return undefined;
  const flat: readonly unknown[] = (Array.isArray(fields) ? fields : Object.entries(fields)).flat();
  const at = flat.findIndex((name, index) => index % 2 === 0 && /^content-type$/i.test(String(name)));
  return at < 0 ? undefined : String(flat[at + 1]);
}
