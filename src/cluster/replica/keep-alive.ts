/**
 * Persistent connections of a server, and their graceful end as servers do it before they stop: busy ones end behind their
 * reply, which says so where its header section has not left yet (RFC 9112 9.6), idle ones after a while.
 */
import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * A request may be on its way on a connection that is idle here: closed at once, it would be lost with it. nginx waits for
 * it too where that is asked for (`keepalive_min_timeout`). Longer than a client that asks again at once takes.
 */
const IDLE_GRACE_MS = 200;

export class KeepAlive {
  /** Replies under way, by connection. */
  readonly #replies = new Map<Duplex, Set<ServerResponse>>();
  #ending = false;

  add(stream: Duplex): void {
    this.#replies.set(stream, new Set());
    stream.once('close', () => this.#replies.delete(stream));
  }

  answering(stream: Duplex, response: ServerResponse): void {
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
    setTimeout(() => this.#endIdle(), IDLE_GRACE_MS);
  }

  #endIdle(): void {
    for (const [stream, replies] of this.#replies) {
      if (replies.size === 0) stream.end();
    }
  }
}

function announceEnd(response: ServerResponse): void {
  if (!response.headersSent) response.shouldKeepAlive = false;
}
