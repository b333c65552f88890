/** Long requests, most of them in the middle when the fault strikes: what does a server that goes on in the middle save? */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';
import type {
  Application,
  Exchange,
  PlannedRequest,
  Prng,
  ReplyCheck,
  SeededBytes,
  Workload,
  WorkloadOptions,
} from '../src/contracts/workload.js';
import { drawFirstMs, nextArrivalMs } from './parts/arrivals.js';
import { BULK_SETTINGS, drawBulkBytes } from './parts/bulk.js';
import { configurable } from './parts/parameters.js';
import { planConnections } from './parts/plan.js';
import { ExpectedContent, RefusedContentCheck, SeededCheck, WrongStatusCheck } from './parts/seeded-check.js';
import { refuse, requestKey, tolerateLoss } from './parts/seeded-exchange.js';

/**
 * The director keeps what came since the last commit, 1 MiB at most, and up to 256 KiB are on their way to the replica: a
 * commit every 256 KiB keeps it to half of that.
 */
const CHECKPOINT_BYTES = 256 * 1024;
/** Open arrivals: about 5 MiB per second and connection, which loopback carries without a queue. */
const REQUESTS_PER_SECOND_PER_CONNECTION = 1;
/** 1 GiB: far above every plan; it keeps a mistyped request from filling a day. */
const MAX_CONTENT_BYTES = 1024 ** 3;
/** Bytes received, unsigned, and their CRC-32, both big endian. */
const OFFSET_BYTES = 6;
const STATE_BYTES = OFFSET_BYTES + 4;

export const bulkUpload: Workload = configurable(BULK_SETTINGS, ({ maxMib }) => ({
  id: 'bulk-upload',
  title: 'Bulk upload',
  question: 'Do long uploads that are cut in the middle go on, and what is kept of them?',
  arrivals: 'closed',
  // Four already fill the processors with bytes; more would only share them.
  defaultConnections: 4,
  plan: (options, prng) =>
    planConnections(options, prng, (index, own) => requests(index, options, maxMib, own)),
  application: createApplication,
  verify: verifyReceipt,
}));

function* requests(
  connection: number,
  options: WorkloadOptions,
  maxMib: number,
  prng: Prng,
): Generator<PlannedRequest> {
  let atMs = drawFirstMs(options.arrivals, prng);
  for (let index = 0; ; index++) {
    if (options.arrivals === 'open') atMs = nextArrivalMs(atMs, REQUESTS_PER_SECOND_PER_CONNECTION, prng);
    const id = `${connection}-${index}`;
    const bodyBytes = drawBulkBytes(maxMib, prng);
    // PUT: whoever asked may send it again (RFC 9110 9.3.4), and a backup may execute it again.
    yield { id, method: 'PUT', target: `/upload/${id}?bytes=${bodyBytes}`, bodyBytes, atMs };
  }
}

interface UploadTarget {
  readonly id: string;
  /** Length of the content. */
  readonly bytes: number;
}

function parseUploadTarget(target: string | undefined): UploadTarget | undefined {
  const [, id, digits] = /^\/upload\/(\d+-\d+)\?bytes=(\d{1,10})$/.exec(target ?? '') ?? [];
  if (id === undefined || digits === undefined) return undefined;
  const bytes = Number(digits);
  return bytes <= MAX_CONTENT_BYTES ? { id, bytes } : undefined;
}

function createApplication(bodies: SeededBytes): Application {
  return (request, response, exchange) => {
    tolerateLoss(request, response);
    const target = parseUploadTarget(request.url);
    if (target === undefined) refuse(request, response, 404, `no such resource: ${request.url}`);
    else if (request.method !== 'PUT') refuse(request, response, 405, 'only PUT is allowed');
    else receiveUpload(target, request, response, exchange, bodies);
  };
}

/** How much has been received, of which all bytes were right. */
interface Progress {
  readonly bytes: number;
  readonly crc: number;
}

function receiveUpload(
  target: UploadTarget,
  request: IncomingMessage,
  response: ServerResponse,
  exchange: Exchange,
  bodies: SeededBytes,
): void {
  const progress = parseProgress(exchange.resumedFrom, target);
  if (progress === undefined) {
    // A state that does not fit this upload: its rest would be taken for something else.
    response.destroy();
    return;
  }
  const upload = new Upload(target, progress, exchange, bodies);
  request.on('data', (content: Buffer) => upload.receive(content));
  request.on('end', () => {
    const wrongBytes = upload.end();
    if (wrongBytes > 0) {
      refuse(request, response, 400, `${wrongBytes} bytes of the content are wrong or missing`);
      return;
    }
    exchange.recordExecution(target.id);
    const receipt = receiptOf(target.bytes, upload.crc);
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': receipt.length });
    response.end(receipt);
  });
}

/** Where to go on; undefined when the state is not one of this upload's. */
function parseProgress(state: Buffer | undefined, target: UploadTarget): Progress | undefined {
  if (state === undefined) return { bytes: 0, crc: 0 };
  if (state.length !== STATE_BYTES) return undefined;
  const bytes = state.readUIntBE(0, OFFSET_BYTES);
  return bytes <= target.bytes ? { bytes, crc: state.readUInt32BE(OFFSET_BYTES) } : undefined;
}

/** Checks content while it arrives, and states from time to time how far it is. */
class Upload {
  /** Of everything received: of all digests the one whose state between two pieces is itself. */
  crc: number;
  readonly #from: number;
  readonly #exchange: Exchange;
  readonly #check: SeededCheck;
  #wrongBytes = 0;
  /** By this handler; the failed primary received the rest. */
  #receivedBytes = 0;
  #checkpointBytes = 0;

  constructor(target: UploadTarget, progress: Progress, exchange: Exchange, bodies: SeededBytes) {
    this.crc = progress.crc;
    this.#from = progress.bytes;
    this.#exchange = exchange;
    this.#check = new SeededCheck(bodies, requestKey(target.id), target.bytes, progress.bytes);
  }

  receive(content: Buffer): void {
    this.#wrongBytes += this.#check.push(content);
    this.crc = crc32(content, this.crc);
    this.#receivedBytes += content.length;
    const due = this.#receivedBytes - this.#checkpointBytes >= CHECKPOINT_BYTES;
    if (due && this.#wrongBytes === 0) this.#checkpoint();
  }

  /** The content is complete. Returns how many bytes are wrong or missing. */
  end(): number {
    return this.#wrongBytes + this.#check.end();
  }

  #checkpoint(): void {
    const state = Buffer.alloc(STATE_BYTES);
    state.writeUIntBE(this.#from + this.#receivedBytes, 0, OFFSET_BYTES);
    state.writeUInt32BE(this.crc, OFFSET_BYTES);
    this.#checkpointBytes = this.#receivedBytes;
    this.#exchange.checkpoint(state, this.#receivedBytes);
  }
}

/** What the server says of an upload: only who has all of its bytes, in order, can say it. */
function receiptOf(bytes: number, crc: number): Buffer {
  return Buffer.from(`received ${bytes} bytes, CRC-32 ${crc.toString(16).padStart(8, '0')}\n`);
}

function verifyReceipt(request: PlannedRequest, status: number, bodies: SeededBytes): ReplyCheck {
  const target = parseUploadTarget(request.target);
  if (target === undefined) throw new Error(`request ${request.id} has a foreign target ${request.target}`);
  if (status === 400) return new RefusedContentCheck();
  const receipt = receiptOf(target.bytes, crcOfContent(target, bodies));
  return status === 200 ? new ExpectedContent(receipt) : new WrongStatusCheck(receipt.length);
}

function crcOfContent({ id, bytes }: UploadTarget, bodies: SeededBytes): number {
  let crc = 0;
  for (let at = 0; at < bytes; ) {
    const piece = bodies.slice(requestKey(id), at, bytes - at);
    crc = crc32(piece, crc);
    at += piece.length;
  }
  return crc;
}
