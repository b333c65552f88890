/**
 * Persistent connections of a server, and their graceful end as servers do it before they stop: busy ones end behind their
 * reply, which says so where its header section has not left yet (RFC 9112 9.6), idle ones after a while. A reply that has no
 * end must not hold up that of the server: event streams end with the idle ones, and whatever is left when its time is over.
 */
import type { Duplex } from 'node:stream';
import { DEFAULT_DRAIN_LIMIT_MS } from '../director/drains.js';
import type { TrackedResponse } from './tracked-response.js';

/**
 * A request may be on its way on a connection that is idle here: closed at once, it would be lost with it. nginx waits for
 * it too where that is asked for (`keepalive_min_timeout`). Longer than a client that asks again at once takes.
 */
const IDLE_GRACE_MS = 200;
/**
 * For replies under way; then they are cut. At the limit of the director the replica itself would be given up, and with it
 * what its connections have on their way; the rest of the time is for that, on a machine that is busy.
 */
const REPLY_GRACE_MS = 0.8 * DEFAULT_DRAIN_LIMIT_MS;

export class KeepAlive {
  /** Replies under way, by connection. */
  readonly #replies = new Map<Duplex, Set<TrackedResponse>>();
  #ending = false;

  add(stream: Duplex): void {
    this.#replies.set(stream, new Set());
    stream.once('close', () => this.#replies.delete(stream));
    if (this.#ending) this.#endInTime([stream]);
  }

  answering(stream: Duplex, response: TrackedResponse): void {
    const replies = this.#replies.get(stream);
    if (replies === undefined) return;
    replies.add(response);
    if (this.#ending) announceEnd(response);
    response.once('close', () => {
      replies.delete(response);
      if (this.#ending && replies.size === 0) stream.end();
    });
  }

  /** From now on no connection outlives the reply to what it has asked for. Those that come later get one reply. */
  end(): void {
    this.#ending = true;
    for (const response of [...this.#replies.values()].flatMap((replies) => [...replies]))
      announceEnd(response);
    this.#endInTime([...this.#replies.keys()]);
  }

  /** An end comes behind what has been written: an event is never cut in two. */
  #endInTime(streams: readonly Duplex[]): void {
    setTimeout(() => {
      for (const stream of streams) if (!this.#comesToItsEnd(stream)) stream.end();
    }, IDLE_GRACE_MS);
    // Whoever has nothing else to wait for need not wait for this.
    setTimeout(() => {
      for (const stream of streams) stream.end();
    }, REPLY_GRACE_MS).unref();
  }

  #comesToItsEnd(stream: Duplex): boolean {
    const replies = [...(this.#replies.get(stream) ?? [])];
    return replies.length > 0 && replies.every(({ isEventStream }) => !isEventStream);
  }
}

function announceEnd(response: TrackedResponse): void {
  if (!response.headersSent) response.shouldKeepAlive = false;
}
