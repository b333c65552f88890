/** Long replies, most of them in the middle when the fault strikes: what does going on in the middle save? */
import type { ServerResponse } from 'node:http';
import type {
  Application,
  Exchange,
  PlannedRequest,
  Prng,
  SeededBytes,
  Workload,
  WorkloadOptions,
} from '../src/contracts/workload.js';
import { nextArrivalMs } from './parts/arrivals.js';
import { BULK_SETTINGS, drawBulkBytes } from './parts/bulk.js';
import { configurable } from './parts/parameters.js';
import { planConnections } from './parts/plan.js';
import {
  formatTarget,
  parseTarget,
  refuse,
  replyKey,
  type SeededTarget,
  tolerateLoss,
  verifySeededReply,
  writeSeededHead,
} from './parts/seeded-exchange.js';

/** Four records per write: the cost of a write is spread, and a slow client holds back no more than that. */
const PIECE_BYTES = 64 * 1024;
/** Bounds what is generated again after a fault to a fraction of the shortest reply. */
const CHECKPOINT_BYTES = 256 * 1024;
/** Open arrivals: about 5 MiB per second and connection, which loopback carries without a queue. */
const REQUESTS_PER_SECOND_PER_CONNECTION = 1;
/** Offset of the next byte of content, unsigned, big endian. */
const STATE_BYTES = 6;

export const bulkDownload: Workload = configurable(BULK_SETTINGS, ({ maxMib }) => ({
  id: 'bulk-download',
  title: 'Bulk download',
  question: 'How soon do long replies go on, and how much of them is made twice?',
  arrivals: 'closed',
  // Four already fill the processors with bytes; more would only share them.
  defaultConnections: 4,
  plan: (options, prng) =>
    planConnections(options, prng, (index, own) => requests(index, options, maxMib, own)),
  application: createApplication,
  verify: verifySeededReply,
}));

function* requests(
  connection: number,
  options: WorkloadOptions,
  maxMib: number,
  prng: Prng,
): Generator<PlannedRequest> {
  let atMs = 0;
  for (let index = 0; ; index++) {
    if (options.arrivals === 'open') atMs = nextArrivalMs(atMs, REQUESTS_PER_SECOND_PER_CONNECTION, prng);
    const id = `${connection}-${index}`;
    yield {
      id,
      method: 'GET',
      target: formatTarget({ id, bytes: drawBulkBytes(maxMib, prng) }),
      bodyBytes: 0,
      atMs,
    };
  }
}

function createApplication(bodies: SeededBytes): Application {
  return (request, response, exchange) => {
    tolerateLoss(request, response);
    const target = parseTarget(request.url);
    if (target === undefined) refuse(request, response, 404, `no such resource: ${request.url}`);
    else if (request.method !== 'GET') refuse(request, response, 405, 'only GET is allowed');
    else sendDownload(target, response, exchange, bodies);
  };
}

function sendDownload(
  target: SeededTarget,
  response: ServerResponse,
  exchange: Exchange,
  bodies: SeededBytes,
): void {
  const offset = resumedOffset(exchange.resumedFrom, target);
  if (offset === undefined) {
    // A state that does not fit this reply: going on would send wrong bytes.
    response.destroy();
    return;
  }
  if (exchange.resumedFrom === undefined) exchange.recordExecution(target.id);
  writeSeededHead(response, target.bytes);
  new Download(target, offset, response, exchange, bodies).writeNext();
}

/** Where to begin; undefined when the state is not one of this reply's. */
function resumedOffset(state: Buffer | undefined, target: SeededTarget): number | undefined {
  if (state === undefined) return 0;
  if (state.length !== STATE_BYTES) return undefined;
  const offset = state.readUIntBE(0, STATE_BYTES);
  return offset <= target.bytes ? offset : undefined;
}

/** Writes one piece after the other, each when the one before it has been taken. */
class Download {
  readonly #target: SeededTarget;
  readonly #key: string;
  readonly #response: ServerResponse;
  readonly #exchange: Exchange;
  readonly #bodies: SeededBytes;
  /** Next byte of content to write. */
  #offset: number;

  constructor(
    target: SeededTarget,
    offset: number,
    response: ServerResponse,
    exchange: Exchange,
    bodies: SeededBytes,
  ) {
    this.#target = target;
    this.#key = replyKey(target.id);
    this.#offset = offset;
    this.#response = response;
    this.#exchange = exchange;
    this.#bodies = bodies;
  }

  writeNext(): void {
    const left = this.#target.bytes - this.#offset;
    if (left === 0) {
      this.#response.end();
      return;
    }
    // Pieces end at checkpoints, whatever the offset they began at: a resumed reply is cut as the first one was.
    const toCheckpoint = CHECKPOINT_BYTES - (this.#offset % CHECKPOINT_BYTES);
    const piece = this.#bodies.slice(this.#key, this.#offset, Math.min(PIECE_BYTES, toCheckpoint, left));
    this.#offset += piece.length;
    this.#response.write(piece, this.#onWritten);
  }

  readonly #onWritten = (error: Error | null | undefined): void => {
    // The client is gone, or a backup has the flow: what is left concerns nobody here.
    if (error != null || this.#response.destroyed) return;
    if (this.#offset % CHECKPOINT_BYTES === 0) {
      const state = Buffer.alloc(STATE_BYTES);
      state.writeUIntBE(this.#offset, 0, STATE_BYTES);
      this.#exchange.checkpoint(state);
    }
    this.writeNext();
  };
}
