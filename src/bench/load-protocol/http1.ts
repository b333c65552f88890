/** HTTP/1.1 as the load client speaks it, by our own reader of messages: requests one at a time, or pipelined. */
import type { PlannedRequest } from '../../contracts/workload.js';
import {
  HttpFramingError,
  type HttpMessageHandler,
  HttpMessageReader,
  type ResponseHead,
} from '../../http/message-reader.js';
import type { RequestRow } from '../load-recorder.js';
import { AwaitedReply } from './awaited-reply.js';
import type { LoadProtocol, LoadProtocolHost, ProtocolSettings } from './load-protocol.js';
import { RequestContent } from './request-content.js';

export class Http1Protocol implements LoadProtocol, HttpMessageHandler<'response'> {
  readonly #settings: ProtocolSettings;
  readonly #host: LoadProtocolHost;
  #reader = new HttpMessageReader('response', this);
  /** In the order in which they were sent, which is that of their replies (RFC 9112 9.3.2). */
  #awaited: AwaitedReply[] = [];
  /** Of the replies that the bytes just received have completed. */
  #replied: RequestRow[] = [];
  #unasked = false;
  #connectionClose = false;
  /** The newest request. */
  #newest: PlannedRequest | undefined;
  #content: RequestContent | undefined;

  constructor(settings: ProtocolSettings, host: LoadProtocolHost) {
    this.#settings = settings;
    this.#host = host;
  }

  get pending(): number {
    return this.#awaited.length;
  }

  begin(): void {
    this.#host.ready();
  }

  /** A request that is not idempotent is sent alone (RFC 9112 9.3.2), and so is the last one of a connection. */
  accepts(request: PlannedRequest): boolean {
    if (this.#content?.sent === false) return false;
    if (this.#awaited.length === 0) return true;
    const { requestsInFlight = 1 } = this.#settings.workload;
    return (
      this.#awaited.length < requestsInFlight &&
      mayShare(request) &&
      (this.#newest === undefined || mayShare(this.#newest))
    );
  }

  send(request: PlannedRequest, row: RequestRow): void {
    const { servername, bodies } = this.#settings;
    this.#awaited.push(new AwaitedReply(this.#settings, request, row));
    this.#newest = request;
    this.#content = new RequestContent(request, bodies, this.#host);
    this.#content.send(servername);
  }

  receive(chunk: Buffer): void {
    const problem = this.#read(chunk);
    const replied = this.#replied;
    this.#replied = [];
    // Not before all has been read: what follows a reply is no answer to a request that is sent only then.
    for (const row of replied) this.#host.replied(row);
    if (problem !== undefined) this.#host.failed(problem);
    else if (replied.length > 0 && this.#connectionClose) this.#end();
    else if (replied.length > 0) this.#host.ready();
  }

  giveUp(): void {
    for (const awaited of this.#awaited) awaited.giveUp();
    this.#awaited = [];
    this.#unasked = false;
    this.#content?.stop();
    this.#content = undefined;
    this.#newest = undefined;
    this.#reader = new HttpMessageReader('response', this);
  }

  head(head: ResponseHead): void {
    const [current] = this.#awaited;
    this.#connectionClose = head.connectionClose;
    if (current === undefined) this.#unasked = true;
    else current.head(head.status);
  }

  content(bytes: Buffer): void {
    const [current] = this.#awaited;
    if (current === undefined) this.#settings.recorder.corrupted(bytes.length);
    else current.content(bytes);
  }

  end(): void {
    const current = this.#awaited.shift();
    if (current === undefined) return;
    current.end();
    this.#replied.push(current.row);
  }

  /** The server closes the connection behind the last reply. */
  #end(): void {
    if (this.#newest?.close === true) this.#host.finished();
    else this.#host.failed('connection: close');
  }

  /** @returns why the transport cannot be used further, or undefined */
  #read(chunk: Buffer): string | undefined {
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof HttpFramingError)) throw error;
      // At least one byte is not what the server meant to send.
      this.#settings.recorder.corrupted(1);
      return `invalid reply: ${error.message}`;
    }
    return this.#unasked ? 'a reply that nobody asked for' : undefined;
  }
}

function mayShare({ method, close }: PlannedRequest): boolean {
  return method !== 'POST' && close !== true;
}
