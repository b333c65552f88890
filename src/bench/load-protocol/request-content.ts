/** Sends a request. Long content goes piece by piece, each when the transport has taken the one before it. */
import type { PlannedRequest, SeededBytes } from '../../contracts/workload.js';
import { encodeRequest } from '../load-request.js';
import type { LoadProtocolHost } from './load-protocol.js';

/** Four records: the cost of a write is spread, and a transport that stalls holds no more than that. */
const PIECE_BYTES = 64 * 1024;

export class RequestContent {
  readonly #request: PlannedRequest;
  readonly #bodies: SeededBytes;
  readonly #host: Pick<LoadProtocolHost, 'write' | 'ready'>;
  #sentBytes = 0;
  #stopped = false;

  constructor(request: PlannedRequest, bodies: SeededBytes, host: Pick<LoadProtocolHost, 'write' | 'ready'>) {
    this.#request = request;
    this.#bodies = bodies;
    this.#host = host;
  }

  /** Sends the header section and, with it or after it, the content. */
  send(servername: string): void {
    const first = Math.min(this.#request.bodyBytes, PIECE_BYTES);
    this.#sentBytes = first;
    this.#write(encodeRequest(this.#request, { host: servername }, this.#bodies, first));
  }

  /** Whether all of it has been handed to the transport. */
  get sent(): boolean {
    return this.#sentBytes === this.#request.bodyBytes;
  }

  /** Nothing more is sent: the transport is lost, or nobody waits any more. */
  stop(): void {
    this.#stopped = true;
  }

  #write(bytes: Buffer): void {
    if (this.sent) this.#host.write(bytes);
    else this.#host.write(bytes, this.#writeNext);
  }

  readonly #writeNext = (): void => {
    const { id, bodyBytes } = this.#request;
    const left = bodyBytes - this.#sentBytes;
    if (this.#stopped) return;
    const piece = this.#bodies.slice(`request:${id}`, this.#sentBytes, Math.min(PIECE_BYTES, left));
    this.#sentBytes += piece.length;
    this.#write(piece);
    // A reply may have come before: an early refusal.
    if (this.sent) this.#host.ready();
  };
}
